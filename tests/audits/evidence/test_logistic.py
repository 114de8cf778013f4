"""Logistic regression with a prior, against scikit-learn and the equations of its optimum."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from audits.evidence.logistic import Logistic, fit_logistic, sigmoid

#: Standard deviation of the intercept's prior, as the docstring has it.
INTERCEPT = 3.0


def data(seed=0, n=200, d=4):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    y = rng.random(n) < 1 / (1 + np.exp(-(X @ np.linspace(1.5, -1, d) - 0.7)))
    return X, y, rng.uniform(0.2, 3, size=n)


@pytest.mark.parametrize("spread", [0.06, 0.25, 2.0])
def test_as_scikit_learn_has_it(spread):
    X, y, weights = data()
    found = fit_logistic(X, y, weights, np.zeros(4), np.full(4, spread))
    # a column scaled by its spread has a coefficient with the spread 1, which C = 1 stands for
    scaled = np.column_stack([np.full(len(X), INTERCEPT), X * spread])
    oracle = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-10, max_iter=10_000)
    expected = oracle.fit(scaled, y, sample_weight=weights).coef_[0]
    np.testing.assert_allclose(found.coefficients, expected[1:] * spread, atol=1e-4)
    assert found.intercept == pytest.approx(expected[0] * INTERCEPT, abs=1e-4)


def test_spreads_of_their_own():
    X, y, weights = data()
    spreads = np.array([0.05, 0.2, 1.0, 5.0])
    found = fit_logistic(X, y, weights, np.zeros(4), spreads)
    scaled = np.column_stack([np.full(len(X), INTERCEPT), X * spreads])
    oracle = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-10, max_iter=10_000)
    expected = oracle.fit(scaled, y, sample_weight=weights).coef_[0]
    np.testing.assert_allclose(found.coefficients, expected[1:] * spreads, atol=1e-4)


def test_with_prior_means_the_slope_of_the_posterior_is_zero():
    X, y, weights = data()
    means, spreads = np.array([1.0, -2.0, 0.5, 0.0]), np.array([0.1, 0.3, 1.0, 2.0])
    found = fit_logistic(X, y, weights, means, spreads)
    p = 1 / (1 + np.exp(-(found.intercept + X @ found.coefficients)))
    residual = weights * (p - y)
    np.testing.assert_allclose(X.T @ residual + (found.coefficients - means) / spreads**2, 0, atol=5e-3)
    assert residual.sum() + found.intercept / INTERCEPT**2 == pytest.approx(0, abs=5e-3)


def test_narrow_priors_hold_the_coefficients_at_their_means():
    X, y, weights = data()
    means = np.array([1.0, -2.0, 0.5, 0.0])
    found = fit_logistic(X, y, weights, means, np.full(4, 1e-4))
    np.testing.assert_allclose(found.coefficients, means, atol=1e-4)


def test_a_weight_of_two_is_a_row_twice():
    X, y, _ = data(n=60)
    twice = np.arange(60) < 20
    weighted = fit_logistic(X, y, 1.0 + twice, np.zeros(4), np.ones(4))
    doubled = fit_logistic(
        np.vstack([X, X[twice]]), np.concatenate([y, y[twice]]), np.ones(80), np.zeros(4), np.ones(4)
    )
    np.testing.assert_allclose(weighted.coefficients, doubled.coefficients, atol=1e-4)
    assert weighted.intercept == pytest.approx(doubled.intercept, abs=1e-4)


def test_data_that_a_line_separates_stay_finite():
    X = np.linspace(-1, 1, 50)[:, None]
    found = fit_logistic(X, X[:, 0] > 0, np.ones(50), np.zeros(1), np.full(1, 10.0))
    assert 5 < found.coefficients[0] < 100
    assert abs(found.intercept) < 1


@pytest.mark.parametrize("kind", [True, False])
def test_rows_of_one_kind_leave_the_intercept_finite(kind):
    X, _, weights = data(n=30)
    found = fit_logistic(X, np.full(30, kind), weights, np.zeros(4), np.ones(4))
    assert 0 < (found.intercept if kind else -found.intercept) < 10
    assert np.isfinite(found.coefficients).all()


def test_without_columns_the_intercept_is_the_share():
    y = np.arange(1000) < 250
    found = fit_logistic(np.empty((1000, 0)), y, np.ones(1000), np.empty(0), np.empty(0))
    assert sigmoid(np.array(found.intercept)) == pytest.approx(0.25, abs=1e-3)


def test_without_rows_the_prior_is_all_there_is():
    found = fit_logistic(np.empty((0, 2)), np.empty(0, bool), np.empty(0), np.array([1.0, -1.0]), np.ones(2))
    assert found.intercept == 0
    np.testing.assert_array_equal(found.coefficients, [1.0, -1.0])


def test_log_odds_are_the_intercept_and_the_columns():
    model = Logistic(0.5, np.array([2.0, -1.0]))
    np.testing.assert_allclose(model.log_odds(np.array([[1.0, 1.0], [0.0, 3.0]])), [1.5, -2.5])


def test_the_sigmoid():
    x = np.array([-1000.0, -2.0, 0.0, 2.0, 1000.0])
    np.testing.assert_allclose(sigmoid(x), [0, 1 / (1 + np.e**2), 0.5, 1 / (1 + np.e**-2), 1], atol=1e-15)
