"""How much each model counts: the better ones more, and near-identical ones together as one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from audits.outputs import Ints

Floats64 = npt.NDArray[np.float64]

#: A model whose accuracy is lower by this much counts e times less.
ACCURACY_SCALE = 1 / 8

#: Models whose likeness is near 1 are nearly copies: this power of it counts them and hardly anything else.
_COPIES = 16


def model_weights(
    predicted: Sequence[Ints], labels: Ints, sampled: npt.NDArray[np.intp] | None = None
) -> Floats64:
    """Weigh models by how well they do, and share the weight of one between those that are alike.

    Parameters
    ----------
    predicted : sequence of int32 arrays, shape (n,)
        Predicted class index of each model, -1 where it gave none.
    labels : int32 array, shape (n,)
        Given labels: most are right, so that accuracy against them orders the models.
    sampled : int array, optional
        Items that the likeness of the models is taken from; left out, all.

    Returns
    -------
    float array, shape (m,)
        Positive, sum 1. With a the accuracies, J the likeness of two models and c_i = sum_j J_ij^16 the number of
        copies of a model, proportional to exp((a - max a) / ACCURACY_SCALE) / (c_i sum_j J_ij^2 / c_j). Exact copies
        of a model get the weight of one together, whatever the others are like.

    Notes
    -----
    The likeness of two models is the share of the items that at least one of them gets wrong on which both make the
    same mistake: 1 for copies, some 0.1 to 0.5 for models that were trained apart.
    """
    of = copies_of(predicted)
    every = np.stack([np.asarray(predicted[i]) for i in np.unique(of)])
    accuracy = (every == labels).mean(axis=1) if len(labels) else np.ones(len(every))
    some = slice(None) if sampled is None else sampled
    alike = likeness(every[:, some], every[:, some] != labels[some])
    quality = np.exp((accuracy - accuracy.max()) / ACCURACY_SCALE)
    copies = (alike**_COPIES).sum(axis=1)
    weights = quality / (copies * (alike**2 / copies[None, :]).sum(axis=1))
    # exact copies share what one of them weighs
    _, at, count = np.unique(of, return_inverse=True, return_counts=True)
    shared = (weights / count)[at]
    return np.asarray(shared / shared.sum(), dtype=np.float64)


def copies_of(predicted: Sequence[Ints]) -> npt.NDArray[np.intp]:
    """Position of the first model that predicts the same everywhere, shape (m,)."""
    first: dict[bytes, int] = {}
    seen = [hashlib.blake2b(np.ascontiguousarray(p, dtype=np.int32).tobytes()).digest() for p in predicted]
    return np.array([first.setdefault(digest, i) for i, digest in enumerate(seen)], dtype=np.intp)


def likeness(predicted: npt.NDArray[np.int32], wrong: npt.NDArray[np.bool_]) -> Floats64:
    """How far models make the same mistakes.

    Parameters
    ----------
    predicted : int32 array, shape (m, n)
    wrong : bool array, shape (m, n)
        Whether a prediction differs from the given label.

    Returns
    -------
    float array, shape (m, m)
        In [0, 1], symmetric, 1 on the diagonal; two models without a mistake are alike.
    """
    m = len(predicted)
    out = np.eye(m)
    for i in range(m):
        for j in range(i):
            either = int((wrong[i] | wrong[j]).sum())
            same = int((wrong[i] & (predicted[i] == predicted[j])).sum())
            out[i, j] = out[j, i] = same / either if either else 1.0
    return out
