"""When to stop: how many wrong labels the next items of the queue hold, forecast from the verdicts so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from audits.errors import UsageError
from audits.review.calibration import Calibration, calibrate

Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]

#: Draws that an interval is made of, and those of an effort curve, which is over the whole queue.
DRAWS = 4000
CURVE_DRAWS = 400

#: Items of the queue whose draws are held at a time.
CHUNK = 5000


@dataclass(frozen=True)
class Forecast:
    """Wrong labels among the next items of the queue.

    Attributes
    ----------
    upcoming : int
        How many items it is about: those asked for, or all of a shorter queue.
    expected : float or None
        Expected number of wrong labels among them, in [0, `upcoming`]; None where `reason` says why.
    low, high : int or None
        Ends of the interval that holds the number with probability `level`.
    level : float
        In (0, 1).
    after : int
        Decided items that it was learnt from.
    reason : str or None
        Why there is no forecast.
    """

    upcoming: int
    expected: float | None
    low: int | None
    high: int | None
    level: float
    after: int
    reason: str | None = None


@dataclass(frozen=True)
class EffortCurve:
    """Errors found against items reviewed: so far, and as it is expected to go on.

    Attributes
    ----------
    found : int64 array, shape (m + 1,)
        Wrong labels among the first 0, 1, ..., m decided items.
    reviewed : int64 array, shape (q,)
        Numbers of reviewed items beyond these, up to the end of the queue; rising.
    expected : float array, shape (q,)
        Wrong labels that are expected to be found by then, those so far counted in.
    low, high : float arrays, shape (q,)
        Ends of the interval of each, at `level`.
    level : float
    """

    found: npt.NDArray[np.int64]
    reviewed: npt.NDArray[np.int64]
    expected: Floats
    low: Floats
    high: Floats
    level: float


def forecast(
    probability_in_order: npt.ArrayLike,
    reviewed_probability: npt.ArrayLike,
    wrong: npt.ArrayLike,
    *,
    upcoming: int = 100,
    level: float = 0.95,
    seed: int = 0,
) -> Forecast:
    """Forecast the number of wrong labels among the next items of the queue.

    The probabilities are recalibrated on the verdicts so far, as `calibrate` says. Draws from what the calibration
    may be, and for each of them one draw whether each item is wrong, give the interval: it holds the spread of a sum
    of unequal coins (Poisson-binomial) as well as what the verdicts leave open.

    Verdicts need be no random sample: what is learnt is the share of wrong labels at a given probability, which
    choosing by the probability does not bias. It is biased where items were chosen by what the probability does not
    know, and no interval holds that the evidence is about to change.

    Parameters
    ----------
    probability_in_order : float array, shape (q,)
        Probability in [0, 1] that each label of the queue is wrong, next item first.
    reviewed_probability : float array, shape (m,)
        The same of the decided items, made without their own verdicts.
    wrong : bool array, shape (m,)
        Whether their label was found wrong.
    upcoming : int
        How many items, at least 1.
    level : float
        In (0, 1).
    seed : int

    Returns
    -------
    Forecast
        Without figures where nothing is decided, or the queue is empty.

    Raises
    ------
    UsageError
        When arrays do not fit together, a probability is outside of [0, 1], or an option out of range.
    """
    if upcoming < 1 or not 0 < level < 1:
        raise UsageError(f"forecast: expected upcoming >= 1 and 0 < level < 1, got {upcoming} and {level}")
    ahead, seen, right = checked(probability_in_order, reviewed_probability, wrong)
    n = min(upcoming, len(ahead))
    if not n or not len(seen):
        why = "the queue is empty" if not n else "nothing is decided yet"
        return Forecast(n, None, None, None, level, len(seen), why)
    rng = np.random.default_rng(seed)
    chances = calibrate(seen, right, ahead).chances(slice(0, n), DRAWS, rng)
    counts = (rng.random(chances.shape) < chances).sum(axis=1)
    low, high = _ends(counts, level)
    return Forecast(n, float(chances.mean(axis=0).sum()), int(low), int(high), level, len(seen))


def effort_curve(
    probability_in_order: npt.ArrayLike,
    reviewed_probability: npt.ArrayLike,
    wrong: npt.ArrayLike,
    *,
    points: int = 50,
    level: float = 0.95,
    seed: int = 0,
) -> EffortCurve:
    """Follow the errors found against the items reviewed, and go on as `forecast` expects to the end of the queue.

    Parameters
    ----------
    probability_in_order, reviewed_probability, wrong
        As `forecast` takes them; the decided items in the order in which they were decided.
    points : int
        At how many numbers of items the continuation is given at the most, at least 1.
    level : float
        In (0, 1), of the interval at each point.
    seed : int

    Returns
    -------
    EffortCurve
        Without a continuation where nothing is decided, or the queue is empty.

    Raises
    ------
    UsageError
        As `forecast` does.
    """
    if points < 1 or not 0 < level < 1:
        raise UsageError(f"effort curve: expected points >= 1 and 0 < level < 1, got {points} and {level}")
    ahead, seen, right = checked(probability_in_order, reviewed_probability, wrong)
    found = np.concatenate([[0], np.cumsum(right, dtype=np.int64)])
    at = np.unique(np.ceil(np.linspace(0, len(ahead), points + 1)[1:]).astype(np.int64))
    at = at[at > 0]
    if not len(seen) or not len(at):
        none = np.zeros(0)
        return EffortCurve(found, np.zeros(0, dtype=np.int64), none, none, none, level)
    rng = np.random.default_rng(seed)
    calibration = calibrate(seen, right, ahead)
    expected, counts = _sums_up_to(at, calibration, rng)
    low, high = _ends(counts, level)
    return EffortCurve(found, len(seen) + at, found[-1] + expected, found[-1] + low, found[-1] + high, level)


def _sums_up_to(
    at: npt.NDArray[np.int64], calibration: Calibration, rng: np.random.Generator
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Expected sums, shape (q,), and drawn ones, shape (draws, q), over the first items of the queue."""
    weights = calibration.draw(CURVE_DRAWS, rng)
    expected, counts = np.zeros(len(at)), np.zeros((CURVE_DRAWS, len(at)), dtype=np.int64)
    before = 0
    for i, end in enumerate(at.tolist()):
        if i:
            expected[i], counts[:, i] = expected[i - 1], counts[:, i - 1]
        for start in range(before, end, CHUNK):
            chances = calibration.under(weights, slice(start, min(start + CHUNK, end)))
            expected[i] += chances.mean(axis=0).sum()
            counts[:, i] += (rng.random(chances.shape) < chances).sum(axis=1)
        before = end
    return expected, counts


def _ends(counts: npt.NDArray[np.integer], level: float) -> tuple[Floats, Floats]:
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(counts, tails, axis=0, method="inverted_cdf")
    return low, high


def checked(
    probability_in_order: npt.ArrayLike, reviewed_probability: npt.ArrayLike, wrong: npt.ArrayLike
) -> tuple[Floats, Floats, Bools]:
    """The three arrays, or UsageError with what is wrong with them."""
    ahead = np.asarray(probability_in_order, dtype=np.float64)
    seen = np.asarray(reviewed_probability, dtype=np.float64)
    right = np.asarray(wrong, dtype=np.bool_)
    if ahead.ndim != 1 or seen.ndim != 1 or seen.shape != right.shape:
        raise UsageError(
            f"forecast: expected a probability for each of the {right.size} decided items, got {seen.size}"
        )
    for name, values in (("queue", ahead), ("decided items", seen)):
        if bad := int((~((values >= 0) & (values <= 1))).sum()):
            raise UsageError(
                f"forecast: {bad} of {len(values)} probabilities of the {name} are not in [0, 1]"
            )
    return ahead, seen, right
