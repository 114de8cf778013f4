"""The items of a class that lie nearest to an item, where the dataset has something to compare items by."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from audits.signals.inputs import Features
from audits.signals.points import metric_of
from audits.web.content.thumb import Thumb, thumb
from audits.web.loaded import Loaded

#: How many items of a class are shown.
NEAREST = 5

#: How many of them may be flagged themselves: around a wrong label there are often more of its kind, and people need to
#: see what is in the class by right.
FLAGGED = 2

#: How many numbers of one class are read for one page, at the most: a few milliseconds' worth.
READ_AT_MOST = 500_000

_Rows = npt.NDArray[np.intp]
_Apart = npt.NDArray[np.float32]


def nearest_of(loaded: Loaded, row: int, label: int) -> tuple[Thumb, ...]:
    """The items with a given label that lie nearest to an item, the nearest first.

    Parameters
    ----------
    loaded : Loaded
    row : int
        Of the item; never among them.
    label : int
        Class index.

    Returns
    -------
    tuple of Thumb
        At most `NEAREST`, at most `FLAGGED` of them flagged by the run, by the first of the dataset's features that has
        any; each with its distance.

    Notes
    -----
    Those are looked at that are among the item's neighbours in the graph that the run made, and beside them all items
    of the class; of a class of more than `READ_AT_MOST` numbers as many as that, evenly spaced. Texts and numeric
    columns are compared in the graph alone: what they are compared by is not kept.
    """
    for name, features in loaded.features.items():
        rows, apart = _in_graph(loaded, name, row, label)
        if features.kind in ("embeddings", "images"):
            rows, apart = _in_class(loaded, features, row, label, rows)
        if len(rows):
            ordered = rows[np.lexsort((rows, apart))]
            doubted = loaded.flagged[ordered]
            chosen = ordered[~doubted | (np.cumsum(doubted) <= FLAGGED)][:NEAREST]
            far = dict(zip(rows.tolist(), apart.tolist(), strict=True))
            return tuple(thumb(loaded, r, blind=False, distance=far[r]) for r in chosen.tolist())
    return ()


def _in_graph(loaded: Loaded, name: str, row: int, label: int) -> tuple[_Rows, _Apart]:
    graph = loaded.neighbours.get(name)
    if graph is None:
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.float32)
    rows = np.asarray(graph.rows[row], dtype=np.intp)
    keep = (rows >= 0) & (loaded.items.labels[np.maximum(rows, 0)] == label)
    return rows[keep], np.asarray(graph.distances[row])[keep]


def _in_class(
    loaded: Loaded, features: Features, row: int, label: int, further: _Rows
) -> tuple[_Rows, _Apart]:
    values = features.hashes if features.kind == "images" else features.vectors
    assert values is not None  # noqa: S101
    rows = loaded.class_rows[label]
    step = max(1, -(-len(rows) * values.shape[1] // READ_AT_MOST))
    looked = np.union1d(rows[::step], further)
    looked = looked[looked != row]
    own, others = np.asarray(values[row]), np.asarray(values[looked])
    if features.kind == "images":
        apart = _bits(features, row, looked, own, others)
    else:
        apart = _lengths(own.astype(np.float32), others.astype(np.float32), metric_of(features))
    there = np.isfinite(apart)
    return looked[there], apart[there]


def _bits(
    features: Features, row: int, looked: _Rows, own: npt.NDArray[Any], others: npt.NDArray[Any]
) -> _Apart:
    """How many bits of the hashes differ; infinity where an item has no picture."""
    assert features.digests is not None  # noqa: S101
    apart = np.unpackbits(others ^ own, axis=1).sum(axis=1).astype(np.float32)
    there = features.digests.take(pa.array(looked)).is_valid().to_numpy(zero_copy_only=False)
    return np.where(there & features.digests[row].is_valid, apart, np.float32(np.inf))


def _lengths(own: _Apart, others: _Apart, metric: str) -> _Apart:
    if metric == "euclidean":
        away = others - own
        return np.asarray(np.linalg.norm(away, axis=1), dtype=np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", others, others)) * np.linalg.norm(own)
    with np.errstate(invalid="ignore", divide="ignore"):  # a vector of zeros has no direction
        found = np.maximum(1 - others @ own / lengths, 0)
    return np.where(lengths > 0, found, np.float32(np.inf))
