import warnings

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits import contracts
from audits.errors import InputError
from audits.expectations import judge_outputs
from audits.ingest import model_outputs, output_files
from audits.ingest.model_outputs import ingest_outputs
from audits.outputs import ModelOutputs

IDS = ["a", "b", "c", "d"]
DENSE = np.array([[0.7, 0.2, 0.1], [0.2, 0.3, 0.5], [0.0, 1.0, 0.0], [0.25, 0.25, 0.5]])


def ingest(project, ids=IDS, classes=None, **outputs):
    dataset = project.model(classes=classes, **outputs)
    model = dataset.config.models[0]
    got = ingest_outputs(dataset, model, pa.array(ids, pa.string()))
    assert got.rows.schema == contracts.OUTPUT_ROWS
    return got, judge_outputs(got.rows, model.name, model.outputs.kind, dataset.config.tolerance)


def dense(project, ids, probs, **more):
    probs = np.asarray(probs, dtype=np.float64).reshape(-1, 3)
    columns = {"item_id": pa.array(ids, pa.string()), **dict(zip("cdh", probs.T, strict=True))}
    project.put("p.parquet", pa.table(columns))
    return ingest(project, kind="dense", path="p.parquet", **more)


def top_k(project, ids, labels, probs):
    project.put("t.parquet", pa.table({"item_id": ids, "top_k_labels": labels, "top_k_probs": probs}))
    return ingest(project, kind="top_k", path="t.parquet")


def labels(project, ids, predicted):
    project.put("l.parquet", pa.table({"item_id": ids, "predicted_label": pa.array(predicted, pa.string())}))
    return ingest(project, kind="labels", path="l.parquet")


@given(order=st.permutations(range(4)))
def test_a_join_by_id_does_not_care_for_the_order_of_rows(order, tmp_path_factory):
    """The three kinds through the real join, over every order."""
    tables = {
        "pred_probs": DENSE,
        "top_k_labels": np.array([[0, 1], [2, 1], [1, 0], [2, 0]], np.int32),
        "labels": np.array([0, -1, 1, 2], np.int32),
    }
    for name, array in tables.items():
        kind = {"pred_probs": "dense", "top_k_labels": "top_k", "labels": "labels"}[name]
        more = {"top_k_probs": DENSE[list(order), :2]} if kind == "top_k" else {}
        shuffled = ModelOutputs("m", kind, 3, **{name: array[list(order)]}, **more)
        position = np.array(order)
        joined, first = model_outputs._join(output_files.OutputFile(None, shuffled), position, 4)
        assert (getattr(joined, name) == array).all()
        assert [order[i] for i in first] == [0, 1, 2, 3]


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2]])
def test_shuffled_rows_are_joined_by_id_in_every_kind(project, order):
    ids = [IDS[i] for i in order]
    got, judged = dense(project, ids, DENSE[order])
    assert judged.passed
    assert (got.outputs.pred_probs == DENSE).all()
    assert got.outputs.pred_probs.dtype == np.float64
    top = [["h", "c"], ["c", "d"], ["d", "h"], ["h", "d"]]
    got, judged = top_k(project, ids, [top[i] for i in order], [[0.1, 0.9]] * 4)
    assert judged.passed
    assert got.outputs.top_k_labels.tolist() == [[2, 0], [0, 1], [1, 2], [2, 1]]
    words = ["cat", None, "horse", "dog"]
    got, judged = labels(project, ids, [words[i] for i in order])
    assert judged.passed
    assert (got.outputs.labels.tolist(), got.unanswered) == ([0, -1, 2, 1], 1)


def test_missing_extra_and_repeated_rows_are_each_named(project):
    got, judged = dense(project, ["d", "x", "a", "d", "x", "y"], DENSE[[3, 0, 0, 1, 1, 1]])
    assert str(judged).splitlines()[1:] == [
        "  - column 'item_id': 2 of 6 rows: the id is no item of the dataset (item_id x, item_id y)",
        "  - column 'item_id': 2 of 6 rows: the item has no output row (item_id b, item_id c)",
        "  - column 'rows': 2 of 6 rows: the item has several output rows (item_id d: 2, item_id x: 2)",
    ]
    # the first row of a repeated id stands, an item without one has no numbers at all
    assert (got.outputs.pred_probs[[0, 3]] == DENSE[[0, 3]]).all()
    assert np.isnan(got.outputs.pred_probs[[1, 2]]).all()


