import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.classes import UNKNOWN, ClassList, label_texts
from audits.errors import ConfigError, InputError

PETS = ClassList(("c", "d", "h"), ("cat", "dog", "horse"))
CRANES = ClassList(("134", "517", "9"), ("crane", "crane", "owl"))
DIGITS = ClassList(tuple("0123456789"), tuple("0123456789"))

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=5)


@st.composite
def labelled(draw):
    ids = draw(st.lists(texts, min_size=2, max_size=6, unique=True))
    names = draw(
        st.lists(texts.map(lambda t: f"name {t}"), min_size=len(ids), max_size=len(ids), unique=True)
    )
    index = draw(st.lists(st.integers(0, len(ids) - 1), max_size=20))
    return ClassList(tuple(ids), tuple(names)), index


@given(labelled(), st.sampled_from(["id", "name", "position"]))
def test_encoding_turns_back_what_was_written_in_any_reading(case, reading):
    classes, index = case
    write = {"id": lambda i: classes.ids[i], "name": lambda i: classes.names[i], "position": str}[reading]
    written = pa.array([write(i) for i in index], pa.string())
    encoded = classes.encode(written, reading)
    assert encoded.index.tolist() == index
    assert encoded.index.dtype == np.int32
    assert encoded.text.to_pylist() == written.to_pylist()
    assert encoded.labels_as == reading


@given(labelled())
def test_auto_reads_ids_and_names_and_never_depends_on_the_order_of_rows(case):
    classes, index = case
    for written in (classes.ids, classes.names):
        forth = pa.array([written[i] for i in index], pa.string())
        assert classes.encode(forth).index.tolist() == index
        back = classes.encode(forth.take(pa.array(range(len(index))[::-1], pa.int64())))
        assert back.index.tolist() == index[::-1]


@pytest.mark.parametrize(
    "values",
    [
        pa.array(["1", None, "x"]),
        pa.array(["1", None, "x"], pa.large_string()),
        pa.array(["1", None, "x"], pa.string_view()),
        pa.array(["1", None, "x"]).dictionary_encode(),
        pa.chunked_array([pa.array(["1"]).dictionary_encode(), pa.array([None, "x"]).dictionary_encode()]),
    ],
    ids=lambda v: str(v.type),
)
def test_every_layout_of_text_reads_alike(values):
    encoded = DIGITS.encode(values)
    assert encoded.index.tolist() == [1, UNKNOWN, UNKNOWN]
    assert encoded.text.to_pylist() == ["1", None, "x"]


@pytest.mark.parametrize("type_", [pa.int8(), pa.uint64(), pa.float16(), pa.float32(), pa.float64()], ids=str)
def test_whole_numbers_are_their_digits_whatever_their_type(type_):
    array = pa.array([0, 7], pa.int64()).cast(pa.float64()).cast(type_, safe=False)
    assert DIGITS.encode(array).index.tolist() == [0, 7]


def test_missing_labels_are_unknown_in_every_type():
    for array in (pa.nulls(2), pa.array([None, None], pa.int64()), pa.array([None, 1.0])):
        assert DIGITS.encode(array).index[0] == UNKNOWN
    assert len(DIGITS.encode(pa.chunked_array([], pa.string())).index) == 0
    assert len(DIGITS.encode(pa.nulls(0)).index) == 0


@pytest.mark.parametrize("odd", [0.5, float("nan"), float("inf"), -float("inf"), 1e300, 2.0**53 + 2])
def test_numbers_that_are_not_whole_are_refused_with_count_and_value(odd):
    with pytest.raises(InputError, match=r"^1 of 3 labels are numbers that are not whole \("):
        DIGITS.encode(pa.array([1.0, None, odd]))


@pytest.mark.parametrize("array", [pa.array([True]), pa.array([b"1"]), pa.array([[1]]), pa.array([{"a": 1}])])
def test_other_types_are_refused_by_name(array):
    with pytest.raises(InputError, match=r"labels have type .*; expected text or whole numbers"):
        label_texts(array)


