"""Near duplicates among vectors and among images: pairs closer than the data makes one expect."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from audits.outputs import Ints
from audits.signals.base import Floats64
from audits.signals.copies import Groups
from audits.signals.inputs import Features, Neighbours
from audits.signals.neighbours import nearest
from audits.signals.points import Metric, points_of

#: What share of the items may have a near duplicate by chance alone.
BY_CHANCE = 0.005

#: Which neighbour the usual distance is taken from. Not the first: it may be a planted copy for many items.
_FAR, _CROWD, _BLOCK = 10, 50, 1 << 23

Pairs = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Floats64]


def near_pairs(
    features: Features, groups: Groups, labels: Ints, graph: Neighbours, *, fraction: float, bits: int
) -> Pairs:
    """Find pairs of groups of copies that are near duplicates of each other.

    Parameters
    ----------
    features : Features
        Of kind embeddings, numeric or images; n items.
    groups : int64 array, shape (n,)
        As `copies` numbers them.
    labels : int32 array, shape (n,)
    graph : Neighbours
        By these features, of the n items.
    fraction : float
        Of vectors: how far near duplicates are at the most, as a share of the usual distance to the nearest neighbour
        (under cosine of the chord, the square root of twice the distance).
    bits : int
        Of images: how many bits of their hashes may differ at the most.

    Returns
    -------
    first, second : integer arrays, shape (p,)
        Numbers of two groups, first < second, each pair once.
    distance : float array, shape (p,)

    Notes
    -----
    The threshold is made by `vector_threshold` and `hash_threshold`. Where more groups than the graph has neighbours
    lie that close together, all pairs among such crowded ones are looked at; of one that has more than 50 near
    duplicates the 50 nearest are kept, and the nearest of each label.
    """
    first_rows = _first_rows(groups)
    compared = (groups >= 0) | (graph.rows >= 0).any(axis=1)
    if 0 < len(first_rows) < 0.99 * compared.sum():  # copies would fill the lists of neighbours
        features, labels = _taken(features, first_rows), labels[first_rows]
        groups = np.arange(len(first_rows), dtype=np.int64)
        graph = nearest(features, _FAR)
    beside = np.where(graph.rows >= 0, groups[graph.rows], -1)
    other = (beside >= 0) & (groups >= 0)[:, None] & (beside != groups[:, None])
    usual = graph.distances[other.all(axis=1)].astype(np.float64)
    hashes = graph.metric == "hamming"
    threshold = hash_threshold(usual, bits) if hashes else vector_threshold(usual, graph.metric, fraction)
    close = graph.distances <= threshold
    row, column = np.nonzero(close & other)
    found = [(groups[row], beside[row, column], graph.distances[row, column].astype(np.float64))]
    crowded = np.flatnonzero(close.all(axis=1) & (groups >= 0) & (close.shape[1] > 0))
    found.append(_among(crowded, features, groups, labels, graph.metric, threshold))
    return _once(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def vector_threshold(distances: Floats64, metric: Metric, fraction: float) -> float:
    """How far apart near duplicates are at the most.

    Parameters
    ----------
    distances : float array, shape (m, k)
        Of items to their k nearest others, none of them an exact copy; not decreasing along a row.
    metric : {"cosine", "euclidean"}
    fraction : float

    Returns
    -------
    float
        In the measure of the distances; -1, which nothing reaches, with less than two neighbours to go by.

    Notes
    -----
    cleanlab's Datalab takes a fraction of the median distance to the nearest neighbour. With many planted copies that
    median is the distance of copies. Here the usual distance to the nearest is worked out from the fifth and the tenth
    neighbour (fewer where there are fewer): of points spread evenly in d dimensions, the number of others within r
    grows as r^d, so log 2 / log(r10 / r5) estimates d (median over the items; compare Levina and Bickel: Maximum
    Likelihood Estimation of Intrinsic Dimension, 2004), and the median of the nearest is r10 (log 2 / 10)^(1/d). By
    chance a share of about f^d of the items has another within the fraction f of it; in few dimensions f is lowered
    until that is `BY_CHANCE`. Distances are chords under cosine, so that they grow as lengths do.
    """
    far = min(_FAR, distances.shape[1])
    near = (far + 1) // 2
    chords = np.sqrt(2 * distances) if metric == "cosine" else distances
    chords = chords[chords[:, near - 1] > 0] if far >= 2 else chords[:0]
    if not len(chords):
        return -1.0
    growth = float(np.median(np.log(chords[:, far - 1] / chords[:, near - 1])))
    d = 64.0 if growth <= 0 else min(max(math.log(far / near) / growth, 1.0), 64.0)
    usual = float(np.median(chords[:, far - 1])) * math.pow(math.log(2) / far, 1 / d)
    chord = usual * min(fraction, math.pow(BY_CHANCE, 1 / d))
    return chord**2 / 2 if metric == "cosine" else chord


def hash_threshold(distances: Floats64, bits: int) -> float:
    """How many bits of the hashes of near duplicates differ at the most: `bits`, and no more than half of those of the
    usual fifth neighbour; images that are much alike, such as drawn digits, have much alike hashes.
    """
    if not distances.size:
        return float(bits)
    usual = float(np.median(distances[:, min(_FAR // 2, distances.shape[1]) - 1]))
    return min(float(bits), usual // 2)


def _among(
    rows: npt.NDArray[np.intp],
    features: Features,
    groups: Groups,
    labels: Ints,
    metric: Metric,
    threshold: float,
) -> Pairs:
    """Near pairs among these rows, each compared to each, by blocks."""
    _, kept = np.unique(np.stack([groups[rows], labels[rows]], axis=1), axis=0, return_index=True)
    rows = rows[kept]
    if len(rows) < 2:
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp), np.empty(0)
    # scaled over all items, as the graph is
    values = points_of(features).values[rows].astype(np.float64)
    values -= values.mean(axis=0)
    squares = np.einsum("ij,ij->i", values, values)
    firsts, seconds, distances = [], [], []
    step = max(1, _BLOCK // len(rows))
    for start in range(0, len(rows), step):
        block = values[start : start + step]
        squared = squares[start : start + step, None] + squares - 2 * block @ values.T
        squared = np.maximum(squared, 0)
        apart = {"cosine": squared / 2, "euclidean": np.sqrt(squared), "hamming": np.rint(squared)}[metric]
        close = (apart <= threshold) & (groups[rows] != groups[rows[start : start + step], None])
        for i in np.flatnonzero(close.any(axis=1)):
            at = np.flatnonzero(close[i])
            at = at[np.argsort(apart[i, at], kind="stable")]
            if len(at) > _CROWD:
                of_each_label = np.unique(labels[rows[at]], return_index=True)[1]
                at = at[np.union1d(np.arange(_CROWD), of_each_label)]
            firsts.append(np.full(len(at), groups[rows[start + i]]))
            seconds.append(groups[rows[at]])
            distances.append(apart[i, at])
    if not firsts:
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp), np.empty(0)
    return np.concatenate(firsts), np.concatenate(seconds), np.concatenate(distances)


def _once(first: npt.NDArray[np.intp], second: npt.NDArray[np.intp], distance: Floats64) -> Pairs:
    low, high = np.minimum(first, second), np.maximum(first, second)
    order = np.lexsort((distance, high, low))
    low, high, distance = low[order], high[order], distance[order]
    new = np.ones(len(low), dtype=bool)
    new[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    return low[new], high[new], distance[new]


def _first_rows(groups: Groups) -> npt.NDArray[np.intp]:
    found, first = np.unique(groups, return_index=True)
    return first[found >= 0]


def _taken(features: Features, rows: npt.NDArray[np.intp]) -> Features:
    return replace(
        features,
        vectors=None if features.vectors is None else features.vectors[rows],
        hashes=None if features.hashes is None else features.hashes[rows],
        digests=None if features.digests is None else features.digests.take(pa.array(rows)),
    )
