from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from audits.review import calibration
from audits.review.calibration import calibrate


def drawn(n, seed, bend=lambda p: p):
    rng = np.random.default_rng(seed)
    p = rng.random(n)
    return p, rng.random(n) < bend(p)


def test_the_weights_are_the_summit_of_the_posterior():
    p, wrong = drawn(300, 0)
    found = calibrate(p, wrong, np.zeros(0))
    features = calibration._features(p)
    centre = np.eye(1, features.shape[1], 1)[0]

    def lost(w):
        z = features @ w
        prior = calibration._precision() * (w - centre) ** 2 / 2
        return np.logaddexp(0, z).sum() - z[wrong].sum() + prior.sum()

    best = minimize(lost, centre, method="L-BFGS-B", options={"maxiter": 5000, "ftol": 1e-14, "gtol": 1e-9})
    assert lost(found.mean) <= best.fun + 1e-6
    assert found.mean == pytest.approx(best.x, abs=1e-3)


def test_draws_have_the_covariance_of_the_curvature():
    p, wrong = drawn(100, 1)
    found = calibrate(p, wrong, np.zeros(0))
    features = calibration._features(p)
    chance = 1 / (1 + np.exp(-features @ found.mean))
    curvature = (features.T * (chance * (1 - chance))) @ features + np.diag(calibration._precision())
    assert found.root @ found.root.T == pytest.approx(np.linalg.inv(curvature), abs=1e-9)
    drawn_weights = found.draw(20_000, np.random.default_rng(0))
    assert np.cov(drawn_weights.T) == pytest.approx(np.linalg.inv(curvature), abs=0.05)


def test_with_few_verdicts_the_probabilities_stand_and_with_many_they_give_way():
    ahead = np.linspace(0.05, 0.95, 19)

    def learnt(n):
        p, wrong = drawn(n, 2, lambda p: p**3)
        rng = np.random.default_rng(0)
        return calibrate(p, wrong, ahead).chances(slice(None), 4000, rng).mean(axis=0)

    # the prior's bends make probabilities less sure, no more
    few = calibrate(np.array([0.5]), np.array([True]), ahead).chances(
        slice(None), 4000, np.random.default_rng(0)
    )
    assert np.abs(few.mean(axis=0) - ahead).max() < 0.2
    assert (np.diff(few.mean(axis=0)) > 0).all()
    assert np.abs(learnt(4000) - ahead**3).max() < 0.07
    assert np.abs(learnt(4000) - ahead**3).mean() < np.abs(learnt(200) - ahead**3).mean()


@pytest.mark.parametrize("answer", [True, False])
def test_all_verdicts_alike_and_extreme_probabilities(answer):
    p = np.array([0.0, 1.0] * 50)
    found = calibrate(p, np.full(100, answer), np.array([0.0, 0.5, 1.0]))
    chances = found.chances(slice(None), 1000, np.random.default_rng(0))
    assert np.isfinite(chances).all()
    assert (chances >= 0).all()
    assert (chances <= 1).all()
    assert (chances.mean() > 0.5) == answer


def test_equal_probabilities_have_equal_features_in_any_order():
    p = np.array([0.5, 0.2, 0.5, 0.9])
    features = calibration._features(p)
    assert (features[0] == features[2]).all()
    assert (calibration._features(p[::-1]) == features[::-1]).all()
