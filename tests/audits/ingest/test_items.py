import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audits import contracts
from audits.classes import ClassList
from audits.errors import InputError, LabelsError
from audits.expectations import judge_items
from audits.ingest.items import derive_classes, ingest_items
from audits.input_config import ItemsConfig


def ingest(project, csv, classes=None, **items):
    project.put("items.csv", csv)
    return ingest_items(project.dataset(classes, items={"path": "items.csv", **items}))


def test_items_come_in_the_order_of_the_file_with_every_further_column(project):
    got = ingest(project, 'item_id,text,label,source\n007,"a\nb",cat,NA\n10,x,horse,\n')
    assert got.items.schema == contracts.ITEMS
    assert got.items["item_id"].to_pylist() == ["007", "10"]
    assert got.items["label"].to_pylist() == [0, 2]
    assert got.items["given_label"].to_pylist() == ["cat", "horse"]
    assert got.further.to_pydict() == {"text": ["a\nb", "x"], "source": ["NA", None]}
    assert got.labels_as == "name"
    assert judge_items(got.items).passed


def test_broken_rows_are_kept_for_the_check_to_name(project):
    got = ingest(project, 'item_id,label\na,cat\na,dog\n,cat\n"",cat\nb,unicorn\nc,\n')
    judged = str(judge_items(got.items))
    for said in (
        "column 'item_id': 1 of 6 rows: the item id is missing (row 3)",
        "column 'item_id': 1 of 6 rows: the item id is empty (row 4)",
        "column 'item_id': 2 of 6 rows: the item id repeats (item_id a, item_id a)",
        "2 of 6 rows: the label is missing or not in the class list (item_id b: 'unicorn', item_id c: None)",
    ):
        assert said in judged


def test_na_may_be_a_class_and_labels_keep_their_zeros(project):
    classes = ClassList(("NA", "007"), ("NA", "007"))
    got = ingest(project, "item_id,label\na,NA\nb,007\nc,7\n", classes)
    assert got.items["label"].to_pylist() == [0, 1, None]


@settings(deadline=None)  # a machine may be busy
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["1", "x", ""]), st.sampled_from(["2020-01-01", "2", ""])), min_size=2
    )
)
def test_a_csv_items_hash_depends_on_its_own_row_alone(rows, tmp_path_factory):
    from audits.config import Dataset, DatasetConfig

    folder = tmp_path_factory.getbasetemp()
    config = DatasetConfig.model_validate({"items": {"path": "rows.csv"}})
    dataset = Dataset(
        name="x", path=folder / "x.yaml", config=config, classes=ClassList(("0", "1"), ("0", "1"))
    )

    def hashes(some):
        lines = [f"{i},0,{a},{b}" for i, (a, b) in enumerate(some)]
        (folder / "rows.csv").write_text("\n".join(["item_id,label,a,b", *lines]))
        return ingest_items(dataset).items["content_hash"].to_pylist()

    assert hashes(rows) == [hashes([row])[0] for row in rows]


def test_what_a_reviewer_sees_is_what_is_hashed(project):
    csv = "item_id,label,text,source,note\na,cat,x,web,1\n"

    def content_hash(csv, **items):
        return ingest(project, csv, **items).items["content_hash"].to_pylist()

    assert content_hash(csv, groups=["source"]) == content_hash(csv.replace("web", "book"), groups=["source"])
    assert content_hash(csv) != content_hash(csv.replace("web", "book"))
    assert content_hash(csv, content=["text"]) == content_hash(csv.replace(",1", ",2"), content=["text"])
    assert content_hash(csv, content=["text"]) != content_hash(csv.replace(",x,", ",y,"), content=["text"])
    # neither a new id nor a new label is new content: they are parts of the question of their own
    assert content_hash(csv) == content_hash(csv.replace("a,cat", "b,dog"))


def test_one_column_may_be_id_and_label_at_once(project):
    got = ingest(project, "name,text\ncat,x\ndog,y\n", id="name", label="name")
    assert got.items["item_id"].to_pylist() == got.items["given_label"].to_pylist() == ["cat", "dog"]
    assert got.further.column_names == ["text"]


@pytest.mark.parametrize(
    ("items", "says"),
    [
        ({"label": "class"}, r"1 columns are missing \(class\); it has item_id, label, text"),
        ({"groups": ["g"], "files": ["f"]}, r"2 columns are missing \(f, g\)"),
        ({"content": ["text", "label"]}, r"'content' names the id or label column \(label\)"),
        ({"content": [], "files": ["text"]}, r"'files' names columns that are no content \(text\)"),
        ({"files": ["text"]}, r"column 'text': 1 of 1 files cannot be read \(x\)"),
    ],
)
def test_a_configuration_that_does_not_fit_the_file(project, items, says):
    with pytest.raises(InputError, match=says) as e:
        ingest(project, "item_id,label,text\na,cat,x\n", **items)
    assert str(e.value).startswith(str(project.folder / "items.csv"))


