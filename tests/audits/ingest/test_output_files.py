import numpy as np
import pyarrow as pa
import pytest

from audits.classes import ClassList
from audits.errors import InputError
from audits.ingest.output_files import read_output_file

ORDER = {"rows": "items_order"}


def read(project, classes=None, **outputs):
    dataset = project.model(classes=classes, **outputs)
    return read_output_file(dataset, dataset.config.models[0])


def test_dense_columns_are_found_by_id_or_by_name_in_any_order(project):
    project.put("ids.csv", "h,item_id,c,extra,d\n0.1,007,0.7,x,0.2\n")
    project.put("names.csv", "item_id,horse,cat,dog\n007,0.1,0.7,0.2\n")
    for path in ("ids.csv", "names.csv"):
        got = read(project, kind="dense", path=path)
        assert got.ids.to_pylist() == ["007"]
        assert got.outputs.pred_probs.tolist() == [[0.7, 0.2, 0.1]]
        assert got.labels_known is None


@pytest.mark.parametrize("type_", [pa.float16(), pa.float32(), pa.float64()])
@pytest.mark.parametrize("layout", ["columns", "list", "large_list", "fixed"])
def test_dense_probabilities_keep_their_precision(project, type_, layout):
    values = pa.array([0.1, 0.2, 0.7]).cast(type_, safe=False)
    ids = pa.array(["a"])
    if layout == "columns":
        columns = {id_: values.slice(i, 1) for i, id_ in enumerate("cdh")}
        project.put("p.parquet", pa.table({"item_id": ids, **columns}))
        got = read(project, kind="dense", path="p.parquet")
    else:
        lists = {"list": pa.list_(type_), "large_list": pa.large_list(type_), "fixed": pa.list_(type_, 3)}
        column = pa.array([values.to_pylist()], lists[layout])
        project.put("p.parquet", pa.table({"item_id": ids, "p": column}))
        got = read(project, kind="dense", path="p.parquet", column="p")
    expected = np.asarray(values.to_numpy(), dtype=np.float64)
    assert got.outputs.pred_probs.dtype == (np.float64 if type_ == pa.float64() else np.float32)
    assert (got.outputs.pred_probs[0] == expected).all()


def test_missing_probabilities_are_nan_for_the_check_to_name(project):
    project.put("p.parquet", pa.table({"item_id": ["a", "b"], "c": [1, None], "d": [0.0, None], "h": [0, 0]}))
    assert np.isnan(read(project, kind="dense", path="p.parquet").outputs.pred_probs).tolist() == [
        [False] * 3,
        [True, True, False],
    ]
    project.put("q.parquet", pa.table({"item_id": ["a"], "p": [[0.5, None, 0.5]]}))
    got = read(project, kind="dense", path="q.parquet", column="p").outputs.pred_probs
    assert np.isnan(got).tolist() == [[False, True, False]]


def test_a_dense_array_stays_on_disk_and_columns_may_be_named(project):
    probs = np.array([[0.7, 0.2, 0.1]])
    project.put("p.npy", probs)
    got = read(project, kind="dense", path="p.npy", **ORDER)
    assert got.ids is None
    assert isinstance(got.outputs.pred_probs, np.memmap)
    named = read(project, kind="dense", path="p.npy", columns=["h", "c", "d"], **ORDER)
    assert named.outputs.pred_probs.tolist() == [[0.2, 0.1, 0.7]]


def test_ids_that_are_there_outrank_a_claim_about_the_order(project):
    project.put("with.csv", "item_id,predicted_label\n2,cat\n")
    project.put("without.csv", "predicted_label\ncat\n")
    assert read(project, kind="labels", path="with.csv", **ORDER).ids.to_pylist() == ["2"]
    assert read(project, kind="labels", path="without.csv", **ORDER).ids is None
    with pytest.raises(InputError, match=r"1 columns are missing \(item_id\)"):
        read(project, kind="labels", path="without.csv")


TOP = {
    "item_id": ["a", "b"],
    "top_k_labels": [["d", "c"], ["h", "d"]],
    "top_k_probs": [[0.3, 0.6], [0.5, 0.4]],
}


@pytest.mark.parametrize(
    "labels",
    [
        [["d", "c"], ["h", "d"]],
        [["dog", "cat"], ["horse", "dog"]],
        [[1, 0], [2, 1]],
        [[1.0, 0.0], [2.0, 1.0]],
    ],
)
def test_top_k_classes_are_read_by_id_name_or_position_and_not_sorted(project, labels):
    project.put("t.parquet", pa.table({**TOP, "top_k_labels": labels}))
    got = read(project, kind="top_k", path="t.parquet")
    assert got.outputs.top_k_labels.tolist() == [[1, 0], [2, 1]]
    assert got.outputs.top_k_probs.tolist() == TOP["top_k_probs"]
    assert got.labels_known.all()
    assert got.outputs.predicted().tolist() == [0, 2]


