"""How often each aggregator of annotations is wrong on crowd-labelled sets with known truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from audits.annotators.dawid_skene import dawid_skene
from audits.annotators.majority import majority
from audits.annotators.toptwo import toptwo
from audits.outputs import Ints
from audits.signals.inputs import Annotations
from benchmarks.detection.bootstrap import interval, resampled
from benchmarks.detection.datasets.crowd import Crowd
from benchmarks.detection.ranking import Wanted
from benchmarks.detection.rows import Row


class Consensus(Protocol):
    """What an aggregator gives: rows of the items that it has a label for, and these labels as class indices."""

    @property
    def items(self) -> Ints:
        """Rows of the items, ascending, shape (m,)."""
        ...

    @property
    def labels(self) -> Ints:
        """The label of each, shape (m,)."""
        ...


AGGREGATORS: Mapping[str, Callable[[Annotations, int], Consensus]] = {
    "majority": majority,
    "dawid_skene": dawid_skene,
    "toptwo": toptwo,
}
#: Aggregators that make no sense with fewer classes.
LEAST_CLASSES = {"toptwo": 3}


def of_crowd(crowd: Crowd, wanted: Wanted, replicates: int, seed: int) -> list[Row]:
    """The error rate of every aggregator on the items whose truth is known, lower is better."""
    counts = resampled(len(crowd.rows), replicates, seed).astype(np.float64)
    rows = []
    for name, aggregate in AGGREGATORS.items():
        if wanted(name) and crowd.n_classes >= LEAST_CLASSES.get(name, 2):
            found = aggregate(crowd.annotations, crowd.n_classes)
            labels = np.full(crowd.n_items, -1, dtype=np.int32)
            labels[found.items] = found.labels
            wrong = labels[crowd.rows] != crowd.truth
            bounds = interval(float(wrong.mean()), counts @ wrong / len(wrong))
            rows.append(Row(crowd.name, name, "error_rate", bounds.value, bounds.low, bounds.high))
    return rows
