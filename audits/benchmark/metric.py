"""What a metric is: a function of labels and outputs, its direction and range, and the value it gives."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from audits.errors import AuditError
from audits.outputs import Ints, Kind, ModelOutputs

Invariant = Literal["permutation", "relabelling", "doubling", "range", "direction"]


@dataclass(frozen=True)
class Value:
    """What a metric comes to.

    Attributes
    ----------
    value : float or None
        None exactly when `reason` is given.
    n : int
        Number of items scored, also where there is no value.
    reason : str or None
        Why there is no value.
    """

    value: float | None
    n: int
    reason: str | None = None


@dataclass(frozen=True)
class Metric:
    """One metric and what holds for it.

    Attributes
    ----------
    name : str
        What configurations, tables and JSON call it.
    function : callable
        Takes labels (int32, shape (n,), -1: not scored) and the model outputs of the same n items.
    higher_is_better : bool
        Direction in which models are ranked.
    description : str
        One line for people: what it is and its unit.
    low, high : float
        Range of the values, both ends included.
    needs : tuple of {"dense", "top_k", "labels"}
        Kinds of outputs that can give it.
    invariants : tuple of str
        permutation: the order of the items does not matter; relabelling: nor does the order of the
        classes; doubling: nor does having every item twice; range: values lie in [low, high];
        direction: a model that is right with certainty gets the best value there is.
    """

    name: str
    function: Callable[[Ints, ModelOutputs], Value]
    higher_is_better: bool
    description: str
    low: float
    high: float
    needs: tuple[Kind, ...]
    invariants: tuple[Invariant, ...]


@dataclass(frozen=True)
class Scored:
    """The scored items of one call.

    Attributes
    ----------
    outputs : ModelOutputs
        The model's outputs for all items.
    rows : int array, shape (m,)
        Positions of the scored items.
    labels, predicted : int32 arrays, shape (m,)
        Their labels and predictions.
    """

    outputs: ModelOutputs
    rows: npt.NDArray[np.intp]
    labels: Ints
    predicted: Ints

    @classmethod
    def of(cls, labels: Ints, outputs: ModelOutputs) -> Scored:
        """Take the items whose label is not -1; raises AuditError when the labels do not fit the outputs."""
        if labels.shape != (len(outputs),):
            raise AuditError(
                f"'labels' for model {outputs.model!r}: expected shape ({len(outputs)},), got {labels.shape}"
            )
        if len(labels) and labels.max() >= outputs.n_classes:
            raise AuditError(
                f"'labels' for model {outputs.model!r}: expected class indices below {outputs.n_classes}, "
                f"got {labels.max()}"
            )
        rows = np.flatnonzero(labels >= 0)
        return cls(outputs, rows, labels[rows], outputs.predicted()[rows])

    @property
    def n(self) -> int:
        """Number of scored items, m."""
        return len(self.rows)

    def value(self, value: float) -> Value:
        """The metric's value, unless the outputs made it no number."""
        if not math.isfinite(value):
            return self.without("the outputs of the scored items hold numbers that are not finite")
        return Value(float(value), self.n)

    def without(self, reason: str) -> Value:
        """No value, and why."""
        return Value(None, self.n, reason)

    def class_counts(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Per class, shape (K,): items predicted right, items labelled so, items predicted so."""
        k = self.outputs.n_classes
        right = self.labels[self.labels == self.predicted]
        answered = self.predicted[self.predicted >= 0]
        return (
            np.bincount(right, minlength=k),
            np.bincount(self.labels, minlength=k),
            np.bincount(answered, minlength=k),
        )
