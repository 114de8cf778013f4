"""cleanlab is the oracle, on real probabilities and on made ones."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pyarrow as pa
import pytest
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_ensemble_scores

from audits.audit_config import EnsembleConfidentLearningConfig, EnsembleWeights, FilterBy, ScoreMethod
from audits.errors import InputError
from audits.outputs import ModelOutputs
from audits.signals.ensemble_confident_learning import detect, ensemble_weights
from audits.signals.temperature import calibrated

METHODS = [
    (m, adjust)
    for m in get_args(ScoreMethod)
    for adjust in (False, True)
    if not (adjust and m == "confidence_weighted_entropy")
]


def dense(probs, name: str = "m") -> ModelOutputs:
    probs = np.asarray(probs)
    return ModelOutputs(name, "dense", probs.shape[1], pred_probs=probs)


def run(labels, members, **params) -> pa.Table:
    labels = np.asarray(labels, dtype=np.int32)
    ids = pa.array([f"i{k}" for k in range(len(labels))])
    outputs = [dense(p, f"m{j}") for j, p in enumerate(members)]
    return detect(ids, labels, outputs, EnsembleConfidentLearningConfig(**params))


def members_of(probs: np.ndarray, seed: int = 0) -> list[np.ndarray]:
    """Three models about a real one: itself, a blurred one, and one that is turned towards noise."""
    rng = np.random.default_rng(seed)
    whole = probs.astype(np.float64)
    whole /= whole.sum(axis=1, keepdims=True)
    blurred = np.sqrt(whole) / np.sqrt(whole).sum(axis=1, keepdims=True)
    return [whole, blurred, 0.6 * whole + 0.4 * rng.dirichlet(np.ones(probs.shape[1]), size=len(probs))]


def made(k: int = 4, n: int = 300, seed: int = 0) -> tuple[np.ndarray, list[np.ndarray]]:
    rng = np.random.default_rng(seed)
    labels = np.r_[np.arange(k), rng.integers(k, size=n - k)]
    members = []
    for strength in (0.5, 2.0, 4.0):
        e = np.exp(rng.normal(size=(n, k)) + strength * np.eye(k)[labels])
        members.append(e / e.sum(axis=1, keepdims=True))
    labels[: n // 10] = rng.permutation(labels[: n // 10])
    return labels, members


@pytest.mark.parametrize("weights", get_args(EnsembleWeights))
def test_real_scores_and_flags_are_cleanlabs(real, weights):
    members = members_of(real.probs)
    outputs = [dense(p, f"m{j}") for j, p in enumerate(members)]
    table = detect(real.ids, real.stored_labels, outputs, EnsembleConfidentLearningConfig(weights=weights))
    oracle = get_label_quality_ensemble_scores(
        real.labels, members, weight_ensemble_members_by=weights, verbose=False
    )
    np.testing.assert_allclose(table["score"].to_numpy(), oracle, rtol=0, atol=1e-9)
    mean = np.tensordot(ensemble_weights(real.stored_labels, outputs, weights), np.stack(members), axes=1)
    expected = find_label_issues(real.labels, np.clip(mean, 0, 1), n_jobs=1)
    assert expected.any()
    assert np.array_equal(table["flagged"].to_numpy(), expected)


@pytest.mark.parametrize("weights", get_args(EnsembleWeights))
@pytest.mark.parametrize(("method", "adjust"), METHODS)
def test_scores_are_cleanlabs_for_every_method_and_weighting(weights, method, adjust):
    labels, members = made()
    table = run(labels, members, weights=weights, method=method, adjust_pred_probs=adjust)
    oracle = get_label_quality_ensemble_scores(
        labels,
        members,
        method=method,
        adjust_pred_probs=adjust,
        weight_ensemble_members_by=weights,
        verbose=False,
    )
    np.testing.assert_allclose(table["score"].to_numpy(), oracle, rtol=0, atol=1e-12)


@pytest.mark.parametrize("filter_by", get_args(FilterBy))
def test_flags_are_cleanlabs_on_the_mean_for_every_filter(filter_by):
    labels, members = made()
    table = run(labels, members, weights="uniform", filter_by=filter_by)
    expected = find_label_issues(labels, np.mean(members, axis=0), filter_by=filter_by, n_jobs=1)
    assert expected.any()
    assert np.array_equal(table["flagged"].to_numpy(), expected)
    flagged = table.filter(table["flagged"]).sort_by("rank")
    assert (np.diff(flagged["score"].to_numpy()) >= 0).all()


def test_the_search_takes_the_weights_with_the_lowest_loss_also_where_a_class_has_no_items():
    labels, members = made(k=4)
    kept = labels != 3  # cleanlab refuses: its log-loss wants every class
    outputs = [dense(p[kept]) for p in members]
    weights = ensemble_weights(labels[kept].astype(np.int32), outputs, "log_loss_search")
    assert weights.sum() == pytest.approx(1)
    assert weights[2] > 0.9  # the model that knows the labels best by far
    assert run(labels[kept], [p[kept] for p in members], weights="log_loss_search").num_rows == kept.sum()


def test_columns_by_hand():
    labels = [0, 1, 0, 1]
    a = [[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.4, 0.5, 0.1], [0.0, 0.9, 0.1]]
    b = [[0.7, 0.3, 0.0], [0.4, 0.6, 0.0], [0.2, 0.1, 0.7], [0.2, 0.7, 0.1]]
    table = run(labels, [a, b], weights="uniform", filter_by="predicted_neq_given")
    # of the third item one model says 1, one says 2; the mean is for 2
    assert table["suggested_label"].to_pylist() == [1, 0, 2, 0]
    assert table["n_agree"].to_pylist() == [0, 0, 1, 0]
    assert set(table["n_models"].to_pylist()) == {2}
    np.testing.assert_allclose(table["p_given"].to_numpy(), [0.8, 0.7, 0.3, 0.8])
    np.testing.assert_allclose(table["p_suggested"].to_numpy(), [0.2, 0.3, 0.4, 0.1])
    assert table["flagged"].to_pylist() == [False, False, True, False]
    # each predicts three of the four labels
    weights = ensemble_weights(np.array(labels, np.int32), [dense(a), dense(b)], "accuracy")
    np.testing.assert_allclose(weights, [0.5, 0.5])


def test_one_model_is_its_own_ensemble_and_the_order_of_models_does_not_matter():
    labels, members = made()
    for weights in get_args(EnsembleWeights):
        alone = run(labels, members[1:2], weights=weights)
        np.testing.assert_allclose(
            alone["score"].to_numpy(), members[1][np.arange(len(labels)), labels], atol=1e-12
        )
        table, turned = run(labels, members, weights=weights), run(labels, members[::-1], weights=weights)
        assert turned["flagged"].equals(table["flagged"])
        np.testing.assert_allclose(turned["score"].to_numpy(), table["score"].to_numpy(), atol=1e-12)


def test_float32_members_stay_so():
    labels, members = made()
    wide, narrow = run(labels, members), run(labels, [p.astype(np.float32) for p in members])
    np.testing.assert_allclose(narrow["score"].to_numpy(), wide["score"].to_numpy(), atol=1e-6)
    assert narrow["flagged"].equals(wide["flagged"])


def test_every_member_is_calibrated_by_its_own_temperature():
    labels, members = made(n=2_000)
    sharp = [p**t / (p**t).sum(axis=1, keepdims=True) for p, t in zip(members, (1, 2, 4), strict=True)]
    table = run(labels, sharp, weights="uniform", calibrate="temperature")
    ids = pa.array([f"i{k}" for k in range(len(labels))])
    each = [calibrated(ids, labels.astype(np.int32), dense(p), "temperature").pred_probs for p in sharp]
    assert table["score"].to_pylist() == run(labels, each, weights="uniform")["score"].to_pylist()
    given = np.mean([p[np.arange(len(labels)), labels] for p in members], axis=0)
    plain = run(labels, sharp, weights="uniform")
    assert np.abs(table["score"].to_numpy() - given).mean() < np.abs(plain["score"].to_numpy() - given).mean()


def test_what_cannot_be_weighed_or_scored_is_refused():
    with pytest.raises(InputError, match="no model predicts any of the 4 given labels"):
        run([0, 1, 0, 1], [np.tile([[0.1, 0.9], [0.9, 0.1]], (2, 1))])
    with pytest.raises(InputError, match="at least 2 classes; 3 items have 1"):
        run([1, 1, 1], [np.full((3, 2), 0.5)])
    labels = np.array([0, 1], np.int32)
    with pytest.raises(InputError, match="needs dense outputs, which 'v' has not"):
        detect(
            pa.array(["a", "b"]),
            labels,
            [dense(np.eye(2)), ModelOutputs("v", "labels", 2, labels=labels)],
            EnsembleConfidentLearningConfig(),
        )
    with pytest.raises(ValueError, match="does not adjust"):
        EnsembleConfidentLearningConfig(method="confidence_weighted_entropy", adjust_pred_probs=True)
