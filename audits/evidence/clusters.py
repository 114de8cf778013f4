"""Errors come in clusters: what the other items of the same group say of an item."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats64 = npt.NDArray[np.float64]

#: A group counts as if this many more items of it were like all items.
PRIOR_ITEMS = 5.0


def others_rate(values: Floats64, groups: npt.NDArray[np.integer]) -> Floats64:
    """Log odds of a mean over the other items of an item's group, against those over all items.

    Parameters
    ----------
    values : float array, shape (n,)
        How likely each item's label is wrong, in [0, 1].
    groups : int array, shape (n,)
        Group of each item, 0 or more; -1: in none.

    Returns
    -------
    float array, shape (n,)
        Positive where the others of the group are worse than all are; 0 for an item in no group. The item itself is
        left out, and the mean is drawn towards that of all items as `PRIOR_ITEMS` more items would.
    """
    inside = groups >= 0
    if not inside.any():
        return np.zeros(len(values))
    overall = float(np.clip(values[inside].mean(), 1e-6, 1 - 1e-6))
    at = groups[inside]
    count = np.bincount(at)[at]
    total = np.bincount(at, values[inside])[at]
    rate = (total - values[inside] + PRIOR_ITEMS * overall) / (count - 1 + PRIOR_ITEMS)
    out = np.zeros(len(values))
    out[inside] = _log_odds(np.clip(rate, 1e-6, 1 - 1e-6)) - _log_odds(np.array(overall))
    return out


def _log_odds(p: Floats64) -> Floats64:
    return np.asarray(np.log(p) - np.log1p(-p), dtype=np.float64)
