"""Confident learning through cleanlab, under cleanlab's own names for its options."""

from __future__ import annotations

import warnings

import numpy as np
import pyarrow as pa

from audits.audit_config import ConfidentLearningConfig
from audits.errors import InputError
from audits.outputs import Ints, ModelOutputs
from audits.signals.base import likeliest_other, signal_table
from audits.signals.temperature import calibrated

NAME = "confident_learning"


def detect(
    item_ids: pa.Array, labels: Ints, outputs: ModelOutputs, params: ConfidentLearningConfig
) -> pa.Table:
    """Flag and score the labels of one model with dense outputs.

    Parameters
    ----------
    item_ids : pyarrow string array, length n
    labels : int32 array, shape (n,)
        Given labels as class indices.
    outputs : ModelOutputs
        With `pred_probs` of shape (n, K), out of sample.
    params : ConfidentLearningConfig
        `filter_by`, `frac_noise`, `num_to_remove_per_class`, `min_examples_per_class`, `method` and
        `adjust_pred_probs` are cleanlab's. With `calibrate`, all that follows is of the calibrated probabilities.

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.SIGNALS`. The flagged items and their order are those of
        `cleanlab.filter.find_label_issues(return_indices_ranked_by=method)`, the scores those of
        `cleanlab.rank.get_label_quality_scores`. The suggested label is the likeliest other class.

    Raises
    ------
    InputError
        When the labels are all of one class, which cleanlab refuses or takes as its options have it, or
        when `num_to_remove_per_class` has not one number a class: cleanlab would spread a single one over
        all classes.
    ValueError
        What cleanlab raises for options that do not fit the data.

    Notes
    -----
    A class with no more than `min_examples_per_class` items loses none of them to pruning. cleanlab warns of
    each such class, also of those without items; here it is no warning but what the option asks for.

    References
    ----------
    Northcutt, Jiang and Chuang: Confident Learning: Estimating Uncertainty in Dataset Labels (2021),
    doi:10.1613/jair.1.12125.
    """
    # Imported at use: cleanlab takes seconds to load.
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    if len(present := np.unique(labels)) < 2:
        raise InputError(
            f"audit {NAME!r} needs labels of at least 2 classes; {len(labels)} items have {len(present)}"
        )
    to_remove = params.num_to_remove_per_class
    if to_remove is not None and len(to_remove) != outputs.n_classes:
        raise InputError(
            f"audit {NAME!r}: 'num_to_remove_per_class' has {len(to_remove)} numbers, "
            f"but there are {outputs.n_classes} classes"
        )
    outputs = calibrated(item_ids, labels, outputs, params.calibrate)
    probs = np.asarray(outputs.pred_probs)
    with warnings.catch_warnings():
        # what the option `min_examples_per_class` asks for is nothing to warn of
        warnings.filterwarnings("ignore", "May not flag all label issues in class", UserWarning)
        flagged = find_label_issues(
            labels,
            probs,
            return_indices_ranked_by=params.method,
            rank_by_kwargs={"adjust_pred_probs": params.adjust_pred_probs},
            filter_by=params.filter_by,
            frac_noise=params.frac_noise,
            num_to_remove_per_class=None if to_remove is None else list(to_remove),
            min_examples_per_class=params.min_examples_per_class,
            # One process: the result does not depend on it, and forking inside an orchestrator may deadlock.
            n_jobs=1,
        )
    score = get_label_quality_scores(
        labels, probs, method=params.method, adjust_pred_probs=params.adjust_pred_probs
    )
    other, p_other, p_given = likeliest_other(probs, labels)
    return signal_table(
        item_ids,
        NAME,
        outputs.model,
        score=np.clip(np.asarray(score, dtype=np.float64), 0.0, 1.0),
        flagged_in_order=np.asarray(flagged, dtype=np.intp),
        suggested=other,
        n_agree=(outputs.predicted() == other).astype(np.int32),
        p_given=p_given,
        p_suggested=p_other,
    )
