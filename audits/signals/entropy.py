"""Confidence-weighted entropy of one model's probabilities."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from audits.audit_config import EntropyConfig
from audits.outputs import Floats, Ints, ModelOutputs, row_blocks
from audits.signals.base import Floats64, signal_table
from audits.signals.margin import by_blocks

NAME = "entropy"


def detect(item_ids: pa.Array, labels: Ints, outputs: ModelOutputs, params: EntropyConfig) -> pa.Table:
    """Score labels by entropy over confidence, and flag those that are not the likeliest class.

    Parameters
    ----------
    item_ids : pyarrow string array, length n
    labels : int32 array, shape (n,)
        Given labels as class indices.
    outputs : ModelOutputs
        With `pred_probs` of shape (n, K), out of sample.
    params : EntropyConfig

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.SIGNALS`. The score is that of `confidence_weighted_entropy`. Flagged where another
        class is strictly likelier than the given one, the lowest scores first; that class is suggested.

    References
    ----------
    Kuan and Mueller: Model-agnostic label quality scoring to detect real-world label errors, ICML DataPerf
    Workshop (2022): 'confidence weighted entropy'.
    """
    probs = np.asarray(outputs.pred_probs)
    other, p_other, p_given = by_blocks(probs, labels)
    score = confidence_weighted_entropy(probs, p_given)
    flagged = np.flatnonzero(p_other > p_given)
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


def confidence_weighted_entropy(pred_probs: Floats, p_given: Floats64) -> Floats64:
    """Entropy divided by the probability of the given label, mapped to [0, 1].

    Parameters
    ----------
    pred_probs : float array, shape (n, K)
    p_given : float array, shape (n,)
        Probability of the given label, in [0, 1].

    Returns
    -------
    float array, shape (n,)
        log(1 + x) / x of x = H / p(given), H being the entropy over its largest value log K. Lower is worse: 1 for a
        model that is certain of the given label, 0 for one that rules it out.

    Notes
    -----
    As `cleanlab.rank.get_confidence_weighted_entropy_for_each_label`, except at the ends: cleanlab puts a bound of 1e-6
    under x and p(given), which gives 0, the worst score, to a label that the model is certain of.
    """
    entropy, at = np.empty(len(p_given)), 0
    for block in row_blocks(pred_probs):
        p = np.asarray(block, dtype=np.float64)
        terms = p * np.log(p, out=np.zeros_like(p), where=p > 0)
        entropy[at : at + len(p)] = np.abs(terms.sum(axis=1)) / np.log(p.shape[1])
        at += len(p)
    possible = p_given > 1e-300  # below, the quotient may be larger than any number
    x = np.divide(entropy, p_given, out=np.zeros_like(entropy), where=possible)
    score = np.divide(np.log1p(x), x, out=np.ones_like(x), where=x > 0)
    return np.clip(np.where(possible, score, 0.0), 0.0, 1.0)