@pytest.mark.parametrize(
    "labels", [pa.array([True, False]), pa.array([0.5, 1.0]), pa.array([b"cat", b"dog"])]
)
def test_labels_of_another_type_are_refused_by_file_and_column(project, labels):
    project.put("items.parquet", pa.table({"item_id": ["a", "b"], "label": labels}))
    with pytest.raises(InputError, match=r"items\.parquet: column 'label': .*labels"):
        ingest_items(project.dataset(items={"path": "items.parquet"}))


@pytest.mark.parametrize("labels", [pa.array([None, 2]), pa.array([None, 2.0]), pa.array([None, "2"])])
def test_missing_and_positional_labels(project, labels):
    project.put("items.parquet", pa.table({"item_id": ["a", "b"], "label": labels}))
    got = ingest_items(project.dataset(items={"path": "items.parquet"}))
    assert got.items["label"].to_pylist() == [None, 2]
    assert got.labels_as == "position"


def test_no_rows_are_ingested_and_refused_by_the_check(project):
    got = ingest(project, "item_id,label,text\n")
    assert got.items.num_rows == 0
    assert "the table has no rows" in str(judge_items(got.items))


@pytest.mark.parametrize(
    ("labels", "derived"),
    [
        (["10", "9", "010", "9", ""], ["9", "010", "10"]),
        (["b", "a", "10", ""], ["10", "a", "b"]),
        (["1" * 5000, "2"], ["1" * 5000, "2"]),
        (["no", "yes"], ["no", "yes"]),
    ],
)
def test_derived_classes_are_the_distinct_labels_numbers_in_their_order(project, labels, derived):
    path = project.put("items.csv", "item_id,label\n" + "".join(f'{i},"{v}"\n' for i, v in enumerate(labels)))
    assert derive_classes(path, ItemsConfig(path="items.csv")) == derived


@pytest.mark.parametrize("rows", ["", "a,cat\n", 'a,cat\nb,\nc,""\n'])
def test_fewer_than_two_labels_make_no_class_list(project, rows):
    path = project.put("items.csv", "item_id,label\n" + rows)
    with pytest.raises(InputError, match=r"column 'label' holds [01] labels; expected at least 2"):
        derive_classes(path, ItemsConfig(path="items.csv"))


def test_suggestions_are_read_as_the_labels_are_and_shown_to_nobody(project):
    csv = "item_id,label,guess,part,text\na,cat,dog,train,x\nb,dog,,test,y\nc,dog,dog,,z\n"
    got = ingest(project, csv, suggestion="guess", split="part")
    assert got.suggestions.to_pylist() == [1, None, 1]
    assert got.splits.to_pylist() == ["train", "test", None]
    assert got.content_columns == ("text",)
    assert set(got.further.column_names) == {"guess", "part", "text"}
    asked = ingest(project, csv, suggestion="guess", split="part", content=["part", "guess"])
    assert asked.content_columns == ("part", "guess")
    neither = ingest(project, csv)
    assert (neither.suggestions, neither.splits) == (None, None)
    assert neither.content_columns == ("guess", "part", "text")


def test_another_suggestion_or_split_asks_nobody_again(project):
    hashes = [
        ingest(
            project, f"item_id,label,guess,part\na,cat,{guess},{part}\n", suggestion="guess", split="part"
        ).items["content_hash"]
        for guess, part in (("dog", "train"), ("horse", "train"), ("dog", "test"))
    ]
    assert hashes[0] == hashes[1] == hashes[2]


def test_suggestions_are_positions_where_the_labels_are(project):
    classes = ClassList(("2", "1", "0"), ("2", "1", "0"))
    csv = "item_id,label,guess\na,0,2\nb,1,0\n"
    by_id = ingest(project, csv, classes, suggestion="guess")
    by_position = ingest(project, csv, classes, suggestion="guess", labels_as="position")
    assert by_id.suggestions.to_pylist() == [0, 2]
    assert by_position.suggestions.to_pylist() == [2, 0]


def test_suggestions_in_no_class_are_named_with_their_items(project):
    csv = "item_id,label,guess\na,cat,wolf\nb,dog,\nc,dog,c\nd,dog,dog\n"
    with pytest.raises(LabelsError) as caught:
        ingest(project, csv, suggestion="guess")
    assert str(caught.value).endswith(
        "items.csv: column 'guess': 2 of 4 suggestions are not in the class list, read by name as the labels are "
        "(item_id a: 'wolf', item_id c: 'c')"
    )


@pytest.mark.parametrize("column", ["item_id", "label"])
def test_the_label_is_no_suggestion(project, column):
    with pytest.raises(InputError, match="'suggestion' names the id or label column"):
        ingest(project, "item_id,label\na,cat\n", suggestion=column)


def test_splits_that_are_missing_or_name_items_are_refused_with_what_else_is_wrong(project):
    with pytest.raises(InputError, match=r"2 columns are missing \(guess, part\)"):
        ingest(project, "item_id,label\na,cat\n", suggestion="guess", split="part")
    rows = "".join(f"i{i},cat,{i}\n" for i in range(1001))
    with pytest.raises(InputError, match=r"column 'part': .*1001 different values"):
        ingest(project, "item_id,label,part\n" + rows, split="part")
