"""How many wrong labels are to be expected along a queue, fast also where the queue is long."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from audits.review.calibration import calibrate
from audits.review.forecast import CURVE_DRAWS, checked
from audits.review.statistics.shares import LEVEL

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]

#: Items between two places that are drawn for one by one; more are put into so many groups of like probability.
GROUPS = 40


@dataclass(frozen=True)
class Ahead:
    """Wrong labels that are expected among the first items of a queue.

    Attributes
    ----------
    items : int64 array, shape (q,)
        Numbers of items; rising.
    expected : float array, shape (q,)
        Wrong labels among them.
    low, high : float arrays, shape (q,)
        Ends of the 95 % interval.
    """

    items: Whole
    expected: Floats
    low: Floats
    high: Floats

    def __len__(self) -> int:
        return len(self.items)


def ahead(
    probability_in_order: npt.ArrayLike,
    seen: npt.ArrayLike,
    wrong: npt.ArrayLike,
    *,
    points: int = 50,
    seed: int = 0,
) -> Ahead:
    """Forecast the wrong labels among the first items of a queue, as `forecast.effort_curve` does.

    Where more than `GROUPS` items lie between two places, those of like probability share the one in the middle, and
    one binomial draw stands for all of them; else it is the same item by item.

    Parameters
    ----------
    probability_in_order : float array, shape (q,)
        Probability in [0, 1] that each label of the queue is wrong, next item first.
    seen : float array, shape (m,)
        The same of decided items, made without their own verdicts.
    wrong : bool array, shape (m,)
        Whether their label was found wrong.
    points : int
        At how many places at the most.
    seed : int

    Returns
    -------
    Ahead
        Empty where nothing is decided, or the queue is empty.

    Raises
    ------
    UsageError
        As `forecast.effort_curve` does.
    """
    queue, known, right = checked(probability_in_order, seen, wrong)
    at = np.unique(np.ceil(np.linspace(0, len(queue), points + 1)[1:]).astype(np.int64))
    at = at[at > 0]
    if not len(known) or not len(at):
        return Ahead(np.zeros(0, dtype=np.int64), *(np.zeros(0) for _ in range(3)))
    rng = np.random.default_rng(seed)
    calibration = calibrate(known, right, queue)
    middle, size, ends = _grouped(queue, at)
    weights = calibration.draw(CURVE_DRAWS, rng)
    chances = replace(calibration, features=calibration.features[middle]).under(weights, slice(None))
    drawn = np.cumsum(rng.binomial(size, chances), axis=1)[:, ends]
    expected = np.cumsum(chances.mean(axis=0) * size)[ends]
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    low, high = np.quantile(drawn, tails, axis=0, method="inverted_cdf")
    return Ahead(at, expected, low.astype(np.float64), high.astype(np.float64))


def _grouped(queue: Floats, at: Whole) -> tuple[Whole, Whole, Whole]:
    """The item that stands for each group, how many it stands for, and the last group before each place."""
    middle, size, ends = [], [], []
    first = 0
    for last in at.tolist():
        order = first + np.argsort(queue[first:last], kind="stable")
        for group in np.array_split(order, min(len(order), GROUPS)):
            middle.append(int(group[len(group) // 2]))
            size.append(len(group))
        ends.append(len(size) - 1)
        first = last
    return np.array(middle), np.array(size), np.array(ends)
