"""Groups of items that are equal by some features."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from audits.signals.inputs import Features
from audits.signals.points import metric_of
from audits.signals.text_forms import copy_key

#: Numeric columns that would make this share of the items equal to another by chance do not tell items apart.
BY_CHANCE = 0.1

#: A group of more items than this which holds more than half of all is no group of copies.
FEW = 10

Groups = npt.NDArray[np.int64]


def copies(features: Features) -> Groups:
    """Number the groups of items that are equal.

    Parameters
    ----------
    features : Features
        n items.

    Returns
    -------
    int64 array, shape (n,)
        Items of one number are equal: of embeddings and numeric columns every value, of texts `copy_key`, of images the
        bytes of the file. Numbered from 0 by the first item of each; -1 where an item has nothing to compare: no text
        or image or, under cosine, a vector of zeros. Numeric columns of so few values that, were the columns
        independent, `BY_CHANCE` of the items would be equal to another one by chance, such as an age and a sex, say
        nothing on copies: all items are -1. So are those of a group of more than `FEW` items that holds more than half
        of all: a value that most items share, such as a text that stands where there is none, says nothing of
        them.
    """
    keys: Sequence[object] | pa.Array
    if features.kind == "text":
        assert features.texts is not None  # noqa: S101
        keys = pa.array([copy_key(text) for text in features.texts.to_pylist()], pa.string())
    elif features.kind == "images":
        assert features.digests is not None  # noqa: S101
        keys = features.digests
    else:
        assert features.vectors is not None  # noqa: S101
        if features.kind == "numeric" and _equal_by_chance(features.vectors) >= BY_CHANCE:
            return np.full(len(features.vectors), -1, dtype=np.int64)
        keys = _hashed(features.vectors, missing_zeros=metric_of(features) == "cosine")
    indices = keys.dictionary_encode().indices
    return _without_most(np.asarray(indices.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64))


def _without_most(groups: Groups) -> Groups:
    counts = np.bincount(groups[groups >= 0])
    largest = int(counts.argmax()) if len(counts) else -1
    if largest < 0 or counts[largest] <= max(FEW, len(groups) / 2):
        return groups
    return np.where(groups == largest, -1, groups - (groups > largest))


def members(groups: Groups) -> list[npt.NDArray[np.intp]]:
    """The rows of each group, in the order of its number; rows in order."""
    order = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[order], np.arange(groups.max(initial=-1) + 1))
    return np.split(order, starts)[1:]


def _equal_by_chance(columns: npt.NDArray[np.float32]) -> float:
    """How many others an item would be equal to on average, were the columns independent.

    How often values meet is counted on the different rows: copies are no chance.
    """
    different = np.unique(columns, axis=0)
    n = len(different)
    expected = float(len(columns) - 1)
    for column in different.T if n > 1 else ():
        counts = np.unique(column, return_counts=True)[1].astype(np.float64)
        expected *= float((counts * (counts - 1)).sum()) / (n * (n - 1))
    return expected if n > 1 else 0.0


def _hashed(vectors: npt.NDArray[np.float32], *, missing_zeros: bool) -> pa.Array:
    keys: list[bytes | None] = []
    for vector in vectors:
        if missing_zeros and not vector.any():
            keys.append(None)
        else:  # 0 is added since -0 equals 0 and has other bytes
            keys.append(hashlib.blake2b((vector + 0).tobytes(), digest_size=16).digest())
    return pa.array(keys, pa.binary(16))
