"""Metrics: how good a model's outputs are under one labelling.

Every metric takes the labels and the outputs of the same n items; an item whose label is -1 is not
scored, so that a label version which leaves items out needs no copy of the outputs. What outputs
cannot give is no number but a reason. Adding a metric is one function and one line in `METRICS`, with
the invariants that a common test then holds it to.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from audits.benchmark.metric import Invariant, Metric, Scored, Value
from audits.errors import UsageError
from audits.outputs import Ints, Kind, ModelOutputs

ECE_BINS = 15


def accuracy(labels: Ints, outputs: ModelOutputs) -> Value:
    """Give the share of items whose predicted class is the label.

    Parameters
    ----------
    labels : int32 array, shape (n,)
        Class indices; -1: not scored.
    outputs : ModelOutputs of the same n items

    Returns
    -------
    Value
        In [0, 1], higher is better. An item without an answer counts as wrong.

    Examples
    --------
    >>> outputs = ModelOutputs("m", "labels", 3, labels=np.array([0, 1, 1], dtype=np.int32))
    >>> accuracy(np.array([0, 1, 2], dtype=np.int32), outputs).value
    0.6666666666666666
    """
    scored = Scored.of(labels, outputs)
    if scored.n == 0:
        return _NO_ITEMS
    return scored.value(np.count_nonzero(scored.predicted == scored.labels) / scored.n)


def top5_accuracy(labels: Ints, outputs: ModelOutputs) -> Value:
    """Give the share of items whose label is among the five likeliest classes.

    Parameters
    ----------
    labels : int32 array, shape (n,)
        Class indices; -1: not scored.
    outputs : ModelOutputs of the same n items
        Of equal probabilities the first in column order counts.

    Returns
    -------
    Value
        In [0, 1], higher is better. None for predicted labels alone, for top-k outputs with k < 5, and
        where there are five classes or fewer.
    """
    scored = Scored.of(labels, outputs)
    if scored.n == 0:
        return _NO_ITEMS
    if outputs.n_classes <= 5:
        return scored.without("every class is among the top 5")
    top5 = scored.outputs.top5()
    if top5 is None and outputs.top_k_labels is not None:
        return scored.without(f"top-{outputs.top_k_labels.shape[1]} outputs do not reach to the fifth class")
    if top5 is None:
        return scored.without("predicted labels alone: the second to fifth class are unknown")
    hits = (top5[scored.rows] == scored.labels[:, None]).any(axis=1)
    return scored.value(np.count_nonzero(hits) / scored.n)


def balanced_accuracy(labels: Ints, outputs: ModelOutputs) -> Value:
    """Give the mean recall over the classes that the labels have.

    Equal to scikit-learn's `balanced_accuracy_score`.

    Parameters
    ----------
    labels : int32 array, shape (n,)
        Class indices; -1: not scored.
    outputs : ModelOutputs of the same n items

    Returns
    -------
    Value
        In [0, 1], higher is better.
    """
    scored = Scored.of(labels, outputs)
    if scored.n == 0:
        return _NO_ITEMS
    right, labelled, _ = scored.class_counts()
    present = labelled > 0
    return scored.value(_mean(right[present] / labelled[present]))


def macro_f1(labels: Ints, outputs: ModelOutputs) -> Value:
    """Give the mean F1 over the classes that the labels or the predictions of the scored items have.

    Equal to scikit-learn's `f1_score(average="macro")`, but a missing answer is no class of its own:
    it is an item that its class misses.

    Parameters
    ----------
    labels : int32 array, shape (n,)
        Class indices; -1: not scored.
    outputs : ModelOutputs of the same n items

    Returns
    -------
    Value
        In [0, 1], higher is better.
    """
    scored = Scored.of(labels, outputs)
    if scored.n == 0:
        return _NO_ITEMS
    right, labelled, predicted = scored.class_counts()
    both = labelled + predicted
    present = both > 0
    return scored.value(_mean(2 * right[present] / both[present]))


def log_loss(labels: Ints, outputs: ModelOutputs) -> Value:
    """Give the mean negative natural logarithm of the label's probability.

    Equal to scikit-learn's `log_loss`: probabilities are clipped to [eps, 1 - eps] with the machine
    epsilon of the type they are stored in, and rows are not rescaled.

    Parameters
    ----------
    labels : int32 array, shape (n,)
        Class indices; -1: not scored.
    outputs : ModelOutputs of the same n items

    Returns
    -------
    Value
        In nats, at least 0, lower is better. None unless the outputs are dense: a top-k list does not
        tell the probability of a label outside it.
    """
    scored = Scored.of(labels, outputs)
    if scored.n == 0:
        return _NO_ITEMS
    if outputs.pred_probs is None:
        return scored.without(
            "top-k outputs: the probability of a label outside the top k is unknown"
            if outputs.kind == "top_k"
            else _NO_PROBABILITIES
        )
    probs = np.asarray(outputs.pred_probs[scored.rows, scored.labels])
    eps = np.finfo(probs.dtype).eps
    clipped = np.clip(probs, eps, 1 - eps).astype(np.float64)
    return scored.value(float(-np.log(clipped).mean()))


def ece_15(labels: Ints, outputs: ModelOutputs) -> Value:
    """Give the expected calibration error over 15 equal-width bins of the predicted class's probability.

    The mean over the items of `|accuracy - mean confidence|` of the item's bin. Bins are open to the left
    and closed to the right; the first also holds 0.

    Parameters
    ----------
    labels : int32 array, shape (n,)
        Class indices; -1: not scored.
    outputs : ModelOutputs of the same n items

    Returns
    -------
    Value
        In [0, 1], lower is better. None for predicted labels alone.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On Calibration of Modern Neural Networks", 2017.
    """
    scored = Scored.of(labels, outputs)
    if scored.n == 0:
        return _NO_ITEMS
    confidence = scored.outputs.confidence()
    if confidence is None:
        return scored.without(_NO_PROBABILITIES)
    confidence = confidence[scored.rows]
    edges = np.linspace(0, 1, ECE_BINS + 1)
    bins = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, ECE_BINS - 1)
    # |right - confidence| summed over a bin is its size times the gap, which is what the mean needs.
    right = np.bincount(bins, weights=scored.predicted == scored.labels, minlength=ECE_BINS)
    sure = np.bincount(bins, weights=confidence, minlength=ECE_BINS)
    return scored.value(math.fsum(np.abs(right - sure)) / scored.n)


_ALL: tuple[Invariant, ...] = ("permutation", "relabelling", "doubling", "range", "direction")
_ANY: tuple[Kind, ...] = ("dense", "top_k", "labels")
_PROBS: tuple[Kind, ...] = ("dense", "top_k")

#: The metrics, in the order in which they are shown.
METRICS: dict[str, Metric] = {
    m.name: m
    for m in (
        Metric("accuracy", accuracy, True, "share of items predicted right", 0, 1, _ANY, _ALL),
        Metric(
            "top5_accuracy",
            top5_accuracy,
            True,
            "share of items with the label among the five likeliest classes",
            0,
            1,
            _PROBS,
            _ALL,
        ),
        Metric("balanced_accuracy", balanced_accuracy, True, "mean recall of the classes", 0, 1, _ANY, _ALL),
        Metric("macro_f1", macro_f1, True, "mean F1 of the classes", 0, 1, _ANY, _ALL),
        Metric("log_loss", log_loss, False, "mean log loss in nats", 0, math.inf, ("dense",), _ALL),
        Metric("ece_15", ece_15, False, "expected calibration error, 15 bins", 0, 1, _PROBS, _ALL),
    )
}


def metric_named(name: str) -> Metric:
    """Look a metric up; raises UsageError when there is none of this name."""
    if name not in METRICS:
        raise UsageError(f"no metric is named {name!r}; there are {', '.join(METRICS)}")
    return METRICS[name]


_NO_ITEMS = Value(None, 0, "no items")
_NO_PROBABILITIES = "predicted labels alone: there are no probabilities"


def _mean(values: npt.NDArray[np.float64]) -> float:
    # An exact sum does not depend on the order of the classes.
    return math.fsum(values) / len(values)
