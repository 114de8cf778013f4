"""Confident learning over the ensemble of all models with dense outputs, through cleanlab."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from audits.audit_config import EnsembleConfidentLearningConfig, EnsembleWeights
from audits.errors import InputError
from audits.outputs import Floats, Ints, ModelOutputs, row_blocks
from audits.signals.base import Floats64, signal_table
from audits.signals.margin import by_blocks
from audits.signals.temperature import calibrated

NAME = "ensemble_confident_learning"

#: The temperatures that cleanlab's `log_loss_search` tries.
_SEARCHED = (1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 2e2)


def detect(
    item_ids: pa.Array,
    labels: Ints,
    outputs: Sequence[ModelOutputs],
    params: EnsembleConfidentLearningConfig,
) -> pa.Table:
    """Flag and score labels by the weighted mean of several models.

    Parameters
    ----------
    item_ids : pyarrow string array, length n
    labels : int32 array, shape (n,)
        Given labels as class indices.
    outputs : sequence of ModelOutputs
        One or more, each with `pred_probs` of shape (n, K), out of sample.
    params : EnsembleConfidentLearningConfig
        `weights`, `filter_by`, `method` and `adjust_pred_probs` are cleanlab's. With `calibrate`, all that follows
        is of the calibrated probabilities.

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.SIGNALS`. The scores are those of `cleanlab.rank.get_label_quality_ensemble_scores`;
        the flagged items those of `cleanlab.filter.find_label_issues` on the mean probabilities under the same
        weights, in the order of the scores. The suggested label is the likeliest other class of these means, and
        `n_agree` models predict it.

    Raises
    ------
    InputError
        When a model has no dense outputs, when the labels are all of one class, or when no model predicts any label
        right and the weights are their accuracies.

    References
    ----------
    Kuan and Mueller: Model-agnostic label quality scoring to detect real-world label errors, ICML DataPerf
    Workshop (2022). Northcutt, Jiang and Chuang (2021), doi:10.1613/jair.1.12125.
    """
    # Imported at use: cleanlab takes seconds to load.
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    if lacking := [o.model for o in outputs if o.pred_probs is None]:
        raise InputError(f"audit {NAME!r} needs dense outputs, which {', '.join(map(repr, lacking))} has not")
    if len(present := np.unique(labels)) < 2:
        raise InputError(
            f"audit {NAME!r} needs labels of at least 2 classes; {len(labels)} items have {len(present)}"
        )
    used = [calibrated(item_ids, labels, o, params.calibrate) for o in outputs]
    weights = ensemble_weights(labels, used, params.weights)
    score = np.zeros(len(labels))
    mean = np.zeros((len(labels), used[0].n_classes), dtype=np.result_type(*(o.pred_probs for o in used)))
    for o, weight in zip(used, weights, strict=True):
        probs = np.asarray(o.pred_probs)
        score += weight * get_label_quality_scores(
            labels, probs, method=params.method, adjust_pred_probs=params.adjust_pred_probs
        )
        mean += mean.dtype.type(weight) * probs
    np.clip(mean, 0.0, 1.0, out=mean)  # a sum of weights may be 1 and a last bit
    with warnings.catch_warnings():
        # a class of one item loses none to pruning: nothing to warn of
        warnings.filterwarnings("ignore", "May not flag all label issues in class", UserWarning)
        issues = find_label_issues(
            labels,
            mean,
            filter_by=params.filter_by,
            # One process: the result does not depend on it, and forking inside an orchestrator may deadlock.
            n_jobs=1,
        )
    flagged = np.flatnonzero(issues)
    other, p_other, p_given = by_blocks(mean, labels)
    return signal_table(
        item_ids,
        NAME,
        None,
        score=np.clip(score, 0.0, 1.0),
        flagged_in_order=flagged[np.argsort(score[flagged], kind="stable")],
        suggested=other,
        n_agree=np.sum([o.predicted() == other for o in used], axis=0).astype(np.int32),
        n_models=len(used),
        p_given=p_given,
        p_suggested=p_other,
    )


def ensemble_weights(labels: Ints, outputs: Sequence[ModelOutputs], how: EnsembleWeights) -> Floats64:
    """Weigh the members of an ensemble as cleanlab does.

    Parameters
    ----------
    labels : int32 array, shape (n,)
    outputs : sequence of ModelOutputs
        With `pred_probs` of shape (n, K).
    how : {"uniform", "accuracy", "log_loss_search"}
        All alike; by the share of the given labels that a model predicts; by exp(-t log-loss) of the given labels,
        with that t of cleanlab's list whose mean probabilities have the lowest log-loss (the first of several).

    Returns
    -------
    float array, shape (models,)
        0 or more; they sum to 1.

    Raises
    ------
    InputError
        When all accuracies are 0.
    """
    if how == "uniform":
        return np.full(len(outputs), 1 / len(outputs))
    if how == "accuracy":
        accuracies = np.array([np.mean(o.predicted() == labels) for o in outputs])
        if not accuracies.any():
            raise InputError(
                f"audit {NAME!r}: no model predicts any of the {len(labels)} given labels, so that models cannot be "
                "weighed by accuracy; set 'weights: uniform' if that is no mistake"
            )
        return np.asarray(accuracies / accuracies.sum(), dtype=np.float64)
    given = np.stack([_given(o.pred_probs, labels) for o in outputs])
    losses = -np.log(np.stack([_given(o.pred_probs, labels, floor=1e-6) for o in outputs])).mean(axis=1)
    best, weights = np.inf, np.empty(len(outputs))
    for t in _SEARCHED:
        tried = np.exp(-t * (losses - losses.min()))
        tried /= tried.sum()
        loss = -np.log(np.maximum(tried @ given, np.finfo(np.float64).eps)).mean()
        if loss < best:
            best, weights = loss, tried
    return weights


def _given(pred_probs: Floats | None, labels: Ints, floor: float = 0.0) -> Floats64:
    """Probability of the given label; with a floor, after lifting all below it and making the rows sum to 1."""
    probs = np.asarray(pred_probs)
    found = np.asarray(probs[np.arange(len(labels)), labels], dtype=np.float64)
    if not floor:
        return found
    sums = np.concatenate([np.maximum(b, floor).sum(axis=1, dtype=np.float64) for b in row_blocks(probs)])
    return np.asarray(np.maximum(found, floor) / sums, dtype=np.float64)