def test_missing_rows_of_top_k_and_labels_predict_nothing(project):
    got, judged = top_k(project, ["d"], [["c", "d"]], [[0.5, 0.25]])
    assert "3 of 4 rows: the item has no output row" in str(judged)
    assert got.outputs.top_k_labels.tolist() == [[-1, -1]] * 3 + [[0, 1]]
    assert got.outputs.predicted().tolist() == [-1, -1, -1, 0]
    got, judged = labels(project, ["d", None], ["cat", None])
    assert got.outputs.labels.tolist() == [-1, -1, -1, 0]
    assert got.unanswered == 0
    assert "the item id is missing (item_id None)" in str(judged)


def test_an_empty_file_covers_nothing(project):
    for got, judged in (dense(project, [], []), labels(project, pa.array([], pa.string()), [])):
        assert "4 of 4 rows: the item has no output row (item_id a, item_id b" in str(judged)
        assert len(got.outputs) == 4


def test_no_items_make_every_row_a_stranger(project):
    project.put("p.npy", np.zeros((0, 3)))
    got, judged = ingest(project, ids=[], kind="dense", path="p.npy", rows="items_order")
    assert len(got.outputs) == got.rows.num_rows == 0
    assert judged.passed
    _, judged = dense(project, IDS, DENSE)
    got, judged = ingest(project, ids=[], kind="dense", path="p.parquet")
    assert "4 of 4 rows: the id is no item" in str(judged)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ([np.nan, 0.5, 0.5], "'finite': 1 of 4 rows: a probability is not finite (item_id b)"),
        ([np.inf, -np.inf, 0.5], "'finite': 1 of 4 rows: a probability is not finite (item_id b)"),
        ([-0.5, 1.0, 0.5], "'min': 1 of 4 rows: a probability is below 0 (item_id b: -0.5)"),
        ([1.5, -0.5, 0.0], "'max': 1 of 4 rows: a probability is above 1 (item_id b: 1.5)"),
        ([0.5, 0.5, 0.01], "'sum': 1 of 4 rows: the probabilities do not sum to 1 within 0.001 (item_id b: 1.01)"),
        ([0.0, 0.0, 0.0], "'sum': 1 of 4 rows: the probabilities do not sum to 1 within 0.001 (item_id b: 0)"),
        ([1e308, 1e308, 1e308], "'sum': 1 of 4 rows: the probabilities do not sum to 1 within 0.001 (item_id b: inf)"),
        ([np.nan] * 3, "'finite': 1 of 4 rows"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("order", [[0, 1, 2, 3], [2, 0, 3, 1]])
def test_bad_probabilities_are_named_by_item(project, row, says, order):
    probs = DENSE.copy()
    probs[1] = row
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, judged = dense(project, [IDS[i] for i in order], probs[order])
    assert says in str(judged)


def test_what_lies_within_the_tolerance_is_clipped_and_counted_and_nothing_else(project):
    probs = DENSE.copy()
    probs[0] = [1.00005, -0.00005, 0.0]
    probs[3] = [1.5, -0.5, 0.0]
    got, judged = dense(project, IDS, probs)
    assert got.clipped == 2
    assert got.outputs.pred_probs[0].tolist() == [1.0, 0.0, 0.0]
    assert got.outputs.pred_probs[3].tolist() == [1.5, -0.5, 0.0]
    assert (got.outputs.pred_probs[1:3] == DENSE[1:3]).all()
    assert {f.column: f.count for f in judged.failures} == {"min": 1, "max": 1}
    assert probs[0, 0] == 1.00005


def test_clipping_by_blocks_is_clipping(project, monkeypatch):
    monkeypatch.setattr("audits.outputs._BLOCK_BYTES", 30)
    probs = np.array([[1.00005, -0.00005, 0.0]] * 4)
    got, judged = dense(project, IDS, probs)
    assert judged.passed
    assert got.clipped == 8
    assert got.outputs.pred_probs.tolist() == [[1.0, 0.0, 0.0]] * 4
    assert (got.rows["max"].to_numpy() == 1.00005).all()  # what was judged is what came


@pytest.mark.parametrize(
    ("labels_", "probs", "says"),
    [
        (["c", "c"], [0.5, 0.25], "'labels_distinct': 1 of 4 rows: a class is named twice among the top k (item_id b)"),
        (["c", "x"], [0.5, 0.25], "'labels_known': 1 of 4 rows: a predicted class is not in the class list"),
        (["c", None], [0.5, 0.25], "'labels_known': 1 of 4 rows"),
        (["c", "d"], [0.75, 0.5], "the top-k probabilities sum to more than 1 by over 0.001 (item_id b: 1.25)"),
        (["c", "d"], [0.5, None], "'finite': 1 of 4 rows"),
    ],
)  # fmt: skip
def test_bad_top_k_rows_are_named_by_item(project, labels_, probs, says):
    _, judged = top_k(
        project,
        IDS,
        [["c", "d"], labels_, ["d", "h"], ["h", "c"]],
        [[0.5, 0.25], probs, [0.1, 0.2], [1.0, 0.0]],
    )
    assert [says in str(f) for f in judged.failures] == [True]


def test_two_unknown_classes_are_unknown_and_not_repeated(project):
    _, judged = top_k(project, IDS, [["x", "y"], *[["c", "d"]] * 3], [[0.5, 0.25]] * 4)
    assert [f.column for f in judged.failures] == ["labels_known"]


def test_unsorted_top_k_stay_as_they_came_and_top_1_is_one_class(project):
    got, judged = top_k(project, IDS, [["c", "d", "h"]] * 4, [[0.1, 0.2, 0.7]] * 4)
    assert judged.passed
    assert got.outputs.top_k_probs[0].tolist() == [0.1, 0.2, 0.7]
    assert got.outputs.predicted().tolist() == [2] * 4
    got, judged = top_k(project, IDS, [["c"]] * 4, [[0.9]] * 4)
    assert judged.passed


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", "<f2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_in_items_order(project, dtype, order):
    array = np.array(DENSE, dtype=dtype, order=order)
    project.put("p.npy", array)
    got, judged = ingest(project, kind="dense", path="p.npy", rows="items_order")
    assert judged.passed
    assert (got.outputs.pred_probs == array.astype(np.float64)).all()
    native = dtype in ("<f8", "<f4")
    # still the read-only map of the file where nothing must change, a copy in memory elsewhere
    assert got.outputs.pred_probs.flags.writeable != native


def test_rows_in_items_order_stay_with_their_rows_when_ids_repeat(project):
    project.put("p.npy", DENSE)
    got, judged = ingest(project, ids=["a", "a", "b", None], kind="dense", path="p.npy", rows="items_order")
    assert (got.outputs.pred_probs == DENSE).all()
    assert not judged.passed  # for the missing id; repeated ones are the items' own fault


def test_repeated_items_get_one_row_of_a_file_with_ids(project):
    project.put("p.parquet", pa.table({"item_id": ["a", "b"], **dict(zip("cdh", DENSE[:2].T, strict=True))}))
    got, judged = ingest(project, ids=["a", "b", "a"], kind="dense", path="p.parquet")
    assert "1 of 3 rows: the item has no output row (item_id a)" in str(judged)
    assert (got.outputs.pred_probs[:2] == DENSE[:2]).all()


@pytest.mark.parametrize("n", [0, 3, 5])
def test_another_number_of_rows_than_items_is_refused(project, n):
    project.put("p.npy", np.full((n, 3), 1 / 3))
    with pytest.raises(
        InputError, match=rf"^model 'm': .*p\.npy: {n} rows said to be in items order, but there are 4"
    ):
        ingest(project, kind="dense", path="p.npy", rows="items_order")


def test_a_file_that_cannot_be_read_names_the_model(project):
    with pytest.raises(InputError, match=r"^model 'm': .*none\.csv: there is no such file"):
        ingest(project, kind="labels", path="none.csv")


def test_the_public_probabilities_of_cifar10_and_20news_pass(project, public_data):
    folder = public_data / "label-errors" / "cross_validated_predicted_probabilities"
    found = sorted(p for p in folder.glob("*.npy") if p.stem.startswith(("cifar10_", "20news")))
    if not found:
        pytest.skip(f"no probabilities in {folder}")
    for path in found:
        probs = np.load(path, mmap_mode="r")
        classes = [str(i) for i in range(probs.shape[1])]
        dataset = project.model(
            classes=type(project.classes)(tuple(classes), tuple(classes)),
            kind="dense", path=str(path), rows="items_order",
        )  # fmt: skip
        ids = pa.array([str(i) for i in range(len(probs))])
        got = ingest_outputs(dataset, dataset.config.models[0], ids)
        assert judge_outputs(got.rows, "m", "dense", dataset.config.tolerance).passed
        assert (got.outputs.predicted() == np.argmax(probs, axis=1)).all()
