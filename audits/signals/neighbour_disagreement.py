"""Items whose nearest neighbours mostly have another label."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse

from audits.feature_config import NeighbourDisagreementConfig
from audits.outputs import Ints
from audits.signals.base import Floats64, agreement_vote, signal_table
from audits.signals.inputs import Inputs, Neighbours
from audits.signals.neighbours import chosen, graph_of

NAME = "neighbour_disagreement"

#: How many votes of neighbours the prior counts as: half for the given label, half against it.
PRIOR = 0.5


def detect(inputs: Inputs, params: NeighbourDisagreementConfig) -> pa.Table:
    """Score each item by the votes of its nearest neighbours for its given label.

    Parameters
    ----------
    inputs : Inputs
        n items with features; with their graphs where they were made already.
    params : NeighbourDisagreementConfig
        `neighbours` are asked by each of the `features`; `min_share` of the votes flags.

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.SIGNALS`. The score is the share of the votes that the given label has, shrunk towards
        1/2 by half a vote; 1/2 where an item has no neighbours. The suggested label is the other one with most votes
        (of equally many the first in class order; null where all neighbours have the given label). Flagged
        are items of which that label has `min_share` of the votes, and more than the given one.

    Raises
    ------
    InputError
        When there are no features, or none of a name.

    Notes
    -----
    The item itself has no vote. A neighbour at the distance r votes with exp(-r / m), m the mean distance of the item's
    neighbours, divided by the fourth root of its label's count: a rare class is not outvoted by being rare alone. Of
    no root, the fourth and the square root it was the one that kept both recall and precision on sets with 5 to 20 %
    planted errors and classes of 20 beside 1,000 and of 25 beside 5,000 items. With several features the shares of
    each are averaged, over those by which the item has neighbours. Features by which an item is equal to all the
    neighbours asked have no say on it: there may be more such items, and which of them are asked is arbitrary.

    References
    ----------
    Wilson: Asymptotic Properties of Nearest Neighbor Rules Using Edited Data (1972), doi:10.1109/TSMC.1972.4309137.
    """
    n, labels = len(inputs), inputs.labels
    graphs = [graph_of(inputs, f, params.neighbours) for f in chosen(inputs, NAME, params)]
    shares = counts = sparse.csr_array((n, inputs.n_classes))
    asked, by = np.zeros(n), np.zeros(n)
    for graph in graphs:
        voted, counted, voters = _shares(graph, labels, inputs.n_classes)
        shares, counts = shares + voted, counts + counted
        asked += voters
        by += voters > 0
    per = np.maximum(by, 1)
    given, other, label = _given_and_other(shares, labels)
    given, other = given / per, other / per
    votes = asked / per
    score = (votes * given + PRIOR / 2) / (votes + PRIOR)
    flagged = np.flatnonzero((label >= 0) & agreement_vote(other, params.min_share) & (other > given))
    order = flagged[np.argsort(score[flagged], kind="stable")]
    reasons: list[str | None] = [None] * n
    for row in order.tolist():
        found = int(counts[row, label[row]])
        features = f" by {int(by[row])} features" if by[row] > 1 else ""
        reasons[row] = (
            f"{found} of its {int(asked[row])} nearest neighbours{features} are labelled {inputs.called(label[row])}"
        )
    return signal_table(
        inputs.item_ids,
        NAME,
        None,
        score=np.clip(score, 0.0, 1.0),
        flagged_in_order=order,
        suggested=label,
        reasons=reasons,
    )


def _shares(
    graph: Neighbours, labels: Ints, n_classes: int
) -> tuple[sparse.csr_array, sparse.csr_array, npt.NDArray[np.float64]]:
    """Of each item the share of the votes that each label has, how many neighbours have it, and how many there are."""
    there = graph.rows >= 0
    if 0 < there.shape[1] < len(labels) - 1:
        there &= ~(graph.distances == 0).all(axis=1)[:, None]
    voters = there.sum(axis=1)
    distance = np.where(there, graph.distances, 0).astype(np.float64)
    mean = distance.sum(axis=1) / np.maximum(voters, 1)
    vote = np.exp(-distance / np.where(mean > 0, mean, 1.0)[:, None])
    rows, columns = np.nonzero(there)
    of = labels[graph.rows[rows, columns]]
    weight = vote[rows, columns] / np.bincount(labels, minlength=n_classes)[of] ** 0.25
    total = np.bincount(rows, weight, minlength=len(labels))
    size = (len(labels), n_classes)
    shares = sparse.coo_array((weight / total[rows], (rows, of)), shape=size).tocsr()
    return (
        shares,
        sparse.coo_array((np.ones(len(rows)), (rows, of)), shape=size).tocsr(),
        voters.astype(float),
    )


def _given_and_other(shares: sparse.csr_array, labels: Ints) -> tuple[Floats64, Floats64, Ints]:
    """The share of the given label, the largest of another one, and which that is (-1: none)."""
    n = len(labels)
    rows = np.repeat(np.arange(n), np.diff(shares.indptr))
    own = shares.indices == labels[rows]
    given: Floats64 = np.bincount(rows[own], shares.data[own], minlength=n).astype(np.float64)
    rows, columns, share = rows[~own], shares.indices[~own], shares.data[~own]
    # sums in another order differ in the last bits, which are no reason to prefer a class
    order = np.lexsort((columns, -np.round(share, 12), rows))
    best, at = np.unique(rows[order], return_index=True)
    other: Floats64 = np.zeros(n)
    label: Ints = np.full(n, -1, dtype=np.int32)
    other[best], label[best] = share[order][at], columns[order][at]
    return given, other, label
