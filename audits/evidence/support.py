"""What the models say of each item: how far they support its given label, and the class that they put in its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audits.evidence.model_weights import model_weights
from audits.outputs import Ints, ModelOutputs

Floats64 = npt.NDArray[np.float64]

#: A probability counts as this much more than it is, so that no single model vetoes a class.
FLOOR = 1e-3

_BLOCK = 50_000


@dataclass(frozen=True)
class Support:
    """The models' word on each item; shares and means are weighted by model, all in [0, 1].

    Attributes
    ----------
    other : int32 array, shape (n,)
        The class other than the given label that the models support most; -1 where none does.
    share_given, share_other : float arrays, shape (n,)
        Share of the models that predict the one and the other.
    plain_given, plain_other : float arrays, shape (n,)
        The same with all models alike.
    mean_given, mean_other : float arrays, shape (n,)
        Mean probability; of a model that gives labels alone, whether it predicts the class.
    backing : float array, shape (n,)
        Geometric mean of the probability of `other`, and of models that give labels alone their share: high where all
        models find the class possible, not only some of them certain.
    mean_rival : float array, shape (n,)
        Mean probability of the class other than the given label that each model itself finds likeliest.
    low_given, low_other : float arrays, shape (n,)
        Geometric means that a probability below some 0.03 does not pull down further.
    top_given, spread_given, spread_other : float arrays, shape (n,)
        Largest probability of the given label, and the standard deviations over the models.
    confidence : float array, shape (n,)
        Mean probability of the predicted class.
    strong_given, strong_other : float arrays, shape (n,)
        Shares among the better half of the models.
    classes : float array, shape (n,)
        Logarithm of how many classes are predicted.
    entropy : float array, shape (n,)
        Of the predicted classes, in nats.
    weights : float array, shape (m,)
        Of the models. Of an item that some of them gave no answer for, the others share them.
    answered : bool array, shape (n,)
        Whether any model gave an answer; where none did, everything else is 0 and `other` is -1.
    probabilities : bool
        Whether any model gives probabilities.
    """

    other: Ints
    share_given: Floats64
    share_other: Floats64
    plain_given: Floats64
    plain_other: Floats64
    mean_given: Floats64
    mean_other: Floats64
    backing: Floats64
    mean_rival: Floats64
    low_given: Floats64
    low_other: Floats64
    top_given: Floats64
    spread_given: Floats64
    spread_other: Floats64
    confidence: Floats64
    strong_given: Floats64
    strong_other: Floats64
    classes: Floats64
    entropy: Floats64
    weights: Floats64
    answered: npt.NDArray[np.bool_]
    probabilities: bool

    @property
    def margin(self) -> Floats64:
        """Evidence against the given label, shape (n,), in [-1, 1]: the backing of the other class less the mean
        probability of the given one; where all models give labels alone, the difference of their shares.
        """
        return self.backing - self.mean_given


def support(
    outputs: Sequence[ModelOutputs], labels: Ints, sampled: npt.NDArray[np.intp] | None = None
) -> Support:
    """Gather what models say.

    Parameters
    ----------
    outputs : sequence of ModelOutputs
        At least one, any kind, in items order.
    labels : int32 array, shape (n,)
        Given labels as class indices.
    sampled : int array, optional
        Items that the likeness of the models is taken from; left out, all.

    Returns
    -------
    Support
    """
    weights = model_weights([o.predicted() for o in outputs], labels, sampled)
    blocks = [
        _block(
            [o.take(slice_rows(start, len(labels))) for o in outputs], labels[start : start + _BLOCK], weights
        )
        for start in range(0, max(len(labels), 1), _BLOCK)
    ]
    joined = {name: np.concatenate([b[name] for b in blocks]) for name in blocks[0]}
    other, answered = joined.pop("other").astype(np.int32), joined.pop("answered")
    return Support(
        other=other,
        weights=weights,
        answered=answered,
        probabilities=any(o.kind != "labels" for o in outputs),
        **joined,
    )


def slice_rows(start: int, n: int) -> npt.NDArray[np.intp]:
    """Rows of a block."""
    return np.arange(start, min(start + _BLOCK, n))


def probability(outputs: ModelOutputs, classes: Ints) -> Floats64:
    """Probability of one class an item; of labels alone 1 where it is predicted and 0 elsewhere."""
    found = outputs.probability_of(classes)
    if found is not None:
        return np.clip(found, 0.0, 1.0)
    return np.asarray((outputs.predicted() == classes) & (classes >= 0), dtype=np.float64)


def answers(outputs: ModelOutputs) -> npt.NDArray[np.bool_]:
    """Whether a model gave an answer for each item, shape (n,)."""
    return np.asarray(outputs.predicted() >= 0)


def backing(outputs: Sequence[ModelOutputs], classes: Ints, weights: Floats64) -> Floats64:
    """Support of one class an item by the models that answered, shape (n,), in [0, 1]: see `Support.backing`."""
    logs, sure, total = np.zeros(len(classes)), np.zeros(len(classes)), np.zeros(len(classes))
    with_probs = 0.0
    for o, w in zip(outputs, weights, strict=True):
        p = probability(o, classes)
        if o.kind == "labels":
            there = answers(o)
            sure += w * p * there
            total += w * there
        else:
            logs += w * np.log(p + FLOOR)
            with_probs += w
    if with_probs:
        sure += with_probs * (np.exp(logs / with_probs) - FLOOR)
        total += with_probs
    return np.clip(sure / np.where(total > 0, total, 1.0), 0.0, 1.0)


def _block(
    outputs: list[ModelOutputs], labels: Ints, weights: Floats64
) -> dict[str, npt.NDArray[np.generic]]:
    m = len(outputs)
    predicted = np.stack([o.predicted() for o in outputs], axis=1)
    rivals = np.stack([_likeliest_other(o, labels) for o in outputs], axis=1)
    other = _other(outputs, predicted, rivals, weights)
    own = [probability(o, np.ascontiguousarray(rivals[:, j])) for j, o in enumerate(outputs)]
    given = np.stack([probability(o, labels) for o in outputs], axis=1)
    rival = np.stack([probability(o, other) for o in outputs], axis=1)
    on_given = predicted == labels[:, None]
    on_other = (predicted == other[:, None]) & (other >= 0)[:, None]
    answered = np.stack([answers(o) for o in outputs], axis=1)
    shared = answered * weights
    row = shared / np.maximum(shared.sum(axis=1, keepdims=True), 1e-300)
    strong = answered & (weights >= np.median(weights))
    each = answered / np.maximum(answered.sum(axis=1, keepdims=True), 1)
    strong_each = strong / np.maximum(strong.sum(axis=1, keepdims=True), 1)
    confidence = [np.ones(len(labels)) if (c := o.confidence()) is None else c for o in outputs]
    counts = np.stack([(predicted == predicted[:, [j]]).sum(axis=1) for j in range(m)], axis=1)
    own_probs = np.stack(own, axis=1)
    mean_given, mean_other = _over(given, row), _over(rival, row)
    return {
        "other": other,
        "answered": answered.any(axis=1),
        "share_given": _over(on_given, row),
        "share_other": _over(on_other, row),
        "plain_given": _over(on_given, each),
        "plain_other": _over(on_other, each),
        "mean_given": mean_given,
        "mean_other": mean_other,
        "backing": backing(outputs, other, weights),
        "mean_rival": _over(own_probs, row),
        "low_given": np.exp(_over(np.log(given + 0.03), row)) * answered.any(axis=1),
        "low_other": np.exp(_over(np.log(rival + 0.03), row)) * answered.any(axis=1),
        "top_given": given.max(axis=1),
        "spread_given": _spread(given, each),
        "spread_other": _spread(rival, each),
        "confidence": _over(np.stack(confidence, axis=1), row),
        "strong_given": _over(on_given, strong_each),
        "strong_other": _over(on_other, strong_each),
        # each prediction stands for 1/count of its class, so that the sum is the number of classes
        "classes": np.log(np.maximum((answered / counts).sum(axis=1), 1.0)),
        "entropy": -_over(np.log(np.maximum(counts * each.max(axis=1, keepdims=True), 1e-300)), each),
    }


def _over(values: Floats64 | npt.NDArray[np.bool_], weights: Floats64) -> Floats64:
    """Weighted mean of each row, shape (n,)."""
    return np.asarray((values * weights).sum(axis=1), dtype=np.float64)


def _spread(values: Floats64, weights: Floats64) -> Floats64:
    return np.sqrt(np.maximum(_over(values**2, weights) - _over(values, weights) ** 2, 0.0))


def _other(outputs: list[ModelOutputs], predicted: Ints, rivals: Ints, weights: Floats64) -> Ints:
    """The class other than the given label with most support among each model's likeliest other class.

    A prediction counts before a probability: only where no model predicts another class do probabilities decide.
    """
    predicts = (predicted == rivals) & (rivals >= 0)
    columns = range(rivals.shape[1])
    votes = np.stack([((rivals == rivals[:, [j]]) & predicts) @ weights for j in columns], axis=1)
    value = np.where(rivals >= 0, votes, -1.0)
    first, tied = _leading(rivals, value)
    if len(tied):  # of classes with equal votes, or none, the likeliest
        some = [o.take(tied) for o in outputs]
        chances = np.zeros((len(tied), rivals.shape[1]))
        for j in columns:
            column = np.ascontiguousarray(rivals[tied, j])
            for o, w in zip(some, weights, strict=True):
                chances[:, j] += w * probability(o, column)
        # sums in another order of models differ in the last bits
        equal = value[tied] >= value[tied].max(axis=1, keepdims=True) - 1e-12
        first[tied], _ = _leading(rivals[tied], np.where(equal & (rivals[tied] >= 0), chances, -1.0))
    return first


def _leading(rivals: Ints, value: Floats64) -> tuple[Ints, npt.NDArray[np.intp]]:
    """The class with the highest value, the first of several (-1: none), and the rows in which there are several."""
    best = value.max(axis=1)
    leading = (value >= best[:, None] - 1e-12) & (rivals >= 0)
    lowest = np.where(leading, rivals, np.iinfo(np.int32).max).min(axis=1)
    highest = np.where(leading, rivals, -1).max(axis=1)
    return np.where(best < 0, -1, lowest).astype(np.int32), np.flatnonzero((highest > lowest) & (best >= 0))


def _likeliest_other(outputs: ModelOutputs, labels: Ints) -> Ints:
    """The likeliest class of one model other than the given label, shape (n,); -1 where it names none."""
    if outputs.pred_probs is not None:
        probs = np.array(outputs.pred_probs, copy=True)
        probs[np.arange(len(labels)), labels] = -1.0
        return np.asarray(probs.argmax(axis=1), dtype=np.int32)
    if outputs.top_k_labels is not None and outputs.top_k_probs is not None:
        chances = np.where(outputs.top_k_labels == labels[:, None], -1.0, outputs.top_k_probs)
        best = chances.argmax(axis=1)
        found = np.take_along_axis(np.asarray(outputs.top_k_labels), best[:, None], axis=1)[:, 0]
        return np.where(chances.max(axis=1) < 0, -1, found).astype(np.int32)
    predicted = outputs.predicted()
    return np.where(predicted == labels, -1, predicted).astype(np.int32)
