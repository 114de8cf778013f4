"""cleanlab is the oracle: on the matrix as published, against what detect says of the stored form."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores

from audits.audit_config import ConfidentLearningConfig, FilterBy, ScoreMethod
from audits.contracts import SIGNALS
from audits.errors import InputError
from audits.outputs import ModelOutputs
from audits.signals.confident_learning import detect
from audits.signals.temperature import calibrated

METHODS = [
    (method, adjust)
    for method in get_args(ScoreMethod)
    for adjust in (False, True)
    if (method, adjust) != ("confidence_weighted_entropy", True)  # which cleanlab refuses
]
PRUNING = ("prune_by_noise_rate", "prune_by_class", "both")


def flagged_in_order(table: pa.Table) -> list[int]:
    rows = [(rank, i) for i, rank in enumerate(table["rank"].to_pylist()) if rank is not None]
    assert [rank for rank, _ in sorted(rows)] == list(range(1, len(rows) + 1))
    assert table["flagged"].to_pylist() == [r is not None for r in table["rank"].to_pylist()]
    return [i for _, i in sorted(rows)]


def dense(probs: np.ndarray) -> ModelOutputs:
    return ModelOutputs("m", "dense", probs.shape[1], pred_probs=probs)


def run(labels: np.ndarray, probs: np.ndarray, **params) -> pa.Table:
    ids = pa.array([f"i{k}" for k in range(len(labels))])
    return detect(ids, labels.astype(np.int32), dense(probs), ConfidentLearningConfig(**params))


def assert_parity(table: pa.Table, labels: np.ndarray, probs: np.ndarray, **params) -> list[int]:
    """The same items in the same order, and the same scores; the flagged items are given back."""
    method, adjust = params.pop("method", "self_confidence"), params.pop("adjust_pred_probs", False)
    expected = find_label_issues(
        labels,
        probs,
        return_indices_ranked_by=method,
        rank_by_kwargs={"adjust_pred_probs": adjust},
        n_jobs=1,
        **params,
    ).tolist()
    assert flagged_in_order(table) == expected
    scores = get_label_quality_scores(labels, probs, method=method, adjust_pred_probs=adjust)
    np.testing.assert_allclose(table["score"].to_numpy(), scores, rtol=0, atol=1e-6)
    return expected


def test_the_stored_form_is_a_memory_map_of_the_published_matrix(real):
    assert isinstance(real.stored.pred_probs, np.memmap)
    assert real.stored.pred_probs.dtype == real.probs.dtype
    assert np.array_equal(real.stored.pred_probs, real.probs)
    assert np.array_equal(real.stored_labels, real.labels)


@pytest.mark.parametrize("filter_by", get_args(FilterBy))
def test_parity_for_every_filter_and_every_score(real, filter_by):
    for method, adjust in METHODS:
        params = {"filter_by": filter_by, "method": method, "adjust_pred_probs": adjust}
        table = detect(real.ids, real.stored_labels, real.stored, ConfidentLearningConfig(**params))
        flagged = assert_parity(table, real.labels, real.probs, **params)
        assert flagged, "parity of nothing says nothing"


@pytest.mark.parametrize("filter_by", PRUNING)
@pytest.mark.parametrize("frac_noise", [0.3, 0.75])
def test_parity_with_a_fraction_of_the_noise(real, filter_by, frac_noise):
    params = {"filter_by": filter_by, "frac_noise": frac_noise, "method": "normalized_margin"}
    table = detect(real.ids, real.stored_labels, real.stored, ConfidentLearningConfig(**params))
    flagged = assert_parity(table, real.labels, real.probs, **params)
    whole = find_label_issues(real.labels, real.probs, filter_by=filter_by, n_jobs=1).sum()
    assert 0 < len(flagged) < whole


# cleanlab divides by zero for a class in which it finds no noise
@pytest.mark.filterwarnings("ignore::RuntimeWarning:cleanlab")
@pytest.mark.parametrize("filter_by", PRUNING)
def test_parity_with_numbers_to_remove(real, filter_by):
    numbers = [3 + k % 4 for k in range(real.probs.shape[1])]
    params = {"filter_by": filter_by, "num_to_remove_per_class": numbers}
    table = detect(real.ids, real.stored_labels, real.stored, ConfidentLearningConfig(**params))
    flagged = assert_parity(table, real.labels, real.probs, **params)
    assert flagged
    if filter_by == "prune_by_class":  # the others count by the class that an item should have
        assert np.all(np.bincount(real.labels[flagged], minlength=len(numbers)) <= numbers)


# cleanlab, called directly, warns of classes with few items; the detector does not
@pytest.mark.filterwarnings("ignore:May not flag all label issues in class")
@pytest.mark.parametrize("filter_by", PRUNING)
def test_parity_with_examples_to_keep(real, filter_by):
    # so high that some classes have nothing left to lose
    least = int(np.median(np.bincount(real.labels)))
    params = {"filter_by": filter_by, "min_examples_per_class": least}
    table = detect(real.ids, real.stored_labels, real.stored, ConfidentLearningConfig(**params))
    flagged = assert_parity(table, real.labels, real.probs, **params)
    free = find_label_issues(real.labels, real.probs, filter_by=filter_by, n_jobs=1).sum()
    assert len(flagged) < free


def test_parity_of_a_file_joined_by_id_in_another_order(real, tmp_path, store_dense):
    shuffled = np.random.default_rng(5).permutation(len(real.labels))
    matrix = pa.FixedSizeListArray.from_arrays(pa.array(real.probs[shuffled].ravel()), real.probs.shape[1])
    table = pa.table({"item_id": [str(i) for i in shuffled], "p": matrix})
    pq.write_table(table, tmp_path / "probs.parquet")
    ids, labels, outputs = store_dense(
        tmp_path, real.labels, "path: probs.parquet, column: p", real.probs.shape[1]
    )
    assert_parity(detect(ids, labels, outputs, ConfidentLearningConfig()), real.labels, real.probs)


def test_parity_of_float32(real, tmp_path, store_dense):
    narrow = real.probs.astype(np.float32)
    np.save(tmp_path / "probs.npy", narrow)
    ids, labels, outputs = store_dense(
        tmp_path, real.labels, "path: probs.npy, rows: items_order", narrow.shape[1]
    )
    assert outputs.pred_probs.dtype == np.float32
    for filter_by in get_args(FilterBy):
        params = {"filter_by": filter_by, "method": "normalized_margin"}
        table = detect(ids, labels, outputs, ConfidentLearningConfig(**params))
        assert_parity(table, real.labels, narrow, **params)


def test_float16_files_are_stored_as_float32(tmp_path: Path, store_dense):
    labels = np.array([0, 1, 0, 1])
    probs = np.array([[0.7, 0.3], [0.2, 0.8], [0.1, 0.9], [0.4, 0.6]], dtype=np.float16)
    np.save(tmp_path / "probs.npy", probs)
    _, _, outputs = store_dense(tmp_path, labels, "path: probs.npy, rows: items_order", 2)
    assert outputs.pred_probs.dtype == np.float32
    assert np.array_equal(outputs.pred_probs, probs.astype(np.float32))


def test_other_columns_are_worked_out_by_hand():
    probs = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [0.5, 0.1, 0.4], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7]])
    table = run(np.array([0, 1, 2, 1, 2]), probs)
    assert table.schema == SIGNALS
    assert table["suggested_label"].to_pylist() == [1, 2, 0, 0, 1]
    np.testing.assert_allclose(table["p_given"].to_numpy(), [0.7, 0.3, 0.4, 0.7, 0.7])
    np.testing.assert_allclose(table["p_suggested"].to_numpy(), [0.2, 0.6, 0.5, 0.2, 0.2])
    np.testing.assert_allclose(table["score"].to_numpy(), [0.7, 0.3, 0.4, 0.7, 0.7])
    # the model itself predicts the suggested class, or not
    assert table["n_agree"].to_pylist() == [0, 1, 1, 0, 0]
    assert set(table["n_models"].to_pylist()) == {1}
    assert set(table["model"].to_pylist()) == {"m"}
    assert set(table["signal"].to_pylist()) == {"confident_learning"}


def test_parity_with_two_classes_and_ties_everywhere():
    labels = np.tile([0, 1], 20)
    probs = np.tile([[0.5, 0.5]], (40, 1))
    for filter_by in get_args(FilterBy):
        assert_parity(run(labels, probs, filter_by=filter_by), labels, probs, filter_by=filter_by)


# cleanlab, called directly, warns of classes with few items; the detector does not
@pytest.mark.filterwarnings("ignore:May not flag all label issues in class")
@pytest.mark.parametrize("filter_by", get_args(FilterBy))
def test_parity_with_a_class_without_items(filter_by):
    rng = np.random.default_rng(3)
    labels = rng.choice([0, 1, 3], size=90)
    probs = rng.dirichlet(np.ones(4), size=90)
    for method, adjust in METHODS:
        params = {"filter_by": filter_by, "method": method, "adjust_pred_probs": adjust}
        table = run(labels, probs, **params)
        assert_parity(table, labels, probs, **params)
        assert table["score"].to_numpy().min() >= 0
        assert table["score"].to_numpy().max() <= 1


@pytest.mark.parametrize("filter_by", get_args(FilterBy))
@pytest.mark.parametrize("labels", [[0], [1], [0, 0, 0], [1, 1, 1]])
def test_one_class_alone_is_refused_whichever_it_is(labels, filter_by):
    # cleanlab takes it for some of its filters when it is the first class
    probs = np.tile([0.9, 0.1], (len(labels), 1))
    with pytest.raises(InputError, match=f"at least 2 classes; {len(labels)} items have 1"):
        run(np.array(labels), probs, filter_by=filter_by)


@pytest.mark.parametrize("numbers", [(5,), (1, 1), (1, 1, 1, 1), ()])
def test_numbers_to_remove_must_be_one_a_class(numbers):
    # cleanlab takes one number for all classes without a word, and says 'broadcast' of the others
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match=f"has {len(numbers)} numbers, but there are 3 classes"):
        run(rng.integers(3, size=60), rng.dirichlet(np.ones(3), size=60), num_to_remove_per_class=numbers)


def test_arguments_are_left_alone():
    rng = np.random.default_rng(1)
    labels, probs = rng.integers(3, size=50).astype(np.int32), rng.dirichlet(np.ones(3), size=50)
    before = labels.copy(), probs.copy()
    run(labels, probs, adjust_pred_probs=True)
    assert np.array_equal(labels, before[0])
    assert np.array_equal(probs, before[1])


@pytest.mark.parametrize("filter_by", ["prune_by_noise_rate", "predicted_neq_given"])
def test_parity_on_the_calibrated_probabilities(real, filter_by):
    params = {"filter_by": filter_by, "method": "normalized_margin"}
    table = detect(
        real.ids, real.stored_labels, real.stored, ConfidentLearningConfig(calibrate="temperature", **params)
    )
    scaled = calibrated(real.ids, real.stored_labels, real.stored, "temperature").pred_probs
    assert not np.allclose(scaled, real.stored.pred_probs, atol=0.01)
    assert np.array_equal(scaled.argmax(axis=1), real.stored.pred_probs.argmax(axis=1))
    assert_parity(table, real.labels, scaled, **params)
    rows = np.arange(len(real.labels))
    np.testing.assert_allclose(table["p_given"].to_numpy(), scaled[rows, real.labels], atol=1e-12)
    if filter_by == "predicted_neq_given":  # which looks at the prediction alone
        plain = detect(real.ids, real.stored_labels, real.stored, ConfidentLearningConfig(**params))
        assert table["flagged"].equals(plain["flagged"])
