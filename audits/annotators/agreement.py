"""How far annotators agree beyond chance: Krippendorff's alpha for nominal labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from audits.annotators.votes import Floats64, Positions, Votes, votes_of
from audits.inference.percentile import percentile
from audits.inference.resamples import Resamples, sums
from audits.signals.inputs import Annotations


@dataclass(frozen=True)
class Agreement:
    """Krippendorff's alpha of a set of annotations.

    Attributes
    ----------
    alpha : float or None
        1: all agree; 0: as by chance; below 0: less than by chance. None where `reason` says why there is none.
    low, high : float or None
        Ends of its interval; None too where alpha is over one item, which says nothing of how items differ.
    level : float
        The interval's nominal coverage.
    items : int
        How many items have two annotations or more: what alpha is over.
    annotations : int
        How many annotations these items have.
    reason : str or None
        Why there is no alpha, in words.
    """

    alpha: float | None
    low: float | None
    high: float | None
    level: float
    items: int
    annotations: int
    reason: str | None = None


def krippendorff(
    annotations: Annotations, n_classes: int, *, level: float = 0.95, replicates: int = 1000, seed: int = 0
) -> Agreement:
    """Give Krippendorff's alpha for nominal labels, with a bootstrap interval over the items.

    Items with fewer than two annotations have nothing to compare and are left out; annotators need not have
    labelled the same items.

    Parameters
    ----------
    annotations : Annotations
    n_classes : int
        K.
    level : float
        Nominal coverage of the interval, in (0, 1).
    replicates : int
        How many resamples of the items.
    seed : int

    Returns
    -------
    Agreement
        Without an alpha where no item has two annotations, or where all that are compared are of one class: then
        chance would agree as well. A resample of one class alone has none either and is left out of the interval.

    Raises
    ------
    UsageError
        When level, replicates or seed are out of range.
    InputError
        When the annotations are not sound.

    Notes
    -----
    The interval holds the annotators fixed and takes the items for a sample; items with one annotation are no part
    of it.

    References
    ----------
    K. Krippendorff: Computing Krippendorff's Alpha-Reliability (2011).
    """
    votes = votes_of(annotations, n_classes)
    number = votes.by_item()
    rows = np.flatnonzero(number > 1)
    resamples = Resamples(len(rows), replicates, seed)
    compared = int(number[rows].sum())
    counts = votes.counts[rows]
    if not len(rows):
        return Agreement(None, None, None, level, 0, 0, "no item has two annotations")
    if np.count_nonzero(counts.sum(axis=0)) < 2:
        why = "all annotations of items with two or more are of one class"
        return Agreement(None, None, None, level, len(rows), compared, why)
    # of the ordered pairs within an item, those that differ, in shares of the pairs that an annotation is in
    disagreeing = (number[rows] ** 2 - (counts**2).sum(axis=1)) / (number[rows] - 1)
    parts = np.column_stack([disagreeing, counts])
    alpha = _alpha(parts.sum(axis=0, keepdims=True))[0]
    if len(rows) < 2:
        return Agreement(float(alpha), None, None, level, len(rows), compared)
    drawn = np.concatenate([_alpha(total) for _, total in sums(sparse.csr_array(parts), resamples)])
    ends = percentile(drawn, level)
    return Agreement(float(alpha), float(ends.low), float(ends.high), level, len(rows), compared)


def _alpha(total: Floats64) -> Floats64:
    """Alpha of each row of sums: disagreeing pairs, then annotations by class."""
    by_class = total[:, 1:]
    number = by_class.sum(axis=1)
    by_chance = number**2 - (by_class**2).sum(axis=1)
    some = by_chance > 0
    ratio = np.divide((number - 1) * total[:, 0], by_chance, out=np.full(len(total), np.nan), where=some)
    return np.asarray(1 - ratio)


def pairs_that_agree(votes: Votes) -> tuple[Positions, Positions]:
    """Count, for each annotator, the annotations of others on the same items, and those of them that are equal.

    Returns
    -------
    agreeing, compared : integer arrays, shape (w,)
    """
    number, counts = votes.by_item(), votes.counts
    agreeing = votes.by_annotator(counts[votes.item, votes.label] - 1)
    return agreeing.astype(np.intp), votes.by_annotator(number[votes.item] - 1).astype(np.intp)
