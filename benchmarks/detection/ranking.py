"""What a method says of a dataset: a score of every item, perhaps from several draws of verdicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Whether a method of this name is asked for.
Wanted = Callable[[str], bool]


@dataclass(frozen=True)
class Draw:
    """One run of a method.

    Attributes
    ----------
    score : float array, shape (n,)
        Of all items; higher: likelier wrong.
    left : bool array, shape (m,)
        Judged items that it is judged on: none whose verdict it used.
    """

    score: Floats
    left: Bools


@dataclass(frozen=True)
class Ranking:
    """One method on one dataset.

    Attributes
    ----------
    method : str
    draws : tuple of Draw
        At least one; figures are means over them.
    probability : bool
        Whether the score is a probability of being wrong, so that its calibration error means something.
    effort_only : bool
        Whether the score is an order in which items were reviewed, some of them at random: only what was found by
        then means something.
    """

    method: str
    draws: tuple[Draw, ...]
    probability: bool = False
    effort_only: bool = False


def single(method: str, score: Floats, left: Bools, *, probability: bool = False) -> Ranking:
    """A method that uses no verdicts."""
    return Ranking(method, (Draw(np.asarray(score, dtype=np.float64), left),), probability)
