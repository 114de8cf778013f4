"""Which items are reviewed: at random, from the top of a queue, with a control sample, or with exploration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

#: Share of a queue from the top that is a random control sample of the rest.
CONTROL = 0.2
#: Share of a queue with exploration that is spread over all items alike.
EXPLORE = 0.5


@dataclass(frozen=True)
class Picked:
    """Items that are reviewed.

    Attributes
    ----------
    places : int array, shape (r,)
        Which of the items that could be.
    inclusion : float array, shape (r,)
        How likely each was to be among them, in (0, 1].
    """

    places: npt.NDArray[np.int64]
    inclusion: npt.NDArray[np.float64]


def at_random(n: int, many: int, rng: np.random.Generator) -> Picked:
    """So many of n, all alike."""
    places = np.sort(rng.choice(n, many, replace=False))
    return Picked(places, np.full(many, many / n))


def from_the_top(score: np.ndarray, many: int) -> Picked:
    """The so many of the highest score, taken for a random sample: what is wrong with a naive refit."""
    return Picked(np.argsort(-score, kind="stable")[:many], np.full(many, many / len(score)))


def with_control(score: np.ndarray, many: int, rng: np.random.Generator) -> Picked:
    """From the top, but for a random sample of the rest as a control: certain above, with a small chance below."""
    top, drawn = top_and_control(score, many, CONTROL, rng)
    rest = len(score) - len(top)
    return Picked(np.r_[top, drawn], np.r_[np.ones(len(top)), np.full(len(drawn), len(drawn) / rest)])


def top_and_control(
    score: np.ndarray, many: int, share: float, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """So many items, the given share of them at random from what the top leaves: the top, and the control."""
    control = round(many * share)
    order = np.argsort(-score, kind="stable")
    top, rest = order[: many - control], order[many - control :]
    return top, rng.choice(rest, control, replace=False)


def explored(probability: np.ndarray, many: int, rng: np.random.Generator) -> Picked:
    """Half by the probability of being wrong, half by nothing: every item has a chance, and it is known.

    Systematic sampling over the items in random order (Madow 1949): exactly `many` items, each with its chance.
    """
    n = len(probability)
    weight = (1 - EXPLORE) * probability / max(probability.sum(), 1e-12) + EXPLORE / n
    chance = np.minimum(many * weight, 1.0)
    while not np.isclose(chance.sum(), many):  # what is certain leaves its surplus to the others
        free = chance < 1.0
        chance[free] = np.minimum(chance[free] * (many - (~free).sum()) / chance[free].sum(), 1.0)
    order = rng.permutation(n)
    steps = np.cumsum(chance[order])
    marks = rng.random() + np.arange(many)
    places = order[np.minimum(np.searchsorted(steps, marks, side="right"), n - 1)]
    return Picked(places, chance[places])
