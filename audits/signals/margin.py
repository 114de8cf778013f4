"""Probability of the given label against that of the likeliest other class, of one model with probabilities."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from audits.audit_config import MarginConfig
from audits.errors import InputError
from audits.outputs import Floats, Ints, ModelOutputs, row_blocks
from audits.signals.base import Floats64, likeliest_other, signal_table

NAME = "margin"


def detect(item_ids: pa.Array, labels: Ints, outputs: ModelOutputs, params: MarginConfig) -> pa.Table:
    """Score labels by their margin, and flag those whose margin is below 0.

    Parameters
    ----------
    item_ids : pyarrow string array, length n
    labels : int32 array, shape (n,)
        Given labels as class indices.
    outputs : ModelOutputs
        Of kind dense or top_k, out of sample.
    params : MarginConfig

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.SIGNALS`. The score is (m + 1) / 2 of the margin m = p(given) - max p(other), in
        [0, 1]. Flagged where another class is strictly likelier than the given one, the lowest margins first. For
        top-k outputs the other class is the likeliest of the k; where the given class is all that there is, none is
        suggested, and a class outside has the probability that `ModelOutputs.probability_of` gives it.

    Raises
    ------
    InputError
        When the outputs hold no probabilities.

    References
    ----------
    Kuan and Mueller: Model-agnostic label quality scoring to detect real-world label errors, ICML DataPerf
    Workshop (2022): 'normalized margin'.
    """
    p_given = outputs.probability_of(labels)
    if outputs.pred_probs is not None:
        other, p_other, p_given = by_blocks(outputs.pred_probs, labels)
    elif p_given is not None:
        other, p_other = _other_of_top_k(outputs, labels)
    else:
        raise InputError(f"audit {NAME!r} needs probabilities; model {outputs.model!r} has labels alone")
    margin = p_given - p_other
    flagged = np.flatnonzero((margin < 0) & (other >= 0))
    return signal_table(
        item_ids,
        NAME,
        outputs.model,
        score=np.clip((margin + 1) / 2, 0.0, 1.0),
        flagged_in_order=flagged[np.argsort(margin[flagged], kind="stable")],
        suggested=other,
        n_agree=(outputs.predicted() == other).astype(np.int32),
        p_given=p_given,
        p_suggested=p_other,
    )


def by_blocks(pred_probs: Floats, labels: Ints) -> tuple[Ints, Floats64, Floats64]:
    """As `likeliest_other`, never reading a memory map in whole.

    Parameters
    ----------
    pred_probs : float array, shape (n, K)
    labels : int32 array, shape (n,)

    Returns
    -------
    other, p_other, p_given : arrays, shape (n,)
        As `likeliest_other` gives them.
    """
    other, p_other, p_given = np.empty(len(labels), np.int32), np.empty(len(labels)), np.empty(len(labels))
    at = 0
    for block in row_blocks(pred_probs):
        rows = slice(at, at + len(block))
        other[rows], p_other[rows], p_given[rows] = likeliest_other(block, labels[rows])
        at = rows.stop
    return other, p_other, p_given


def _other_of_top_k(outputs: ModelOutputs, labels: Ints) -> tuple[Ints, Floats64]:
    classes, probs = np.asarray(outputs.top_k_labels), np.asarray(outputs.top_k_probs)
    masked = np.where(classes == labels[:, None], -np.inf, probs)
    best = masked.argmax(axis=1)[:, None]
    alone = ~np.isfinite(np.take_along_axis(masked, best, axis=1)[:, 0])
    other = np.where(alone, np.int32(-1), np.take_along_axis(classes, best, axis=1)[:, 0]).astype(np.int32)
    # a class that is not among the k: any other than the given one stands for all of them
    another = ((labels + 1) % outputs.n_classes).astype(np.int32)
    outside = np.asarray(outputs.probability_of(another), dtype=np.float64)
    p_other = np.where(alone, outside, np.take_along_axis(probs, best, axis=1)[:, 0])
    return other, np.asarray(p_other, dtype=np.float64)
