"""Temperature scaling: planted temperatures are found, the prediction stays, and nobody is fitted to himself."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy.optimize import minimize_scalar

from audits.errors import AuditError
from audits.outputs import ModelOutputs
from audits.signals import temperature
from audits.signals.temperature import FOLDS, calibrated, fit_temperature, fold_of, scale


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def miscalibrated(n: int, k: int, t: float, noise: float = 0.0, seed: int = 0):
    """Probabilities too sure by the factor t, labels drawn from the calibrated ones, a share of them at random."""
    rng = np.random.default_rng(seed)
    z = rng.normal(scale=2.0, size=(n, k))
    honest = softmax(z)
    truth = (honest.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1).astype(np.int32)
    labels = np.where(rng.random(n) < noise, rng.integers(k, size=n), truth).astype(np.int32)
    return softmax(z * t), truth, labels


def ece(probs: np.ndarray, truth: np.ndarray, bins: int = 15) -> float:
    confidence, right = probs.max(axis=1), probs.argmax(axis=1) == truth
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(right[which == b].mean() - confidence[which == b].mean()) * np.mean(which == b)
        for b in set(which)
    ]
    return float(sum(gaps))


def ids(n: int) -> pa.Array:
    return pa.array([f"i{k}" for k in range(n)])


def dense(probs: np.ndarray) -> ModelOutputs:
    return ModelOutputs("m", "dense", probs.shape[1], pred_probs=probs)


@pytest.mark.parametrize("k", [2, 5, 30])
@pytest.mark.parametrize("t", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_a_planted_temperature_is_found_also_among_wrong_labels(k, t, noise):
    probs, _, labels = miscalibrated(12_000, k, t, noise)
    found = fit_temperature(probs, labels)
    assert found.value == pytest.approx(t, rel=0.1)
    assert found.noise == pytest.approx(noise, abs=0.05)


def test_without_the_channel_wrong_labels_would_make_the_model_look_too_sure():
    probs, _, labels = miscalibrated(12_000, 10, 1.0, noise=0.2)

    def plain(t: float) -> float:
        q = softmax(np.log(probs) / t)
        return float(-np.log(q[np.arange(len(q)), labels]).mean())

    naive = minimize_scalar(plain, bounds=(0.1, 10), method="bounded").x
    assert naive > 1.4
    assert fit_temperature(probs, labels).value == pytest.approx(1.0, abs=0.06)


def test_with_right_labels_it_is_the_minimum_of_the_plain_likelihood():
    probs, _, labels = miscalibrated(20_000, 4, 2.0)

    def plain(t: float) -> float:
        q = softmax(np.log(probs) / t)
        return float(-np.log(q[np.arange(len(q)), labels]).mean())

    oracle = minimize_scalar(plain, bounds=(0.1, 10), method="bounded").x
    assert fit_temperature(probs, labels).value == pytest.approx(oracle, rel=0.02)


@pytest.mark.parametrize("t", [0.4, 3.0])
@pytest.mark.parametrize("noise", [0.0, 0.15])
def test_the_calibration_error_falls(t, noise):
    probs, truth, labels = miscalibrated(6_000, 6, t, noise, seed=3)
    after = calibrated(ids(6_000), labels, dense(probs), "temperature").pred_probs
    assert ece(probs, truth) > 0.1
    assert ece(after, truth) < ece(probs, truth) / 3


def test_none_gives_the_outputs_themselves():
    outputs = dense(np.full((4, 2), 0.5))
    assert calibrated(ids(4), np.array([0, 1, 0, 1], np.int32), outputs, "none") is outputs


def test_an_item_is_scaled_by_a_temperature_that_its_own_label_did_not_enter():
    probs, _, labels = miscalibrated(300, 3, 2.0)
    before = calibrated(ids(300), labels, dense(probs), "temperature").pred_probs
    fold = fold_of(ids(300), labels)
    own = np.flatnonzero(fold == 2)
    # the probabilities of the fold, turned upside down, change the temperature of all other folds but not its own
    other = probs.copy()
    other[own] = other[own][:, ::-1]
    after = calibrated(ids(300), labels, dense(other), "temperature").pred_probs
    np.testing.assert_allclose(after[own], before[own][:, ::-1], rtol=0, atol=1e-14)
    for f in set(range(FOLDS)) - {2}:
        assert np.abs(after[fold == f] - before[fold == f]).max() > 0.01


def test_folds_follow_the_ids_and_neither_the_order_of_items_nor_that_of_classes():
    rng = np.random.default_rng(0)
    labels = rng.choice(4, p=[0.7, 0.2, 0.07, 0.03], size=700).astype(np.int32)
    fold = fold_of(ids(700), labels)
    for c in range(4):  # each class evenly
        counts = np.bincount(fold[labels == c], minlength=FOLDS)
        assert np.ptp(counts) <= 1
    order = rng.permutation(700)
    assert np.array_equal(fold_of(ids(700).take(pa.array(order)), labels[order]), fold[order])
    assert np.array_equal(fold_of(ids(700), np.array([2, 0, 3, 1], np.int32)[labels]), fold)
    # classes of one item do not all fall into the first fold
    alone = fold_of(ids(200), np.arange(200, dtype=np.int32))
    assert np.bincount(alone, minlength=FOLDS).min() > 20


def test_the_order_of_the_items_does_not_matter_to_the_last_bit():
    probs, _, labels = miscalibrated(500, 4, 2.0, noise=0.1)
    order = np.random.default_rng(1).permutation(500)
    before = calibrated(ids(500), labels, dense(probs), "temperature").pred_probs
    after = calibrated(
        ids(500).take(pa.array(order)), labels[order], dense(probs[order]), "temperature"
    ).pred_probs
    np.testing.assert_array_equal(after, before[order])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("t", [0.1, 0.37, 1.0, 2.7, 10.0])
def test_the_prediction_zeros_and_sums_stay(dtype, t):
    rng = np.random.default_rng(5)
    probs = softmax(rng.normal(scale=12.0, size=(400, 1000))).astype(dtype)
    probs[:50] = 0
    probs[np.arange(50), rng.integers(1000, size=50)] = 1
    # the largest two as near to each other as numbers can be, the second first in the order of the columns
    probs[50:100] = 0
    probs[50:100, 7] = 0.5
    probs[50:100, 3] = np.nextafter(dtype(0.5), dtype(0))
    probs.flags.writeable = False
    after = scale(probs, np.full(400, t))
    assert after.dtype == dtype
    assert np.array_equal(after.argmax(axis=1), probs.argmax(axis=1))
    assert np.isfinite(after).all()
    assert after.min() >= 0
    assert after.max() <= 1
    assert not after[probs == 0].any()
    np.testing.assert_allclose(after.sum(axis=1, dtype=np.float64), 1, atol=1e-5)
    np.testing.assert_array_equal(after[:50], probs[:50])


def test_scaling_by_hand_and_by_blocks(monkeypatch):
    # 0.8 and 0.2 at T = 2 are as sqrt(4) to 1
    np.testing.assert_allclose(
        scale(np.array([[0.8, 0.2, 0.0]] * 3), np.array([1.0, 2.0, 0.5])),
        [[0.8, 0.2, 0.0], [2 / 3, 1 / 3, 0.0], [16 / 17, 1 / 17, 0.0]],
    )
    probs, _, labels = miscalibrated(300, 3, 2.0)
    whole = calibrated(ids(300), labels, dense(probs), "temperature").pred_probs
    monkeypatch.setattr("audits.outputs._BLOCK_BYTES", 1000)
    parts = calibrated(ids(300), labels, dense(probs), "temperature").pred_probs
    np.testing.assert_allclose(parts, whole, rtol=0, atol=1e-12)


def test_a_fit_looks_at_no_more_items_than_it_needs(monkeypatch):
    probs, _, labels = miscalibrated(4_000, 3, 2.0)
    monkeypatch.setattr(temperature, "_MOST_ITEMS", 1_000)
    seen = []
    fit = fit_temperature
    monkeypatch.setattr(temperature, "fit_temperature", lambda p, y: seen.append(len(y)) or fit(p, y))
    after = calibrated(ids(4_000), labels, dense(probs), "temperature").pred_probs
    assert seen == [1_000] * FOLDS
    np.testing.assert_allclose(after, softmax(np.log(probs) / 2), atol=0.05)


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_few_items_leave_the_temperature_near_one(n):
    rng = np.random.default_rng(n)
    probs = rng.dirichlet(np.ones(3), size=n).reshape(n, 3)
    labels = probs.argmax(axis=1).astype(np.int32)
    after = calibrated(ids(n), labels, dense(probs), "temperature").pred_probs
    assert after.shape == (n, 3)
    assert np.isfinite(after).all()
    if n == 1:  # nothing to fit it to
        np.testing.assert_allclose(after, probs)


def test_a_model_that_is_always_certain_stays_so():
    labels = np.tile([0, 1], 50).astype(np.int32)
    probs = np.eye(2)[np.where(np.arange(100) < 90, labels, 1 - labels)]
    found = fit_temperature(probs, labels)
    assert found.noise == pytest.approx(0.2, abs=0.01)  # a tenth is wrong: a fifth drawn at random
    np.testing.assert_array_equal(calibrated(ids(100), labels, dense(probs), "temperature").pred_probs, probs)


def test_what_cannot_be_scaled_is_refused():
    labels = np.array([0, 1], np.int32)
    with pytest.raises(AuditError, match="1 rows have no probability above 0, the first of them row 1"):
        scale(np.array([[0.5, 0.5], [0.0, 0.0]]), np.ones(2))
    with pytest.raises(AuditError, match="needs dense outputs; model 'm' has labels"):
        calibrated(ids(2), labels, ModelOutputs("m", "labels", 2, labels=labels), "temperature")
