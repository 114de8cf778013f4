"""Probabilities as the verdicts so far correct them, with what they leave open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Probabilities nearer to 0 or 1 than this count as so near: nobody is surer of a label than that.
SUREST = 1e-3

#: Bumps over the places in the order of probability: their number, their width as a share of the places, and how far,
#: in log odds, they may bend the curve by one standard deviation.
BUMPS, WIDTH, BEND = 21, 0.1, 1.5

#: Standard deviations of the prior of the intercept, around 0, and of the slope, around 1.
SHIFT, TILT = 1.0, 0.5

_STEPS = 100


@dataclass(frozen=True)
class Calibration:
    """What the probabilities of the queue may really be, as a normal distribution of weights.

    Attributes
    ----------
    mean : float array, shape (w,)
        The likeliest weights.
    root : float array, shape (w, w)
        Inverse of the transposed Cholesky factor of their precision.
    features : float array, shape (q, w)
        Of the items of the queue.
    """

    mean: Floats
    root: Floats
    features: Floats

    def draw(self, draws: int, rng: np.random.Generator) -> Floats:
        """Weights as they may be, shape (draws, w)."""
        return np.asarray(self.mean + rng.standard_normal((draws, len(self.mean))) @ self.root.T)

    def under(self, weights: Floats, part: slice) -> Floats:
        """Probabilities of a part of the queue under weights, shape (draws, length of the part)."""
        return _chance(weights @ self.features[part].T)

    def chances(self, part: slice, draws: int, rng: np.random.Generator) -> Floats:
        """Probabilities of a part of the queue under drawn weights, shape (draws, length of the part)."""
        return self.under(self.draw(draws, rng), part)


def calibrate(seen: Floats, wrong: npt.NDArray[np.bool_], ahead: Floats) -> Calibration:
    """Learn from decided items what the probabilities of the queue are really worth.

    Logistic regression of `wrong` on the log odds of the probability, with bumps (Gaussian curves) over the item's
    place among all items, decided or not, by probability: where verdicts are near, the curve follows them; further
    off, it falls back to the probabilities themselves, and says how little it knows. The prior: intercept 0 with
    standard deviation 1, slope 1 with 0.5, and a curve that bends by 1.5 in log odds. The weights' distribution is
    taken to be normal about the likeliest (Laplace).

    Parameters
    ----------
    seen : float array, shape (m,)
        Probabilities of the decided items, in [0, 1].
    wrong : bool array, shape (m,)
    ahead : float array, shape (q,)
        Probabilities of the queue, in [0, 1].

    Returns
    -------
    Calibration

    References
    ----------
    Laplace's approximation in logistic regression: C. Bishop, "Pattern Recognition and Machine Learning" (2006),
    section 4.5. Recalibration by logistic regression on the log odds: J. Platt, "Probabilistic outputs for support
    vector machines" (1999).
    """
    both = np.concatenate([seen, ahead])
    features = _features(both)
    used, target = features[: len(seen)], wrong.astype(np.float64)
    centre = np.zeros(features.shape[1])
    centre[1] = 1.0
    precision = _precision()
    weights = centre.copy()
    value = _log_posterior(weights, used, target, centre, precision)
    for _ in range(_STEPS):
        chance = _chance(used @ weights)
        slope = used.T @ (target - chance) - precision * (weights - centre)
        step = np.linalg.solve(_curvature(used, chance, precision), slope)
        # the posterior has one summit; a whole step may go past it
        for _ in range(60):
            further = _log_posterior(weights + step, used, target, centre, precision)
            if further >= value:
                break
            step = step / 2
        if further - value <= 1e-10 * (1 + abs(value)):
            break
        weights, value = weights + step, further
    curvature = _curvature(used, _chance(used @ weights), precision)
    root = np.linalg.inv(np.linalg.cholesky(curvature)).T
    return Calibration(weights, root, features[len(seen) :])


def _features(probability: Floats) -> Floats:
    clipped = np.clip(probability, SUREST, 1 - SUREST)
    odds = np.log(clipped / (1 - clipped))
    # equal probabilities share their middle place
    values, index, times = np.unique(probability, return_inverse=True, return_counts=True)
    middle = np.cumsum(times) - times / 2
    place = (middle / max(len(probability), 1))[index] if len(values) else np.zeros(0)
    bumps = np.exp(-((place[:, None] - np.linspace(0, 1, BUMPS)) ** 2) / (2 * WIDTH**2))
    return np.concatenate([np.ones((len(odds), 1)), odds[:, None], bumps], axis=1)


def _precision() -> Floats:
    """Prior precision of each weight; that of the bumps so that in the middle their sum varies by `BEND`."""
    spread = np.exp(-((0.5 - np.linspace(0, 1, BUMPS)) ** 2) / WIDTH**2).sum()
    return np.concatenate([[1 / SHIFT**2, 1 / TILT**2], np.full(BUMPS, spread / BEND**2)])


def _curvature(used: Floats, chance: Floats, precision: Floats) -> Floats:
    return np.asarray((used.T * (chance * (1 - chance))) @ used + np.diag(precision))


def _log_posterior(weights: Floats, used: Floats, target: Floats, centre: Floats, precision: Floats) -> float:
    z = used @ weights
    likelihood = float((target * z - np.logaddexp(0, z)).sum())
    return likelihood - float((precision * (weights - centre) ** 2).sum()) / 2


def _chance(z: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(z / 2)))
