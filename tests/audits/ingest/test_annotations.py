import pyarrow as pa
import pytest

from audits import contracts
from audits.errors import InputError
from audits.expectations import judge_annotations, weigh_annotations
from audits.ingest.annotations import ingest_annotations
from audits.input_config import AnnotationsConfig

ITEMS = pa.array(["007", "8"])


def ingest(project, content, name="a.csv", **config):
    project.put(name, content)
    dataset = project.dataset()
    return ingest_annotations(dataset, AnnotationsConfig(path=name, **config), ITEMS)


def test_annotations_come_in_the_order_of_the_file(project):
    got = ingest(project, "item_id,annotator_id,label\n8,01,dog\n007,01,cat\n007,1,horse\n")
    assert got.schema == contracts.ANNOTATIONS
    assert got.to_pylist()[1] == {
        "item_id": "007", "annotator_id": "01", "label": 0, "given_label": "cat", "known": True,
    }  # fmt: skip
    assert got["annotator_id"].to_pylist() == ["01", "01", "1"]
    assert judge_annotations(got).passed


def test_broken_rows_are_kept_for_the_check_to_name(project):
    rows = ["7,a,cat", "8,,cat", "8,,dog", "8,b,unicorn", "007,b,", ",b,cat", "8,c,cat", "8,c,cat"]
    table = ingest(project, "\n".join(["item_id,annotator_id,label", *rows]))
    judged = f"{judge_annotations(table)}\n{weigh_annotations(table)}"
    for said in (
        "'item_id': 1 of 8 rows: the item id is missing (row 6)",
        "'item_id': 1 of 8 rows: the id is no item of the dataset (item_id 7)",
        "'annotator_id': 2 of 8 rows: the annotator's id is missing (item_id 8: None, item_id 8: None)",
        "the label is missing or not in the class list (item_id 8: 'unicorn', item_id 007: None)",
        "'annotator_id': 4 of 8 rows: the annotator labelled the item more than once",
    ):
        assert said in judged


def test_other_column_names_and_numbers_as_ids(project):
    table = pa.table({"task": [8, 8], "worker": [1, 2], "answer": [0, 2]})
    got = ingest(
        project, table, "a.parquet", id="task", annotator="worker", label="answer", labels_as="position"
    )
    assert got["annotator_id"].to_pylist() == ["1", "2"]
    assert got["label"].to_pylist() == [0, 2]
    assert got["known"].to_pylist() == [True, True]


def test_no_rows_are_fine(project):
    got = ingest(project, "item_id,annotator_id,label\n")
    assert got.num_rows == 0
    assert judge_annotations(got).passed


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"item_id": ["8"], "label": ["cat"]}, r"1 columns are missing \(annotator_id\)"),
        ({"item_id": [8.0], "annotator_id": ["a"], "label": ["cat"]}, "'item_id' has type double"),
        ({"item_id": ["8"], "annotator_id": [0.5], "label": ["cat"]}, "'annotator_id' has type double"),
        (
            {"item_id": ["8"], "annotator_id": ["a"], "label": [0.5]},
            "column 'label': 1 of 1 labels are numbers",
        ),
        ({"item_id": ["8"], "annotator_id": ["a"], "label": [True]}, "column 'label': labels have type bool"),
    ],
)
def test_a_table_of_another_shape_is_refused_by_file(project, table, says):
    with pytest.raises(InputError, match=says) as e:
        ingest(project, pa.table(table), "a.parquet")
    assert str(e.value).startswith(str(project.folder / "a.parquet"))
