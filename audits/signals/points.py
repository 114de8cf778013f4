"""Features as points in a space in which the squared length of a difference says how far items are apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from audits.signals.base import Bools, Floats64
from audits.signals.inputs import Features
from audits.signals.text_vectors import text_vectors

Metric = Literal["cosine", "euclidean", "hamming"]
Floats = npt.NDArray[np.float32] | Floats64

#: A column varies that does so by more than this many times the rounding of its values.
_ROUNDINGS = 2

#: Beyond this many usual deviations from the median, and usual lengths of a vector, distances grow as their logarithm.
_FAR_VALUE, _FAR_VECTOR = 1e6, 2.0**20

#: Between these lengths the squares of vectors and of their differences are well within float32.
_SHORT, _LONG = 2.0**-30, 2.0**30

#: How many rows the centre is taken from.
_CENTRE_OF = 10_000

#: A perceptual hash sets about half of its bits; where nearly all are alike the image has no structure to compare.
_FEWEST = 16


@dataclass(frozen=True)
class Points:
    """Features ready to be compared.

    Attributes
    ----------
    values : float32 array, shape (n, d)
        cosine: of length 1; hamming: bits, 0 or 1.
    known : bool array, shape (n,)
        False where an item has nothing to compare: no text or image, an image of one colour, numeric columns none of
        which varies or, under cosine, a vector of zeros, which has no direction.
    metric : {"cosine", "euclidean", "hamming"}
    """

    values: npt.NDArray[np.float32]
    known: Bools
    metric: Metric


def metric_of(features: Features) -> Metric:
    """How far items are from each other by these features: what the YAML says, else what goes with their kind."""
    if features.kind == "images":
        return "hamming"
    if features.kind == "text":
        return "cosine"
    return features.metric or ("euclidean" if features.kind == "numeric" else "cosine")


def points_of(features: Features, seed: int = 0) -> Points:
    """Bring features into the form that they are compared in.

    Parameters
    ----------
    features : Features
        n items.
    seed : int
        For the reduction of texts.

    Returns
    -------
    Points
        Numeric columns have their mean taken away and are divided by their standard deviation; a constant column says
        nothing and counts nothing. Vectors under cosine are brought to length 1; under euclidean they are centred,
        which changes no distance and keeps digits. Texts are reduced by `text_vectors`; of images it is the bits of the
        hashes.

    Notes
    -----
    A few extreme values leave the others apart: a value further from its column's median than a million times the
    median of the deviations that are not 0 takes no part in mean and standard deviation, and beyond that its distance
    grows as the logarithm. So does that of a vector under euclidean which is further from the centre than 2^20 times
    the usual one. Where the usual length of vectors under euclidean is not between 2^-30 and 2^30, all are
    multiplied by one power of two, as float32 could not hold the squares; distances are then in that unit.
    """
    metric = metric_of(features)
    if features.kind == "text":
        assert features.texts is not None  # noqa: S101
        return Points(*text_vectors(features.texts, seed), metric)
    if features.kind == "images":
        assert features.hashes is not None  # noqa: S101
        assert features.digests is not None  # noqa: S101
        bits = np.unpackbits(features.hashes, axis=1)
        known = np.asarray(features.digests.is_valid().to_numpy(zero_copy_only=False))
        ones = bits.sum(axis=1)
        return Points(bits.astype(np.float32), known & (ones >= _FEWEST) & (ones <= 64 - _FEWEST), metric)
    assert features.vectors is not None  # noqa: S101
    values = np.asarray(features.vectors)
    if features.kind == "numeric":
        if not any_varies(features.vectors):
            return Points(np.zeros(values.shape, np.float32), np.zeros(len(values), dtype=bool), metric)
        values = _scaled(values)
    elif metric == "euclidean" and values.size:
        values = _centred(values)
    if metric == "cosine":
        return _directions(values)
    return Points(np.ascontiguousarray(values, dtype=np.float32), np.ones(len(values), dtype=bool), metric)


def any_varies(columns: npt.NDArray[np.floating]) -> bool:
    """Whether any of these numeric columns, shape (n, d), varies by more than the rounding of its values."""
    return any(_standardized(column) is not None for column in columns.T) if len(columns) else False


def _scaled(columns: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    out = np.zeros(columns.shape, dtype=np.float32)
    for j, column in enumerate(columns.T):
        if (found := _standardized(column)) is not None:
            out[:, j] = found
    return out


def _standardized(column: npt.NDArray[np.floating]) -> Floats64 | None:
    """Less its mean, over its standard deviation; None where it does not vary."""
    rounding = _ROUNDINGS * float(np.finfo(column.dtype).eps)
    # a power of two changes no digits, and keeps differences and squares finite
    values = np.ldexp(column.astype(np.float64), -int(np.frexp(np.abs(column).max())[1]))
    away: Floats64 = values - np.median(values)
    size = np.abs(away)
    if not size.any():
        return None
    usual = max(float(np.median(size[size > 0])), float(np.finfo(np.float64).tiny))
    away, size = away / usual, size / usual
    far = size > _FAR_VALUE
    spread = float(away[~far].std())
    if spread * usual <= rounding * float(np.abs(values[~far]).max()):
        return None
    mean = away[~far].mean()
    away[far] = np.sign(away[far]) * _FAR_VALUE * (1 + np.log(size[far] / _FAR_VALUE))
    return np.asarray((away - mean) / spread, dtype=np.float64)


def _centred(vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    undo = 1.0
    if max(vectors.max(), -vectors.min()) > np.finfo(np.float32).max / 4:  # differences would be infinite
        vectors, undo = vectors / 4, 4.0
    some = vectors[:: -(-len(vectors) // _CENTRE_OF)]
    values: npt.NDArray[np.floating] = vectors - np.median(some, axis=0).astype(vectors.dtype)
    length = np.sqrt(np.einsum("ij,ij->i", values, values, dtype=np.float64))
    if not length.any():
        return values
    usual = float(np.median(length[length > 0]))
    unit = undo if _SHORT < usual < _LONG else 2.0 ** -round(np.log2(usual))
    limit = _FAR_VECTOR * usual
    far = length > limit
    if unit == 1 and not far.any():
        return values
    factor = np.full(len(values), unit)
    factor[far] *= limit * (1 + np.log(length[far] / limit)) / length[far]
    return np.asarray(values * factor[:, None], dtype=np.float32)


def _directions(values: Floats) -> Points:
    length = np.sqrt(np.einsum("ij,ij->i", values, values, dtype=np.float64))
    known: Bools = length > 0
    factor = np.divide(1.0, length, out=np.zeros_like(length), where=known)
    return Points(np.asarray(values * factor[:, None], dtype=np.float32), known, "cosine")
