"""What cleanlab's self-confidence needs of a model's probabilities, in four columns, whatever the model gave."""

from __future__ import annotations

import numpy as np

from audits.outputs import ModelOutputs

#: Probability that a model which gives labels alone is taken to give to its prediction; the rest is spread evenly.
#: The order of the scores hardly depends on it: the self-confidence of every model goes through the same line, but for
#: items without an answer.
SURE = 0.95


def around_given(outputs: ModelOutputs, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rearrange probabilities around the given label.

    `cleanlab.rank.get_label_quality_ensemble_scores` with its defaults uses p[given] of every item and whether the
    given label is the argmax. Both are the same in a matrix that holds the given label between the largest
    probability of the classes before it and that of the classes after it, where ties go to the first as before; a
    matrix of all classes of 34 models would take gigabytes.

    Top-k outputs: what the top k leave over is spread evenly over the other classes. Labels alone: `SURE` on the
    prediction, the rest spread evenly; all classes alike where the model gave none.

    Parameters
    ----------
    outputs : ModelOutputs
    labels : int32 array, shape (n,)
        Given labels.

    Returns
    -------
    pred_probs : float64 array, shape (n, 4)
    columns : int array, shape (n,)
        Column of the given label: 1 in even rows, 2 in odd ones (cleanlab refuses labels that are all one).
    """
    n = len(labels)
    before, given, after = (
        _dense(outputs, labels) if outputs.pred_probs is not None else _listed(outputs, labels)
    )
    even = np.arange(n) % 2 == 0
    probs = np.zeros((n, 4))
    probs[:, 0] = before
    probs[:, 1] = np.where(even, given, before)
    probs[:, 2] = np.where(even, after, given)
    probs[:, 3] = np.where(even, 0.0, after)
    return np.clip(probs, 0.0, 1.0), np.where(even, 1, 2)


def _dense(outputs: ModelOutputs, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    probs = np.asarray(outputs.pred_probs, dtype=np.float64)
    column = np.arange(probs.shape[1])
    before = np.where(column < labels[:, None], probs, 0.0).max(axis=1)
    after = np.where(column > labels[:, None], probs, 0.0).max(axis=1)
    return before, probs[np.arange(len(labels)), labels], after


def _listed(outputs: ModelOutputs, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    k = outputs.n_classes
    if outputs.top_k_labels is not None and outputs.top_k_probs is not None:
        classes, probs = outputs.top_k_labels, np.asarray(outputs.top_k_probs, dtype=np.float64)
        rest = np.clip(1.0 - probs.sum(axis=1), 0.0, None) / max(k - classes.shape[1], 1)
    else:
        predicted = outputs.predicted()
        classes = np.maximum(predicted, 0)[:, None]
        probs = np.where(predicted >= 0, SURE, 1.0 / k)[:, None]
        rest = np.where(predicted >= 0, (1.0 - SURE) / max(k - 1, 1), 1.0 / k)
    given = labels[:, None]
    listed = (classes == given).any(axis=1)
    p_given = np.where(listed, np.where(classes == given, probs, 0.0).max(axis=1), rest)
    sides = []
    for side, many in ((classes < given, labels), (classes > given, k - 1 - labels)):
        some_unlisted = side.sum(axis=1) < many
        sides.append(np.maximum(np.where(side, probs, 0.0).max(axis=1), np.where(some_unlisted, rest, 0.0)))
    return sides[0], p_given, sides[1]
