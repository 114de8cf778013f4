"""A threshold of each class of its own below which its label is doubted: for classes of very different sizes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from audits.audit_config import ClassThresholdsConfig
from audits.errors import InputError
from audits.outputs import Floats, Ints, ModelOutputs, row_blocks
from audits.signals.base import Floats64, signal_table
from audits.signals.margin import by_blocks
from audits.signals.temperature import calibrated

NAME = "class_thresholds"


def detect(
    item_ids: pa.Array, labels: Ints, outputs: ModelOutputs, params: ClassThresholdsConfig
) -> pa.Table:
    """Flag items that another class is likelier for, and that are unlike the others of their given class.

    Parameters
    ----------
    item_ids : pyarrow string array, length n
    labels : int32 array, shape (n,)
        Given labels as class indices.
    outputs : ModelOutputs
        With `pred_probs` of shape (n, K), out of sample.
    params : ClassThresholdsConfig
        With `calibrate`, all that follows is of the calibrated probabilities.

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.SIGNALS`. With t the thresholds of `class_thresholds`, the score is
        p(given) / (p(given) + t[given]), in [0, 1]: 1/2 at the threshold. Flagged where p(given) is below it and
        another class is strictly likelier, the lowest scores first; the likeliest other class is suggested.

    Raises
    ------
    InputError
        When the labels are not of two classes at least.

    Notes
    -----
    A model that learned from few items of a class gives it low probabilities also where it is right. 'Another class
    is likelier' then holds for most of its items, and one threshold for all classes is too high for it and too low for
    the others.
    """
    if len(present := np.unique(labels)) < 2:
        raise InputError(
            f"audit {NAME!r} needs labels of at least 2 classes; {len(labels)} items have {len(present)}"
        )
    outputs = calibrated(item_ids, labels, outputs, params.calibrate)
    probs = np.asarray(outputs.pred_probs)
    threshold = class_thresholds(probs, labels)[labels]
    other, p_other, p_given = by_blocks(probs, labels)
    total = p_given + threshold
    score = np.divide(p_given, total, out=np.full(len(labels), 0.5), where=total > 0)
    flagged = np.flatnonzero((p_given < threshold) & (p_other > p_given))
    return signal_table(
        item_ids,
        NAME,
        outputs.model,
        score=score,
        flagged_in_order=flagged[np.argsort(score[flagged], kind="stable")],
        suggested=other,
        n_agree=(outputs.predicted() == other).astype(np.int32),
        p_given=p_given,
        p_suggested=p_other,
    )


def class_thresholds(pred_probs: Floats, labels: Ints) -> Floats64:
    """Find for each class the probability that best tells the items given it from all others.

    Parameters
    ----------
    pred_probs : float array, shape (n, K)
    labels : int32 array, shape (n,)
        Of two classes at least.

    Returns
    -------
    float array, shape (K,)
        The t[j] that maximizes the share of the items given j with p(j) >= t[j] less that share of the other items
        (Youden's index). Only probabilities of items given j are tried, and of equally good ones the least is taken.
        NaN for a class that no item is given.

    Notes
    -----
    Both shares are of one class each, so that the size of a class does not enter. Where labels are wrong at a rate
    that depends on the class alone, the index is scaled and shifted, and its maximum stays where it would be with the
    right labels. The shares are compared as whole numbers: the order of items and classes cannot matter.

    References
    ----------
    Youden: Index for rating diagnostic tests (1950), doi:10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3.
    Menon, van Rooyen, Ong and Williamson: Learning from Corrupted Binary Labels via Class-Probability Estimation,
    ICML (2015): the balanced error under corrupted labels.
    """
    n, k = pred_probs.shape
    order = np.argsort(labels, kind="stable")
    ends = np.cumsum(np.bincount(labels, minlength=k))
    p_given = pred_probs[np.arange(n), labels]
    of_class = [np.sort(p_given[rows]) for rows in np.split(order, ends[:-1])]
    # reach[j][i]: how many of all items have a p(j) that is at least the first i of those given j, and no more
    reach = [np.zeros(len(own) + 1, dtype=np.int64) for own in of_class]
    for block in row_blocks(pred_probs):
        for j, column in enumerate(np.ascontiguousarray(np.asarray(block).T)):
            if len(own := of_class[j]):
                least = column[column >= own[0]]
                reach[j] += np.bincount(np.searchsorted(own, least, side="right"), minlength=len(own) + 1)
    return np.array([_best(own, counts, n) for own, counts in zip(of_class, reach, strict=True)])


def _best(own: Floats, reach: npt.NDArray[np.int64], n: int) -> float:
    if not len(own):
        return float("nan")
    first = np.searchsorted(own, own, side="left")  # of equal values all are at or above
    own_above = len(own) - first
    all_above = reach[::-1].cumsum()[::-1][first + 1]
    index = own_above * (n - len(own)) - (all_above - own_above) * len(own)
    return float(own[index.argmax()])
