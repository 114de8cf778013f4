"""Training dynamics read by blocks of items: what all detectors of them start from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from audits.errors import AuditError, InputError
from audits.outputs import Ints
from audits.signals.base import Floats64
from audits.signals.inputs import Inputs

#: Blocks are about this large, as float64.
_BLOCK_BYTES = 64 << 20

#: Probabilities below this count as this where their logarithm is taken.
LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True)
class Block:
    """Some items over all epochs.

    Attributes
    ----------
    rows : slice
        Of the items.
    labels : int32 array, shape (b,)
        Given labels as class indices.
    logits : float array, shape (epochs, b, K)
        What goes into the softmax; of probabilities their logarithms, which are logits less a number that is one for
        all classes of an item and epoch.
    probs : float array, shape (epochs, b, K)
        Probabilities: each row sums to 1.
    """

    rows: slice
    labels: Ints
    logits: Floats64
    probs: Floats64


def blocks(inputs: Inputs, signal: str, first: int | None = None) -> Iterator[Block]:
    """Read the training dynamics of a dataset by blocks of items.

    Parameters
    ----------
    inputs : Inputs
    signal : str
        Who asks: named in errors.
    first : int, optional
        How many epochs from the first are read. Left out, or more than there are: all.

    Yields
    ------
    Block
        In items order; none where there are no items.

    Raises
    ------
    InputError
        When there are no training dynamics, or no epoch.
    AuditError
        When they are not of the items and classes, or not finite.
    """
    training = inputs.training
    if training is None:
        raise InputError(f"audit {signal!r} needs training dynamics; the dataset has none")
    values = training.values if first is None else training.values[:first]
    if values.ndim != 3 or values.shape[1:] != (len(inputs), inputs.n_classes):
        raise AuditError(
            f"audit {signal!r}: training dynamics of shape {values.shape}; expected epochs x {len(inputs)} items x "
            f"{inputs.n_classes} classes"
        )
    if not len(values):
        raise InputError(f"audit {signal!r} needs an epoch of training dynamics at least; there are 0")
    size = max(1, _BLOCK_BYTES // (8 * len(values) * inputs.n_classes))
    for start in range(0, len(inputs), size):
        rows = slice(start, min(start + size, len(inputs)))
        part = np.asarray(values[:, rows], dtype=np.float64)
        if not np.isfinite(part).all():
            raise AuditError(f"audit {signal!r}: training dynamics that are not finite, items {start} and on")
        if training.kind == "probs":
            logits, probs = np.log(np.maximum(part, LEAST_PROBABILITY)), part
        else:
            logits = part
            probs = np.exp(part - part.max(axis=2, keepdims=True))
            probs /= probs.sum(axis=2, keepdims=True)
        yield Block(rows, inputs.labels[rows], logits, probs)


def of_labels(values: Floats64, labels: Ints) -> Floats64:
    """The entries of the given labels: of an array of shape (epochs, b, K) one of shape (epochs, b)."""
    return np.asarray(values[:, np.arange(len(labels)), labels])


def largest_other(values: Floats64, labels: Ints) -> Floats64:
    """The largest entries of classes other than the given labels, shape (epochs, b)."""
    masked = values.copy()
    masked[:, np.arange(len(labels)), labels] = -np.inf
    return np.asarray(masked.max(axis=2))
