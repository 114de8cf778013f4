"""What could change the ranking of the models comes first."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audits.review.ordering.candidates import Candidates, Order

NAME = "rank-impact"

#: Items whose hits are held at a time.
CHUNK = 50_000

_Floats = npt.NDArray[np.float64]


def order(candidates: Candidates) -> Order:
    """Order by the expected movement of the differences between models, close pairs weighing most.

    `impact` is what an item is ordered by, highest first. Items on which all models do the same move nothing and
    come last, by their probability; so does everything where there are fewer than two models.

    Parameters
    ----------
    candidates : Candidates
        n items, with the predictions of M models for all items of the dataset.

    Returns
    -------
    intp array, shape (n,)
        Positions of the items, first to be reviewed first.
    """
    return candidates.best_first(impact(candidates))


def impact(candidates: Candidates) -> _Floats:
    """The expected movement of the differences between models, for each item.

    Were item i's label the suggested one, model a would gain g_a = [a predicts the suggested class] - [a predicts the
    given one] hits, in {-1, 0, 1}. With D_ab the difference of the accuracies of a and b on the given labels and s_ab
    its standard error, paired over the items, the impact of i is p_i sum over pairs of w_ab |g_a - g_b|, where
    w_ab = exp(-(D_ab / s_ab)^2 / 2) / s_ab: movement counts in standard errors, and a pair whose order is as good as
    certain counts for nothing. Pairs that never differ have no standard error and count for nothing.

    Parameters
    ----------
    candidates : Candidates
        n items.

    Returns
    -------
    float array, shape (n,)
        At least 0; in standard errors times N, the number of items of the dataset.
    """
    n = len(candidates)
    if len(candidates.predicted) < 2 or n == 0:
        return np.zeros(n)
    weights = _pair_weights(candidates)
    total = np.zeros(n)
    for start in range(0, n, CHUNK):
        rows = candidates.rows[start : start + CHUNK]
        suggested = candidates.suggested[start : start + CHUNK]
        given = candidates.labels[rows]
        predicted = np.stack([p[rows] for p in candidates.predicted.values()])
        gain = ((predicted == suggested) & (suggested >= 0)).astype(np.int8) - (predicted == given)
        up, same, down = ((gain == g).astype(np.float64) for g in (1, 0, -1))
        # |g_a - g_b| is 1 between neighbouring gains and 2 between up and down
        total[start : start + CHUNK] = ((weights @ same) * (up + down)).sum(axis=0) + 2 * (
            (weights @ down) * up
        ).sum(axis=0)
    return np.asarray(candidates.probability * total, dtype=np.float64)


def _pair_weights(candidates: Candidates) -> _Floats:
    """w_ab of all pairs of models, shape (M, M): symmetric, with zeros on the diagonal."""
    n = len(candidates.labels)
    models = list(candidates.predicted.values())
    both = np.zeros((len(models), len(models)))
    for start in range(0, n, CHUNK):
        labels = candidates.labels[start : start + CHUNK]
        right = np.stack([p[start : start + CHUNK] == labels for p in models]).astype(np.float64)
        both += right @ right.T
    hits = np.diag(both)
    difference = (hits[:, None] - hits[None, :]) / n
    # the items that exactly one of the two has right; the mean square of a difference in {-1, 0, 1}
    apart = (hits[:, None] + hits[None, :] - 2 * both) / n
    error = np.sqrt(np.maximum(apart - difference**2, 0.0) / n)
    sure = error <= 0
    z = difference / np.where(sure, 1.0, error)
    return np.where(sure, 0.0, np.exp(-(z**2) / 2) / np.where(sure, 1.0, error))
