"""How good each annotator is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audits.annotators.aggregate import Aggregate
from audits.annotators.agreement import pairs_that_agree
from audits.annotators.votes import Floats64
from audits.inference.proportion import wilson


@dataclass(frozen=True)
class Quality:
    """Figures of each of w annotators, in the order of the annotators' names.

    Attributes
    ----------
    labels : integer array, shape (w,)
        How many annotations are theirs.
    shared : integer array, shape (w,)
        How many of these are on items that somebody else annotated too. All other figures are over them; where there
        are none they are NaN.
    with_others : float64 array, shape (w,)
        Share of the other annotations of these items that are equal to theirs, in [0, 1].
    with_consensus : float64 array, shape (w,)
        Share of their labels that are the consensus, in [0, 1]. Their own labels are part of it.
    accuracy : float64 array, shape (w,)
        Mean probability of their labels, in [0, 1]: the share expected to be right if the model is.
    low, high : float64 arrays, shape (w,)
        Ends of the interval of the accuracy.
    level : float
        The interval's nominal coverage.
    """

    labels: npt.NDArray[np.intp]
    shared: npt.NDArray[np.intp]
    with_others: Floats64
    with_consensus: Floats64
    accuracy: Floats64
    low: Floats64
    high: Floats64
    level: float


def quality(aggregate: Aggregate, level: float = 0.95) -> Quality:
    """Estimate how good each annotator is from what the annotations came to.

    Parameters
    ----------
    aggregate : Aggregate
    level : float
        Nominal coverage of the intervals, in (0, 1).

    Returns
    -------
    Quality

    Raises
    ------
    UsageError
        When the level is out of range.

    Notes
    -----
    An item with one annotation says nothing of its annotator, whose label is the consensus there, so it is left out.
    The interval is Wilson's, of the expected number of right labels; it takes the probabilities as they are, and so
    does not hold what is unsure in the consensus itself.
    """
    votes = aggregate.votes
    shared = votes.by_item()[votes.item] > 1
    columns = aggregate.columns_of(votes.classes)[votes.label]
    probability = aggregate.posterior[votes.item, columns] if len(votes) else np.empty(0)
    hit = votes.classes[votes.label] == aggregate.labels[votes.item] if len(votes) else np.empty(0, bool)
    number = votes.by_annotator(shared.astype(np.float64))
    # rounding may take a sum of probabilities past their number
    right = np.minimum(votes.by_annotator(np.where(shared, probability, 0.0)), number)
    agreeing, compared = pairs_that_agree(votes)
    ends = wilson(right, number, level)
    return Quality(
        labels=votes.by_annotator().astype(np.intp),
        shared=number.astype(np.intp),
        with_others=_share(agreeing, compared),
        with_consensus=_share(votes.by_annotator((hit & shared).astype(np.float64)), number),
        accuracy=_share(right, number),
        low=ends.low,
        high=ends.high,
        level=level,
    )


def _share(part: npt.NDArray[np.number], whole: npt.NDArray[np.number]) -> Floats64:
    return np.asarray(np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0))
