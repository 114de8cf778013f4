"""Errors found against items reviewed, so far and as it is expected to go on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audits.review.statistics.ahead import Ahead, Bools, Floats, ahead
from audits.review.statistics.gathered import Gathered


@dataclass(frozen=True)
class Effort:
    """Errors found against items reviewed.

    Attributes
    ----------
    found : tuple of int
        Errors among the first 0, 1, ..., m decided items, in the order of deciding.
    ahead : Ahead
        How it is expected to go on, to the end of the queue: items and errors are counted from the first reviewed item.
    left : int
        Items of the queue that are still to be reviewed, gold items and reopened ones not counted.
    unknown : int
        Those of them of which the newest run gives no probability: the curve ends before them.
    reason : str or None
        Why nothing is expected, in words.
    """

    found: tuple[int, ...]
    ahead: Ahead
    left: int
    unknown: int
    reason: str | None = None


def effort(gathered: Gathered, *, seed: int = 0) -> Effort:
    """Follow the errors found against the items reviewed, and go on as `ahead` expects.

    Gold items and reopened ones are passed over.

    Parameters
    ----------
    gathered : Gathered
    seed : int
    """
    waiting = [q for q in gathered.waiting if q.stratum != "gold" and not gathered.reopened(q)]
    likely = [q.probability for q in waiting if q.probability is not None]
    seen, wrong = learnt_from(gathered)
    further = ahead(np.array(likely, dtype=np.float64), seen, wrong, seed=seed)
    found = np.cumsum([0, *(bool(f.wrong) for _, f in gathered.decided)])
    done, errors = len(found) - 1, int(found[-1])
    further = Ahead(
        further.items + done, further.expected + errors, further.low + errors, further.high + errors
    )
    reason = None
    if not waiting:
        reason = "the queue is empty"
    elif not len(seen):
        reason = "nothing is decided yet that the newest run gives a probability of"
    elif not likely:
        reason = "the newest run gives no probability: it has learnt from no verdicts yet"
    return Effort(tuple(found.tolist()), further, len(waiting), len(waiting) - len(likely), reason)


def learnt_from(gathered: Gathered) -> tuple[Floats, Bools]:
    """Probabilities of the decided items, made without their own verdicts, and whether their labels were found wrong.

    Returns
    -------
    seen : float array, shape (m,)
    wrong : bool array, shape (m,)
    """
    known = [(q.probability, bool(f.wrong)) for q, f in gathered.decided if q.probability is not None]
    return (
        np.array([p for p, _ in known], dtype=np.float64),
        np.array([w for _, w in known], dtype=np.bool_),
    )
