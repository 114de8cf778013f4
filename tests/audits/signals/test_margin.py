"""Margins by hand, against cleanlab, and of top-k outputs against dense ones."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from cleanlab.rank import get_label_quality_scores

from audits.audit_config import MarginConfig
from audits.errors import InputError
from audits.outputs import ModelOutputs
from audits.signals.base import likeliest_other
from audits.signals.margin import by_blocks, detect


def run(labels, outputs: ModelOutputs) -> pa.Table:
    labels = np.asarray(labels, dtype=np.int32)
    return detect(pa.array([f"i{k}" for k in range(len(labels))]), labels, outputs, MarginConfig())


def dense(probs) -> ModelOutputs:
    probs = np.asarray(probs)
    return ModelOutputs("m", "dense", probs.shape[1], pred_probs=probs)


def top_k(labels, probs, k: int) -> ModelOutputs:
    return ModelOutputs(
        "m", "top_k", k, top_k_labels=np.asarray(labels, np.int32), top_k_probs=np.asarray(probs)
    )


def test_by_hand():
    table = run([0, 0, 1, 2], dense([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.5, 0.5, 0.0], [0.0, 1.0, 0.0]]))
    np.testing.assert_allclose(table["score"].to_numpy(), [0.75, 0.25, 0.5, 0.0])
    assert table["rank"].to_pylist() == [None, 2, None, 1]  # a tie is no flag
    assert table["suggested_label"].to_pylist() == [1, 1, 0, 1]
    assert table["n_agree"].to_pylist() == [0, 1, 1, 1]
    assert table["reason"].null_count == 4


def test_the_score_is_cleanlabs_normalized_margin(real):
    table = detect(real.ids, real.stored_labels, real.stored, MarginConfig())
    expected = get_label_quality_scores(
        real.labels, real.probs.astype(np.float64), method="normalized_margin"
    )
    np.testing.assert_allclose(table["score"].to_numpy(), expected, rtol=0, atol=1e-3)  # published as float16
    flagged = table["flagged"].to_numpy()
    assert flagged.any()
    assert not (real.stored.predicted()[flagged] == real.stored_labels[flagged]).any()


def test_all_of_top_k_is_the_dense_margin_in_whatever_order_the_classes_stand():
    rng = np.random.default_rng(0)
    probs, labels = rng.dirichlet(np.ones(4), size=50), rng.integers(4, size=50)
    order = np.argsort(rng.random((50, 4)), axis=1)
    a, b = run(labels, dense(probs)), run(labels, top_k(order, np.take_along_axis(probs, order, axis=1), 4))
    assert a.equals(b)


def test_top_k_by_hand():
    # the given class is first, in the middle, and not among the two; the rest is spread over the other eight classes
    table = run([3, 5, 0], top_k([[3, 1], [2, 5], [2, 5]], [[0.6, 0.3], [0.5, 0.4], [0.5, 0.34]], 10))
    np.testing.assert_allclose(table["score"].to_numpy(), [(0.3 + 1) / 2, 0.9 / 2, (0.02 - 0.5 + 1) / 2])
    assert table["suggested_label"].to_pylist() == [1, 2, 2]
    assert table["rank"].to_pylist() == [None, 2, 1]


def test_the_given_class_alone_suggests_nothing():
    table = run([3, 4], top_k([[3], [3]], [[0.6], [0.6]], 5))
    # four other classes share what is left over
    np.testing.assert_allclose(table["score"].to_numpy(), [(0.6 - 0.1 + 1) / 2, (0.1 - 0.6 + 1) / 2])
    assert table["suggested_label"].to_pylist() == [None, 3]
    assert table["p_suggested"].to_pylist() == [None, 0.6]
    assert table["flagged"].to_pylist() == [False, True]


def test_the_given_class_alone_is_not_flagged_however_unlikely():
    table = run([3], top_k([[3]], [[0.001]], 5))
    assert table["flagged"].to_pylist() == [False]
    assert table["suggested_label"].to_pylist() == [None]


def test_labels_alone_are_refused():
    labels = np.array([0, 1], np.int32)
    with pytest.raises(InputError, match="needs probabilities; model 'm' has labels alone"):
        run(labels, ModelOutputs("m", "labels", 2, labels=labels))


def test_blocks_do_not_show(monkeypatch):
    rng = np.random.default_rng(2)
    probs, labels = rng.dirichlet(np.ones(3), size=101), rng.integers(3, size=101).astype(np.int32)
    monkeypatch.setattr("audits.outputs._BLOCK_BYTES", 200)
    for a, b in zip(by_blocks(probs, labels), likeliest_other(probs, labels), strict=True):
        assert np.array_equal(a, b)


def test_no_items():
    assert run([], dense(np.empty((0, 3)))).num_rows == 0