def test_a_name_of_several_classes_is_refused_also_when_it_is_all_there_is():
    for written in (["crane"], ["crane", "owl"], ["crane", "owl", "?"]):
        with pytest.raises(InputError, match=r"1 of the names used stand for several classes \(crane\)"):
            CRANES.encode(pa.array(written))
    assert CRANES.encode(pa.array(["owl"])).index.tolist() == [2]
    assert CRANES.encode(pa.array(["134", "517"])).index.tolist() == [0, 1]
    assert CRANES.display(0) == "crane (134)"
    assert CRANES.display(2) == "owl"


def test_readings_by_id_and_by_name_that_disagree_are_refused():
    swapped = ClassList(("a", "b"), ("b", "a"))
    with pytest.raises(InputError, match=r"both by id and by name, and the two disagree \(label a, b\)"):
        swapped.encode(pa.array(["a", "b"]))
    assert swapped.encode(pa.array(["a", "b"]), "id").index.tolist() == [0, 1]
    assert swapped.encode(pa.array(["a", "b"]), "name").index.tolist() == [1, 0]


def test_ids_that_are_numbers_outrank_positions_and_positions_need_all_labels():
    ones = ClassList(("1", "2", "3"), ("one", "two", "three"))
    assert ones.encode(pa.array([1, 2])).labels_as == "id"
    assert ones.encode(pa.array([0, 1, 2])).index.tolist() == [0, 1, 2]
    assert ones.encode(pa.array([0, 1, 2])).labels_as == "position"
    assert ones.encode(pa.array([1, 2, 3, 99])).index.tolist() == [0, 1, 2, UNKNOWN]


def test_the_majority_reading_stands_when_some_labels_are_in_no_class():
    encoded = PETS.encode(pa.array(["cat", "dog", "unicorn", "c"]))
    assert encoded.labels_as == "name"
    assert encoded.index.tolist() == [0, 1, UNKNOWN, UNKNOWN]


@given(labelled(), st.randoms(use_true_random=False))
def test_the_fingerprint_is_that_of_the_set_of_ids(case, random):
    classes, _ = case
    order = list(range(len(classes)))
    random.shuffle(order)
    again = ClassList(tuple(classes.ids[i] for i in order), classes.names)
    assert again.fingerprint == classes.fingerprint
    more = ClassList((*classes.ids, "one more, longer"), (*classes.names, "x"))
    assert more.fingerprint != classes.fingerprint


@pytest.mark.parametrize(
    ("ids", "names", "says"),
    [
        (("a", "b"), ("a",), "2 ids but 1 names"),
        (("a",), ("a",), "at least 2 classes, got 1"),
        ((), (), "at least 2 classes, got 0"),
        (("a", "b", "a", "a"), tuple("wxyz"), r"1 ids repeat \(a\)"),
        (("a", ""), ("a", "b"), "the id of class 1 is empty"),
        (("a", "\ud800"), ("a", "b"), "1 ids or names are no valid text"),
        (("a", "b"), ("a", "\udfff"), "1 ids or names are no valid text"),
    ],
)
def test_a_class_list_that_is_no_key_is_refused(ids, names, says):
    with pytest.raises(ConfigError, match=says):
        ClassList(ids, names)


def test_nothing_has_no_id_and_no_name():
    assert PETS.id_of(None) is None
    assert PETS.display(None) is None
    assert [PETS.id_of(i) for i in range(len(PETS))] == list(PETS.ids)


def test_a_models_numbers_that_fit_as_ids_and_as_positions_are_refused():
    classes = ClassList(("1", "2", "3"), ("one", "two", "three"))
    values = pa.array([1, 2, 1])  # a model that never predicts its first column
    assert classes.encode(values).labels_as == "id"
    with pytest.raises(InputError, match="by id and by position"):
        classes.encode(values, from_model=True)
    assert classes.encode(values, "position", from_model=True).index.tolist() == [1, 2, 1]
    assert classes.encode(pa.array([0, 2]), from_model=True).labels_as == "position"
