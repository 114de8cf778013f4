"""Annotations in the form that aggregators count in: positions among what was annotated alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from audits.errors import InputError, UsageError, first_few
from audits.outputs import Ints
from audits.signals.inputs import Annotations

Positions = npt.NDArray[np.intp]
Floats64 = npt.NDArray[np.float64]

#: Sums over the same votes in another order differ in their last bits; that is no reason to prefer a class.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Votes:
    """Annotations, their items and classes numbered among those that occur.

    Attributes
    ----------
    items : int32 array, shape (m,)
        Rows of the items that have an annotation, ascending.
    classes : int32 array, shape (c,)
        Class indices that some annotator gave (or that were asked for), ascending.
    item, annotator, label : integer arrays, shape (a,)
        One entry an annotation: position in `items`, position among the annotators, position in `classes`.
    n_annotators : int
        w, how many annotators there are, those without an annotation too.
    """

    items: Ints
    classes: Ints
    item: Positions
    annotator: Positions
    label: Positions
    n_annotators: int

    def __len__(self) -> int:
        return len(self.item)

    @cached_property
    def counts(self) -> Floats64:
        """How many annotations give an item a class, shape (m, c)."""
        return self.weighted(np.ones(len(self)))

    def weighted(self, weights: Floats64) -> Floats64:
        """Sum of the annotations' weights by item and class, shape (m, c)."""
        shape = (len(self.items), len(self.classes))
        cells = self.item * shape[1] + self.label
        total = np.bincount(cells, weights, minlength=shape[0] * shape[1])
        return total.astype(np.float64).reshape(shape)

    def by_item(self, values: Floats64 | None = None) -> Floats64:
        """Sum over the annotations of each item, shape (m,); of ones when no values are given."""
        return np.bincount(self.item, values, minlength=len(self.items)).astype(np.float64)

    def by_annotator(self, values: Floats64 | None = None) -> Floats64:
        """Sum over the annotations of each annotator, shape (w,); of ones when no values are given."""
        return np.bincount(self.annotator, values, minlength=self.n_annotators).astype(np.float64)

    @cached_property
    def given(self) -> tuple[sparse.csr_array[Any], Positions, Positions]:
        """Which labels of which annotators each item has.

        Returns
        -------
        matrix : sparse array, shape (m, p)
            How often the item has the p-th pair of an annotator and a label.
        annotator, label : integer arrays, shape (p,)
            The pairs that occur, ordered.
        """
        c = max(len(self.classes), 1)
        pairs, place = np.unique(self.annotator * c + self.label, return_inverse=True)
        matrix = sparse.csr_array(
            (np.ones(len(self)), (self.item, place)), shape=(len(self.items), len(pairs))
        )
        return matrix, pairs // c, pairs % c


def votes_of(annotations: Annotations, n_classes: int, least_classes: int = 0) -> Votes:
    """Number the items and classes of annotations among those that occur.

    Parameters
    ----------
    annotations : Annotations
    n_classes : int
        K.
    least_classes : int
        Where fewer classes occur, the first others in class order are taken along.

    Returns
    -------
    Votes

    Raises
    ------
    UsageError
        When the arrays have different lengths.
    InputError
        When a row is negative, an annotator is none of the names, or a label is no class index.
    """
    rows, annotators, labels = annotations.rows, annotations.annotators, annotations.labels
    if not len(rows) == len(annotators) == len(labels):
        raise UsageError(
            "annotations: expected as many rows as annotators and labels, "
            f"got {len(rows)}, {len(annotators)} and {len(labels)}"
        )
    for what, values, end in (
        ("row", rows, np.iinfo(np.int32).max),
        ("annotator", annotators, len(annotations.names)),
        ("label", labels, n_classes),
    ):
        outside = np.flatnonzero((values < 0) | (values >= end))
        if len(outside):
            raise InputError(
                f"annotations: expected each {what} to be at least 0 and below {end}; {len(outside)} of "
                f"{len(values)} are not ({first_few(values[outside])})"
            )
    items, item = np.unique(rows, return_inverse=True)
    classes = np.unique(labels)
    further = np.setdiff1d(np.arange(min(n_classes, least_classes)), classes)
    classes = np.union1d(classes, further[: max(least_classes - len(classes), 0)])
    return Votes(
        items.astype(np.int32),
        classes.astype(np.int32),
        item.astype(np.intp),
        np.asarray(annotators, dtype=np.intp),
        np.searchsorted(classes, labels).astype(np.intp),
        len(annotations.names),
    )


def once(annotations: Annotations) -> Annotations:
    """Keep the last label where an annotator labelled an item more than once.

    The entries that are kept stay in their order.

    Parameters
    ----------
    annotations : Annotations

    Returns
    -------
    Annotations
    """
    pair = annotations.rows.astype(np.int64) * max(len(annotations.names), 1) + annotations.annotators
    _, from_the_end = np.unique(pair[::-1], return_index=True)
    if len(from_the_end) == len(pair):
        return annotations
    kept = np.sort(len(pair) - 1 - from_the_end)
    return Annotations(
        annotations.rows[kept], annotations.annotators[kept], annotations.labels[kept], annotations.names
    )


def first_best(values: Floats64) -> Positions:
    """Column of the largest value of each row; of those that differ by rounding alone, the first.

    Parameters
    ----------
    values : float array, shape (m, c), c at least 1

    Returns
    -------
    integer array, shape (m,)
    """
    best = values.max(axis=1, keepdims=True)
    return np.asarray((values >= best - ROUNDING * np.maximum(1.0, np.abs(best))).argmax(axis=1))
