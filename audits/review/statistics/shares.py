"""Shares with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audits.inference.proportion import wilson

#: Nominal coverage of all intervals of the statistics.
LEVEL = 0.95


@dataclass(frozen=True)
class Share:
    """So many of so many.

    Attributes
    ----------
    count, n : int
    low, high : float or None
        Wilson's 95 % interval of the share, in [0, 1]; None where n is 0.
    """

    count: int
    n: int
    low: float | None
    high: float | None

    @property
    def value(self) -> float | None:
        """The share in [0, 1]; None of nothing."""
        return self.count / self.n if self.n else None


def share(count: int, n: int) -> Share:
    """A share with its interval.

    Raises
    ------
    UsageError
        When count is negative or above n.

    Examples
    --------
    >>> found = share(84, 100)
    >>> found.value, round(found.low, 4), round(found.high, 4)
    (0.84, 0.7558, 0.899)
    """
    return shares([count], [n])[0]


def shares(counts: Sequence[int], sizes: Sequence[int]) -> list[Share]:
    """Shares with their intervals, of many at once."""
    ends = wilson(list(counts), list(sizes), LEVEL)
    return [
        Share(c, n, float(low), float(high)) if n else Share(c, n, None, None)
        for c, n, low, high in zip(counts, sizes, ends.low.tolist(), ends.high.tolist(), strict=True)
    ]
