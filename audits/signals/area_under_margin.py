"""Area under the margin: how far a model was for the given class, over the epochs of its training."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from audits.signals.base import likeliest_other, signal_table
from audits.signals.epochs import blocks, largest_other, of_labels
from audits.signals.inputs import Inputs
from audits.training_config import AreaUnderMarginConfig

NAME = "area_under_margin"


def detect(inputs: Inputs, params: AreaUnderMarginConfig) -> pa.Table:
    """Score labels by the mean over epochs of the given class's logit minus the largest other one.

    Parameters
    ----------
    inputs : Inputs
        With `training`, of logits or probabilities.
    params : AreaUnderMarginConfig

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.SIGNALS`. The score is 1 / (1 + exp(-AUM)), in [0, 1]. Flagged where AUM is below 0:
        over the training another class had the larger logit on the average; the lowest AUM first. Suggested is the
        class other than the given one with the highest mean probability.

    Raises
    ------
    InputError, AuditError
        As `audits.signals.epochs.blocks` does.

    Notes
    -----
    Differences of log-probabilities are those of logits, so that probabilities give the same AUM as long as they are
    not below 1e-6; smaller ones count as 1e-6. The study takes its threshold from items that it gives a class of their
    own and trains along; an array of what was trained before has no such items, and 0 is used in its place.

    References
    ----------
    Pleiss, Zhang, Elenberg and Weinberger: Identifying Mislabeled Data using the Area Under the Margin Ranking (2020),
    arXiv:2001.10528.
    """
    from scipy.special import expit

    n = len(inputs)
    area, p_given, p_other = np.empty(n), np.empty(n), np.empty(n)
    other = np.full(n, -1, dtype=np.int32)
    epochs = 0
    for block in blocks(inputs, NAME):
        epochs = len(block.logits)
        margins = of_labels(block.logits, block.labels) - largest_other(block.logits, block.labels)
        area[block.rows] = margins.mean(axis=0)
        other[block.rows], p_other[block.rows], p_given[block.rows] = likeliest_other(
            block.probs.mean(axis=0), block.labels
        )
    flagged = np.flatnonzero(area < 0)
    unit = "logits" if inputs.training is None or inputs.training.kind == "logits" else "log-probabilities"
    reasons: list[str | None] = [None] * n
    for i in flagged.tolist():
        reasons[i] = (
            f"over {epochs} epochs of training {inputs.called(int(inputs.labels[i]))} was {-area[i]:.2f} below the "
            f"strongest other class on average ({unit}); {inputs.called(int(other[i]))} was the likeliest of the others"
        )
    return signal_table(
        inputs.item_ids,
        NAME,
        None,
        score=expit(area),
        flagged_in_order=flagged[np.argsort(area[flagged], kind="stable")],
        suggested=other,
        p_given=p_given,
        p_suggested=p_other,
        reasons=reasons,
    )
