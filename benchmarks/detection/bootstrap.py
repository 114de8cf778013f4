"""Resamples of the judged items: of items, or of whole groups of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audits.inference.resamples import Resamples

#: What intervals hold, nominally.
LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A value and the percentile interval of its replicates; both bounds NaN where there are none."""

    value: float
    low: float
    high: float


def resampled(n: int, replicates: int, seed: int, groups: npt.NDArray[np.int64] | None = None) -> np.ndarray:
    """How often each item is drawn, shape (replicates, n).

    The draws depend on the number of items (or of groups), the replicate and the seed alone: what is measured on the
    same items is resampled alike, and differences are paired.

    Parameters
    ----------
    n : int
    replicates : int
        May be 0.
    seed : int
    groups : int array, shape (n,), optional
        Items of one group are drawn together.
    """
    if replicates == 0:
        return np.empty((0, n), dtype=np.uint8)
    if groups is None:
        return _drawn(n, replicates, seed)
    names, of_item = np.unique(groups, return_inverse=True)
    return _drawn(len(names), replicates, seed)[:, of_item.reshape(-1)]


def _drawn(n: int, replicates: int, seed: int) -> np.ndarray:
    blocks = Resamples(n, replicates, seed).blocks()
    return np.concatenate([counts for _, counts in blocks])


def interval(value: float, replicates: npt.NDArray[np.float64]) -> Interval:
    """The percentile interval at 95 % around a value; replicates in which it is not defined are left out."""
    defined = replicates[np.isfinite(replicates)]
    if not len(defined):
        return Interval(value, np.nan, np.nan)
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(value, float(low), float(high))
