"""Small datasets with known errors, and one figure of a ranking."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from audits.outputs import ModelOutputs
from audits.signals.inputs import Inputs
from benchmarks.detection.audited import Audited
from benchmarks.detection.measure import measured

#: Items, classes and models.
N, K, MODELS = 600, 6, 5


def everything(name):
    return True


def ids(n):
    return pa.array([f"i{i:04}" for i in range(n)])


def few(models, labels, *, groups=None, wrong=None, name="few"):
    """An audited dataset of which everything is known."""
    n, k = len(labels), models[0].n_classes
    wrong = np.zeros(n, dtype=bool) if wrong is None else np.asarray(wrong)
    inputs = Inputs(ids(n), np.asarray(labels, dtype=np.int32), k, {m.model: m for m in models})
    return Audited(name, inputs, np.arange(n), wrong, "by hand", groups=groups)


def labels_alone(name, predicted, k=3):
    return ModelOutputs(name, "labels", k, labels=np.asarray(predicted, dtype=np.int32))


def figure(audited, ranking, metric):
    """One figure of a ranking, without intervals."""
    rows = measured(audited, [ranking], replicates=0, seed=0, random=False).rows
    return next(r.value for r in rows if r.metric == metric)
