"""Logistic regression drawn towards a prior, each coefficient by a strength of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Logistic:
    """A fitted model: log odds = `intercept` + X @ `coefficients`."""

    intercept: float
    coefficients: Floats64

    def log_odds(self, X: Floats64 | sparse.csr_array) -> Floats64:
        """Log odds of each row, shape (n,)."""
        return np.asarray(self.intercept + X @ self.coefficients, dtype=np.float64)


def fit_logistic(
    X: Floats64 | sparse.csr_array,
    y: npt.NDArray[np.bool_] | Floats64,
    weights: Floats64,
    means: Floats64,
    spreads: Floats64,
) -> Logistic:
    """Fit by penalized likelihood, which is the mode of the posterior.

    Parameters
    ----------
    X : float array or sparse array, shape (n, d)
    y : bool or float array, shape (n,)
        Whether each row is of the kind, or how likely it is.
    weights : float array, shape (n,)
        Of the rows, positive.
    means, spreads : float arrays, shape (d,)
        Each coefficient is drawn towards its mean with a normal prior of this standard deviation. The intercept has a
        spread of 3, so that rows of one kind alone leave it finite.

    Returns
    -------
    Logistic
    """
    from scipy.optimize import minimize

    centre, precision = np.append(0.0, means), 1.0 / np.append(3.0, spreads) ** 2
    target = y.astype(np.float64)

    def loss(w: Floats64) -> tuple[float, Floats64]:
        odds = w[0] + X @ w[1:]
        value = float(weights @ (np.logaddexp(0.0, odds) - target * odds))
        residual = weights * (sigmoid(odds) - target)
        slope = np.append(residual.sum(), X.T @ residual)
        away = w - centre
        return value + 0.5 * float(precision @ away**2), slope + precision * away

    found = minimize(loss, centre, jac=True, method="L-BFGS-B", options={"maxiter": 1000, "ftol": 1e-12})
    return Logistic(float(found.x[0]), np.asarray(found.x[1:], dtype=np.float64))


def sigmoid(x: Floats64) -> Floats64:
    """1 / (1 + exp(-x)), without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)), dtype=np.float64)
