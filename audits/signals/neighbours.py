"""The graph of nearest neighbours, one for each kind of features, which all audits that compare items share."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from audits.errors import InputError, UsageError, first_few
from audits.feature_config import FeatureAudit
from audits.outputs import Ints
from audits.signals.inputs import Features, Inputs, Neighbours
from audits.signals.points import Metric, points_of

#: Up to how many items every pair is looked at.
EXACT_UP_TO = 20_000

#: The same for images, whose hashes are compared many times faster.
EXACT_HASHES_UP_TO = 200_000

#: What share of the true neighbours an index has to find on a sample before it is used.
RECALL = 0.995

_SAMPLE = 256
_THREADS = 2
#: Candidates beside those asked for: distances found by products of matrices are rounded, and are worked out again.
_SPARE = 4
_BLOCK = 1 << 24


def nearest(features: Features, k: int, seed: int = 0) -> Neighbours:
    """Find the k nearest other items of each item.

    Parameters
    ----------
    features : Features
        n items.
    k : int
        1 or more.
    seed : int
        For the cells of the index, the sample that it is measured on, and the reduction of texts.

    Returns
    -------
    Neighbours
        k columns, or n - 1 where there are fewer other items. Row -1 at the distance infinity stands where an item
        has no further neighbour: items without a text or image, or with a vector of zeros under cosine, have none and
        are nobody's. Of items equally far the earlier row comes first. Under cosine the distance is 1 minus
        the cosine, under euclidean that of `points_of`, under hamming the bits that differ.

    Raises
    ------
    UsageError
        When k is less than 1.

    Notes
    -----
    Up to `EXACT_UP_TO` items (hashes: `EXACT_HASHES_UP_TO`) every pair is looked at. Above, an inverted file of
    4 sqrt(n) cells is searched (Jégou, Douze and Schmid: Product Quantization for Nearest Neighbor Search, 2011,
    doi:10.1109/TPAMI.2010.57), in as many cells as it takes to find `RECALL` of the true neighbours of a
    sample of the items; where that is most of the cells, every pair is looked at after all. Distances to
    the candidates are worked out again from differences, so that copies are at 0.
    """
    if k < 1:
        raise UsageError(f"neighbours: k must be 1 or more, not {k}")
    points = points_of(features, seed)
    n = len(points.known)
    width = max(min(k, n - 1), 0)
    rows: Ints = np.full((n, width), -1, dtype=np.int32)
    distances = np.full((n, width), np.inf, dtype=np.float32)
    at = np.flatnonzero(points.known)
    found = min(width, len(at) - 1)
    if found >= 1:
        values = points.values[at]
        wanted = min(found + 1 + _SPARE, len(at))
        hamming = points.metric == "hamming"
        packed = np.packbits(values.astype(np.uint8), axis=1) if hamming else values
        inside, apart = _worked_out(values, _candidates(packed, wanted, seed), found, points.metric)
        rows[at, :found], distances[at, :found] = np.where(np.isfinite(apart), at[inside], -1), apart
    return Neighbours(features.name, rows, distances, points.metric)


def chosen(inputs: Inputs, audit: str, params: FeatureAudit) -> list[Features]:
    """The features that an audit looks at: those that its parameters name, else all.

    Raises
    ------
    InputError
        When there are none, or none of a name.
    """
    if lacking := [name for name in params.features or () if name not in inputs.features]:
        raise InputError(f"audit {audit!r}: there are no features {first_few(map(repr, lacking))}")
    found = [inputs.features[name] for name in params.features or inputs.features]
    if not found:
        raise InputError(f"audit {audit!r} needs features; the dataset has none")
    return found


def graph_of(inputs: Inputs, features: Features, k: int) -> Neighbours:
    """The k nearest neighbours by these features: from the graph at hand where it has so many, else found anew."""
    at_hand = inputs.neighbours.get(features.name)
    if at_hand is None or at_hand.rows.shape[1] < min(k, len(inputs) - 1):
        return nearest(features, k)
    return Neighbours(features.name, at_hand.rows[:, :k], at_hand.distances[:, :k], at_hand.metric)


def _candidates(values: npt.NDArray[Any], k: int, seed: int) -> npt.NDArray[np.int64]:
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(_THREADS)
    try:
        return _found(values, k, seed)
    finally:
        faiss.omp_set_num_threads(before)


def _found(values: npt.NDArray[Any], k: int, seed: int) -> npt.NDArray[np.int64]:
    import faiss

    n, d = values.shape
    cells = int(4 * np.sqrt(n))
    every: Any
    index: Any
    if values.dtype == np.uint8:
        every = faiss.IndexBinaryFlat(8 * d)
        of_cells = faiss.IndexBinaryFlat(8 * d)
        index = faiss.IndexBinaryIVF(of_cells, 8 * d, cells) if n > EXACT_HASHES_UP_TO else None
    else:
        every, centres = faiss.IndexFlatL2(d), faiss.IndexFlatL2(d)
        index = faiss.IndexIVFFlat(centres, d, cells) if n > EXACT_UP_TO else None
    every.add(values)
    if index is None:
        return np.asarray(every.search(values, k)[1])
    index.cp.seed, index.cp.niter, index.cp.max_points_per_centroid = seed + 1, 10, 64
    index.train(values)
    index.add(values)
    sample = values[np.sort(np.random.default_rng(seed).choice(n, _SAMPLE, replace=False))]
    last = every.search(sample, k)[0][:, -1:]
    index.nprobe = 8
    while index.nprobe < cells // 4:
        # counted by distance: of items equally far either will do
        if np.mean(index.search(sample, k)[0] <= last * (1 + 1e-5)) >= RECALL:
            return np.asarray(index.search(values, k)[1])
        index.nprobe *= 2
    return np.asarray(every.search(values, k)[1])


def _worked_out(
    values: npt.NDArray[np.float32], candidates: npt.NDArray[np.int64], k: int, metric: Metric
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Of the candidates the k nearest others, by differences: rows and distances."""
    n, wanted = candidates.shape
    rows = np.empty((n, k), dtype=np.int64)
    distances = np.empty((n, k), dtype=np.float32)
    step = max(1, _BLOCK // (wanted * values.shape[1]))
    for start in range(0, n, step):
        block = candidates[start : start + step]
        difference = values[block] - values[start : start + step, None]
        found = np.einsum("ijk,ijk->ij", difference, difference)
        found = found / 2 if metric == "cosine" else np.sqrt(found) if metric == "euclidean" else found
        itself = block == np.arange(start, start + len(block))[:, None]
        found[itself | (block < 0)] = np.inf
        order = np.lexsort((block, found), axis=-1)[:, :k]
        rows[start : start + step] = np.take_along_axis(block, order, axis=1)
        distances[start : start + step] = np.take_along_axis(found, order, axis=1)
    return rows, distances
