"""Made-up outputs, inputs, signals and a population whose wrong labels are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from audits.contracts import SIGNALS
from audits.evidence.estimate import Reviewed
from audits.outputs import ModelOutputs
from audits.signals.base import signal_table
from audits.signals.inputs import Inputs

NO_SIGNALS = SIGNALS.empty_table()


def dense(probs, model="m", dtype=np.float64) -> ModelOutputs:
    probs = np.asarray(probs, dtype=dtype)
    return ModelOutputs(model, "dense", probs.shape[1], pred_probs=probs)


def top_k(classes, probs, n_classes, model="m") -> ModelOutputs:
    classes, probs = np.asarray(classes, dtype=np.int32), np.asarray(probs, dtype=np.float64)
    return ModelOutputs(model, "top_k", n_classes, top_k_labels=classes, top_k_probs=probs)


def answers(predicted, n_classes, model="m") -> ModelOutputs:
    return ModelOutputs(model, "labels", n_classes, labels=np.asarray(predicted, dtype=np.int32))


def inputs_of(labels, outputs=(), n_classes=3, **more) -> Inputs:
    labels = np.asarray(labels, dtype=np.int32)
    ids = pa.array([f"i{k}" for k in range(len(labels))], pa.string())
    return Inputs(ids, labels, n_classes, {f"m{j}": o for j, o in enumerate(outputs)}, **more)


def a_signal(name: str, score, model: str | None = None) -> pa.Table:
    score = np.asarray(score, dtype=np.float64)
    n = len(score)
    return signal_table(
        pa.array([f"i{k}" for k in range(n)], pa.string()),
        name,
        model,
        score=score,
        flagged_in_order=np.empty(0, dtype=np.intp),
        suggested=np.full(n, -1, dtype=np.int32),
    )


def a_model(rng, truth, n_classes, kind="dense", skill=2.0, model="m") -> ModelOutputs:
    """Probabilities around the truth; the higher the skill, the surer and the more often right."""
    n = len(truth)
    logits = rng.normal(size=(n, n_classes))
    logits[np.arange(n), truth] += skill
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    if kind == "dense":
        return dense(probs, model)
    if kind == "float32":
        return dense(probs, model, np.float32)
    if kind == "labels":
        predicted = probs.argmax(axis=1)
        predicted[rng.random(n) < 0.05] = -1
        return answers(predicted, n_classes, model)
    k = 2
    order = np.argsort(-probs, axis=1, kind="stable")[:, :k]
    order = rng.permuted(order, axis=1)  # column 0 need not be the likeliest
    return top_k(order, np.take_along_axis(probs, order, axis=1), n_classes, model)


def permuted(outputs: ModelOutputs, to: np.ndarray) -> ModelOutputs:
    """The same outputs with class c called to[c]."""
    to = np.asarray(to, dtype=np.int32)
    if outputs.pred_probs is not None:
        probs = np.empty_like(outputs.pred_probs)
        probs[:, to] = outputs.pred_probs
        return dense(probs, outputs.model, probs.dtype)
    if outputs.top_k_labels is not None:
        return top_k(to[outputs.top_k_labels], outputs.top_k_probs, outputs.n_classes, outputs.model)
    said = np.where(outputs.labels < 0, -1, to[np.maximum(outputs.labels, 0)])
    return answers(said, outputs.n_classes, outputs.model)


@dataclass(frozen=True)
class Population:
    """Items, models and whether each given label is wrong."""

    inputs: Inputs
    wrong: np.ndarray

    def reviewed(self, rows, inclusion=None) -> Reviewed:
        rows = np.asarray(rows, dtype=np.intp)
        inclusion = np.full(len(rows), 0.5) if inclusion is None else np.asarray(inclusion, dtype=float)
        return Reviewed(rows, self.wrong[rows], inclusion)


def population(seed=0, n=3000, n_classes=6, rate=0.12, models=6, bad_class=None, **more) -> Population:
    """Labels confused with the next class, and models that lean to it where an item is hard.

    The harder an item, the likelier people and models both take it for its neighbour; with `bad_class`, half of the
    labels of that class are wrong.
    """
    rng = np.random.default_rng(seed)
    truth = rng.integers(n_classes, size=n)
    hard = rng.random(n) ** 2
    wrong = rng.random(n) < rate * 2 * (0.2 + hard) / 1.07
    given = np.where(wrong, (truth + 1) % n_classes, truth)
    if bad_class is not None:
        swapped = (truth != bad_class) & (rng.random(n) < 0.5 / (n_classes - 1))
        given, wrong = np.where(swapped, bad_class, given), np.where(swapped, True, wrong)
    outputs = []
    for j in range(models):
        logits = rng.normal(size=(n, n_classes))
        logits[np.arange(n), truth] += 1.2 + 0.3 * j
        logits[np.arange(n), (truth + 1) % n_classes] += 2.5 * hard
        probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        outputs.append(dense(probs, f"m{j}"))
    return Population(inputs_of(given, outputs, n_classes, **more), wrong)


def average_precision(score, wrong) -> float:
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(wrong, score))


def auroc(score, wrong) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(wrong, score))


def calibration_error(probability, wrong, bins=15) -> float:
    """Mean distance between the probability and the share that is wrong, over bins of equal numbers of items."""
    order = np.argsort(probability, kind="stable")
    parts = np.array_split(order, bins)
    return float(sum(abs((probability[p] - wrong[p]).sum()) for p in parts) / len(order))