@pytest.mark.parametrize("dtype", ["<i8", ">i4", "u1"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_top_k_pair_of_arrays(project, dtype, order):
    project.put("t.npy", np.array([[1, 0], [2, 1]], dtype=dtype, order=order))
    project.put("p.npy", np.array(TOP["top_k_probs"], dtype=">f8", order=order))
    got = read(project, kind="top_k", path="t.npy", probs="p.npy", **ORDER)
    assert got.outputs.top_k_labels.tolist() == [[1, 0], [2, 1]]
    assert got.outputs.top_k_probs.tolist() == TOP["top_k_probs"]
    assert got.outputs.top_k_probs.dtype == np.float64


@pytest.mark.parametrize("labels", [[["d", None], ["h", "?"]], [[1, None], [2, 9]], [[1, None], [2, -1]]])
def test_missing_and_unknown_top_k_classes_are_marked_by_row_even_if_a_class_is_named_none(project, labels):
    classes = ClassList(("c", "d", "None"), ("cat", "dog", "h"))
    project.put("t.parquet", pa.table({**TOP, "top_k_labels": labels}))
    assert read(project, classes, kind="top_k", path="t.parquet").labels_known.tolist() == [False, False]


@pytest.mark.parametrize(
    "predicted",
    [
        pa.array(["cat", None, "", "unicorn"]),
        pa.array(["cat", None, "", "unicorn"], pa.large_string()),
        pa.array(["cat", None, "", "unicorn"]).dictionary_encode(),
        pa.array([0, None, None, 7]),
    ],
    ids=lambda a: str(a.type),
)
def test_an_empty_prediction_is_no_answer_and_an_unknown_one_a_fault(project, predicted):
    project.put("l.parquet", pa.table({"item_id": list("abcd"), "predicted_label": predicted}))
    got = read(project, kind="labels", path="l.parquet")
    assert got.outputs.labels.tolist() == [0, -1, -1, -1]
    assert got.labels_known.tolist() == [True, True, True, False]


def test_predictions_in_csv_and_npy(project):
    project.put("l.csv", "id,answer\n1,cat\n2,\n3,NA\n")
    got = read(project, kind="labels", path="l.csv", id="id", column="answer")
    assert (got.outputs.labels.tolist(), got.labels_known.tolist()) == ([0, -1, -1], [True, True, False])
    for array in (np.array([0, 2], ">i8"), np.array(["cat", "horse"]), np.array(["c", "h"], ">U9")):
        project.put("l.npy", array)
        got = read(project, kind="labels", path="l.npy", **ORDER)
        assert got.outputs.labels.tolist() == [0, 2]
        assert got.ids is None
    project.put("l.npy", np.array(["cat", ""]))
    assert read(project, kind="labels", path="l.npy", **ORDER).labels_known.all()


def test_a_model_that_never_answers(project):
    project.put("l.parquet", pa.table({"item_id": ["a"], "predicted_label": pa.nulls(1)}))
    assert read(project, kind="labels", path="l.parquet").labels_known.tolist() == [True]
    project.put("l.parquet", pa.table({"item_id": pa.nulls(0), "predicted_label": pa.nulls(0)}))
    assert len(read(project, kind="labels", path="l.parquet").outputs) == 0


LISTS = "every row must have a list of the same length, got"


@pytest.mark.parametrize(
    ("columns", "outputs", "says"),
    [
        ({"c": [1.0], "d": [0.0]}, {"kind": "dense"}, r"a column a class.*; 1 of 3 are missing \(h\)"),
        ({"c": ["x"], "d": [0.0], "h": [True]}, {"kind": "dense"}, r"2 class columns .* but string, bool \(c, h\)"),
        ({"p": [[0.5, 0.5]]}, {"kind": "dense", "column": "p"}, "lists of 2 probabilities, .* has 3 classes"),
        ({"p": [["x", "y", "z"]]}, {"kind": "dense", "column": "p"}, "holds lists of string; expected numbers"),
        ({"p": [[True, False, False]]}, {"kind": "dense", "column": "p"}, "holds lists of bool"),
        ({"p": [0.5]}, {"kind": "dense", "column": "p"}, "has type double; expected lists"),
        ({"q": [0.5]}, {"kind": "dense", "column": "p"}, r"1 columns are missing \(p\)"),
        ({"top_k_labels": [["c"]]}, {"kind": "top_k"}, r"1 columns are missing \(top_k_probs\)"),
        ({"top_k_labels": [["c"]], "top_k_probs": [[0.5, 0.5]]}, {"kind": "top_k"}, r"\(1, 1\) classes but \(1, 2\)"),
        ({"top_k_labels": [list("cdhx")], "top_k_probs": [[0.2] * 4]}, {"kind": "top_k"}, "top 4 of 3 classes"),
        ({"top_k_labels": [["c"]], "top_k_probs": [["1"]]}, {"kind": "top_k"}, "lists of string; expected numbers"),
        ({"top_k_labels": [[True]], "top_k_probs": [[0.5]]}, {"kind": "top_k"}, "labels have type bool"),
        ({"top_k_labels": [[0.5]], "top_k_probs": [[0.5]]}, {"kind": "top_k"}, r"not whole \(0.5\)"),
        ({"top_k_labels": ["c"], "top_k_probs": [[0.5]]}, {"kind": "top_k"}, "'top_k_labels' has type string"),
        ({"predicted_label": [True]}, {"kind": "labels"}, "column 'predicted_label': labels have type bool"),
        ({"predicted_label": [0.5]}, {"kind": "labels"}, r"column 'predicted_label': .* not whole \(0.5\)"),
    ],
)  # fmt: skip
def test_a_table_of_another_shape_is_refused_by_file(project, columns, outputs, says):
    path = project.put("t.parquet", pa.table({"item_id": ["a"], **columns}))
    with pytest.raises(InputError, match=says) as e:
        read(project, path="t.parquet", **outputs)
    assert str(e.value).startswith(str(path))


@pytest.mark.parametrize(
    ("lists", "says"),
    [
        ([[0.5, 0.5, 0.0], [1.0]], f"{LISTS} (1 of 3, 1 of 1|1 of 1, 1 of 3)"),
        ([[0.5, 0.5, 0.0], None], f"{LISTS} 1 of 3, 1 of null"),
        ([[], []], f"{LISTS} 2 of 0"),
        ([None, None], f"{LISTS} 2 of null"),
        ([], "there are no rows"),
    ],
)
@pytest.mark.parametrize("type_", [pa.list_(pa.float64()), pa.large_list(pa.float64())], ids=str)
def test_ragged_missing_and_empty_lists_are_counted(project, lists, says, type_):
    ids = [str(i) for i in range(len(lists))]
    project.put("t.parquet", pa.table({"item_id": pa.array(ids, pa.string()), "p": pa.array(lists, type_)}))
    with pytest.raises(InputError, match=says):
        read(project, kind="dense", path="t.parquet", column="p")


def test_a_list_of_fixed_length_that_is_missing(project):
    column = pa.array([[0.5, 0.5, 0.0], None], pa.list_(pa.float64(), 3))
    project.put("t.parquet", pa.table({"item_id": ["a", "b"], "p": column}))
    with pytest.raises(InputError, match=f"{LISTS} 1 of 3, 1 of null"):
        read(project, kind="dense", path="t.parquet", column="p")


@pytest.mark.parametrize(
    ("arrays", "outputs", "says"),
    [
        ([np.zeros((2, 4))], {"kind": "dense"}, "4 columns, but the class list has 3 classes"),
        ([np.zeros((2, 3), int)], {"kind": "dense"}, "expected probabilities .* as 2-dimensional floats"),
        (
            [np.zeros((2, 3))],
            {"kind": "dense", "columns": ["c", "d"]},
            r"name each class id once; 1 differ \(h\)",
        ),
        ([np.zeros((2, 3))], {"kind": "dense", "columns": ["c", "d", "d"]}, "name each class id once"),
        ([np.zeros((2, 2), int), np.zeros((2, 1))], {"kind": "top_k"}, r"\(2, 2\) classes but \(2, 1\) prob"),
        ([np.zeros((2, 0), int), np.zeros((2, 0))], {"kind": "top_k"}, "top 0 of 3 classes"),
        ([np.zeros((2, 4), int), np.zeros((2, 4))], {"kind": "top_k"}, "top 4 of 3 classes"),
        ([np.zeros((2, 2)), np.zeros((2, 2))], {"kind": "top_k"}, "expected top-k classes"),
        ([np.zeros((2, 2), int), np.zeros((2, 2), int)], {"kind": "top_k"}, "expected top-k probabilities"),
        ([np.zeros(2)], {"kind": "labels"}, "expected predicted labels"),
        ([np.array(["\ud800"])], {"kind": "labels"}, "no valid Unicode"),
    ],
)
def test_an_array_of_another_shape_is_refused_by_file(project, arrays, outputs, says):
    for name, array in zip(("a.npy", "b.npy"), arrays, strict=False):
        project.put(name, array)
    more = {"probs": "b.npy"} if len(arrays) == 2 else {}
    with pytest.raises(InputError, match=says):
        read(project, path="a.npy", **outputs, **more, **ORDER)
