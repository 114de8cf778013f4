"""Confidence-weighted entropy: by hand, against cleanlab where that is sound, and at the ends where it is not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from cleanlab.rank import get_label_quality_scores

from audits.audit_config import EntropyConfig
from audits.outputs import ModelOutputs
from audits.signals.entropy import confidence_weighted_entropy, detect


def run(labels, probs) -> pa.Table:
    labels, probs = np.asarray(labels, dtype=np.int32), np.asarray(probs)
    outputs = ModelOutputs("m", "dense", probs.shape[1], pred_probs=probs)
    return detect(pa.array([f"i{k}" for k in range(len(labels))]), labels, outputs, EntropyConfig())


def test_by_hand():
    # even odds of two classes: entropy 1 (in units of log K), over 1/2
    table = run([0, 1], [[0.5, 0.5], [0.75, 0.25]])
    h = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25)) / np.log(2)
    np.testing.assert_allclose(
        table["score"].to_numpy(), [np.log(3) / 2, np.log1p(h / 0.25) / (h / 0.25)], rtol=1e-12
    )
    assert table["rank"].to_pylist() == [None, 1]
    assert table["suggested_label"].to_pylist() == [1, 0]


@pytest.mark.parametrize("k", [2, 7, 200])
def test_as_cleanlab_away_from_the_ends(k):
    rng = np.random.default_rng(k)
    probs, labels = rng.dirichlet(np.ones(k), size=300), rng.integers(k, size=300)
    own = confidence_weighted_entropy(probs, probs[np.arange(300), labels])
    oracle = get_label_quality_scores(labels, probs, method="confidence_weighted_entropy")
    np.testing.assert_allclose(own, oracle, rtol=1e-9)


def test_certainty_of_the_given_label_is_the_best_score_and_of_another_the_worst():
    probs = np.array([[1.0, 0.0], [0.0, 1.0], [1 - 1e-9, 1e-9], [1e-9, 1 - 1e-9]])
    # the last: H = 1e-9 (ln 1e9 + 1) / ln 2, x = H / 1e-9 = 31.3
    np.testing.assert_allclose(confidence_weighted_entropy(probs, probs[:, 0]), [1, 0, 1, 0.111], atol=1e-3)
    # cleanlab gives the worst score to both ends
    assert (
        get_label_quality_scores(np.array([0, 1]), np.eye(2), method="confidence_weighted_entropy").max() == 0
    )


def test_it_falls_with_the_probability_of_the_given_label_as_far_down_as_numbers_go():
    p = np.array([0.9, 0.5, 0.1, 1e-3, 1e-30, 1e-299, 5e-324, 0.0])
    rest = (1 - p) / 2
    scores = confidence_weighted_entropy(np.stack([p, rest, rest], axis=1), p)
    assert (np.diff(scores) <= 0).all()
    assert np.isfinite(scores).all()
    assert scores[-1] == 0


def test_blocks_and_float32_do_not_show(monkeypatch):
    rng = np.random.default_rng(2)
    probs, labels = rng.dirichlet(np.ones(3), size=101), rng.integers(3, size=101)
    whole = run(labels, probs)
    monkeypatch.setattr("audits.outputs._BLOCK_BYTES", 200)
    assert run(labels, probs).equals(whole)
    np.testing.assert_allclose(
        run(labels, probs.astype(np.float32))["score"].to_numpy(), whole["score"].to_numpy(), atol=1e-6
    )


def test_no_items():
    assert run([], np.empty((0, 3))).num_rows == 0
