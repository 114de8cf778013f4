"""A real training on digits with wrong labels planted, kept epoch by epoch: what the audits of it are tested on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from audits.signals.inputs import Inputs, TrainingDynamics


@dataclass(frozen=True)
class Run:
    """Digits, a tenth of them with a wrong label, and the probabilities after each of the epochs."""

    inputs: Inputs
    truth: np.ndarray

    @property
    def wrong(self) -> np.ndarray:
        return self.inputs.labels != self.truth


@cache
def digits_run(epochs: int = 12) -> Run:
    """Train a small net on all items by epochs, keeping what it says of each."""
    features, truth = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    labels = truth.astype(np.int32)
    flipped = rng.choice(len(labels), size=len(labels) // 10, replace=False)
    labels[flipped] = (labels[flipped] + rng.integers(1, 10, size=len(flipped))) % 10
    net = MLPClassifier((64,), learning_rate_init=3e-3, batch_size=64, random_state=0)
    values = np.empty((epochs, len(labels), 10))
    for epoch in range(epochs):
        net.partial_fit(features / 16, labels, classes=np.arange(10))
        values[epoch] = net.predict_proba(features / 16)
    ids = pa.array([f"d{i}" for i in range(len(labels))])
    inputs = Inputs(ids, labels, 10, training=TrainingDynamics(values, "probs"))
    return Run(inputs, truth.astype(np.int32))


def small(values, labels, kind: str = "probs", names: tuple[str, ...] = ()) -> Inputs:
    """Inputs of a hand-written array of shape (epochs, n, K)."""
    values = np.asarray(values, dtype=np.float64)
    ids = pa.array([f"i{i}" for i in range(len(labels))], pa.string())
    training = TrainingDynamics(values, kind)
    return Inputs(
        ids, np.asarray(labels, dtype=np.int32), values.shape[2], training=training, class_names=names
    )
