"""The rule by which the study 'Pervasive Label Errors in Test Sets' chose what to send to reviewers.

It is not what today's `find_label_issues` does: the uncalibrated confident joint says how many items to
take, and the lowest normalised margins say which.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from audits.audit_config import PervasiveLabelErrorsConfig
from audits.outputs import Floats, Ints, ModelOutputs
from audits.signals.base import likeliest_other, signal_table

NAME = "pervasive_label_errors"

#: A class whose items all have probability 0 of it would otherwise have every item over its threshold.
_LEAST_THRESHOLD = 2e-6


def detect(
    item_ids: pa.Array, labels: Ints, outputs: ModelOutputs, params: PervasiveLabelErrorsConfig
) -> pa.Table:
    """Flag the N lowest normalised margins, N being the off-diagonal share of the confident joint.

    Parameters
    ----------
    item_ids : pyarrow string array, length n
    labels : int32 array, shape (n,)
        Given labels as class indices.
    outputs : ModelOutputs
        With `pred_probs` of shape (n, K), out of sample.
    params : PervasiveLabelErrorsConfig

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.SIGNALS`. With C the uncalibrated confident joint,
        N = int((1 - trace(C) / sum(C)) n); the score is (m + 1) / 2 of the normalised margin
        m = p[given] - max p[other], in [0, 1]. Of equal margins the earlier row comes first.

    References
    ----------
    Northcutt, Athalye and Mueller: Pervasive Label Errors in Test Sets Destabilize Machine Learning
    Benchmarks (2021), arXiv:2103.14749. CIFAR-10: 275 items, 20news: 93, IMDB: 1,310.
    """
    probs = np.asarray(outputs.pred_probs)
    other, p_other, p_given = likeliest_other(probs, labels)
    margin = p_given - p_other
    joint = confident_joint(labels, probs)
    total = int(joint.sum())
    n_flagged = int((1 - np.trace(joint) / total) * len(labels)) if total else 0
    order = np.argsort(margin, kind="stable")
    return signal_table(
        item_ids,
        NAME,
        outputs.model,
        score=np.clip((margin + 1) / 2, 0.0, 1.0),
        flagged_in_order=order[:n_flagged],
        suggested=other,
        n_agree=(outputs.predicted() == other).astype(np.int32),
        p_given=p_given,
        p_suggested=p_other,
    )


def confident_joint(labels: Ints, pred_probs: Floats) -> npt.NDArray[np.int64]:
    """Count pairs of given label and confidently predicted label, without calibration.

    Parameters
    ----------
    labels : int32 array, shape (n,)
    pred_probs : float array, shape (n, K)
        Out of sample.

    Returns
    -------
    int64 array, shape (K, K)
        `C[i, j]` items given i that are confidently j. The threshold of a class is the mean probability
        of it over the items given it. An item over one threshold is confidently in that class, over
        several in its likeliest class, over none in no class: it is not counted then.

    Notes
    -----
    The same counts as `cleanlab.count.compute_confident_joint(calibrate=False)` wherever every class is
    confidently found at least once; cleanlab puts 1 on the diagonal where it is not, which counts an item
    that does not exist.
    """
    k = pred_probs.shape[1]
    # A class that no item is given has no threshold: nothing can be confidently in it.
    thresholds = np.full(k, np.inf)
    for j in np.unique(labels):
        thresholds[j] = pred_probs[labels == j, j].mean(dtype=np.float64)
    over = pred_probs >= np.maximum(thresholds, _LEAST_THRESHOLD) - 1e-6
    n_over = over.sum(axis=1)
    counted = n_over > 0
    # As in cleanlab, the likeliest class of an item over several thresholds need not be over its own.
    confident = np.where(n_over > 1, pred_probs.argmax(axis=1), over.argmax(axis=1))
    joint = np.zeros((k, k), dtype=np.int64)
    np.add.at(joint, (labels[counted], confident[counted]), 1)
    return joint
