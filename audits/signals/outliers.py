"""Items far from all others, by cleanlab's out-of-distribution score over the shared graph."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from audits.feature_config import OutliersConfig
from audits.outputs import Ints
from audits.signals.base import Bools, Floats64, signal_table
from audits.signals.inputs import Inputs, Neighbours
from audits.signals.neighbours import chosen, graph_of

NAME = "outliers"

#: How many times the distance of the quartiles an outlier's mean distance lies above the upper one, as in
#: cleanlab's Datalab.
SPREADS = 1 / 0.37037 - 1


def detect(inputs: Inputs, params: OutliersConfig) -> pa.Table:
    """Score each item by how far its nearest neighbours are.

    Parameters
    ----------
    inputs : Inputs
        n items with features; with their graphs where they were made already.
    params : OutliersConfig
        `neighbours` by each of the `features`.

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.SIGNALS`. The score is that of `cleanlab.outlier.OutOfDistribution`, exp(-r / m) with r
        the mean distance to the neighbours and m its median over the items; with several features the mean over
        those by which the item has neighbours, 1 where it has none. Flagged are items of which r lies, by some
        features, above the upper quartile by 1.7 times the distance of the quartiles. No label is suggested: what is
        far from everything is not nearer to another class.

    Raises
    ------
    InputError
        When there are no features, or none of a name.

    References
    ----------
    Kuan and Mueller: Back to the Basics: Revisiting Out-of-Distribution Detection Baselines (2022), arXiv:2207.03061.
    """
    n = len(inputs)
    total, by, flagged = np.zeros(n), np.zeros(n), np.zeros(n, dtype=bool)
    reasons: list[str | None] = [None] * n
    for features in chosen(inputs, NAME, params):
        score, mean, known = _scored(graph_of(inputs, features, params.neighbours))
        if not known.any():
            continue
        total[known] += score[known]
        by += known
        low, high = np.quantile(mean[known], [0.25, 0.75])
        usual = float(np.median(mean[known]))
        for row in np.flatnonzero(known & (mean > high + SPREADS * (high - low))).tolist():
            times = f"{mean[row] / usual:.1f} times as far as usual" if usual > 0 else "farther than usual"
            told = f"its nearest neighbours by {features.name} are {times}"
            reasons[row] = told if reasons[row] is None else f"{reasons[row]}; {told}"
            flagged[row] = True
    score = np.where(by > 0, total / np.maximum(by, 1), 1.0)
    rows = np.flatnonzero(flagged)
    nothing: Ints = np.full(n, -1, dtype=np.int32)
    return signal_table(
        inputs.item_ids,
        NAME,
        None,
        score=np.clip(score, 0.0, 1.0),
        flagged_in_order=rows[np.argsort(score[rows], kind="stable")],
        suggested=nothing,
        reasons=reasons,
    )


def _scored(graph: Neighbours) -> tuple[Floats64, Floats64, Bools]:
    """The score and the mean distance to the neighbours of each item, and which items have neighbours."""
    # Imported at use: cleanlab takes seconds to load.
    from cleanlab.outlier import OutOfDistribution
    from scipy import sparse
    from sklearn.neighbors import NearestNeighbors

    known: Bools = np.asarray((graph.rows >= 0).any(axis=1))
    score, mean = np.ones(len(known)), np.zeros(len(known))
    if not known.any():
        return score, mean, known
    width = int((graph.rows[known] >= 0).sum(axis=1).min())
    rows, distances = graph.rows[known, :width], graph.distances[known, :width].astype(np.float64)
    place = np.cumsum(known) - 1
    m = len(rows)
    indptr = np.arange(0, m * width + 1, width)
    matrix = sparse.csr_matrix((distances.ravel(), place[rows.ravel()], indptr), shape=(m, m))
    knn = NearestNeighbors(n_neighbors=width, metric="precomputed").fit(matrix)
    score[known] = OutOfDistribution({"knn": knn, "k": width}).score(features=matrix)
    mean[known] = distances.mean(axis=1)
    return score, mean, known
