"""Mean and spread over the epochs of training of the probability of the given label."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from audits.signals.base import likeliest_other, signal_table
from audits.signals.epochs import blocks, largest_other, of_labels
from audits.signals.inputs import Inputs
from audits.training_config import GivenOverEpochsConfig

NAME = "given_over_epochs"


def detect(inputs: Inputs, params: GivenOverEpochsConfig) -> pa.Table:
    """Score labels by their mean probability over the epochs.

    Parameters
    ----------
    inputs : Inputs
        With `training`.
    params : GivenOverEpochsConfig

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.SIGNALS`. The score is the mean over epochs of p(given). Flagged where another class
        has a higher mean, the lowest scores first; that class is suggested. The reason names both means, the
        standard deviation of p(given) over the epochs, and how the label was learned, as `course` says.

    Raises
    ------
    InputError, AuditError
        As `audits.signals.epochs.blocks` does.

    References
    ----------
    Swayamdipta and others: Dataset Cartography: Mapping and Diagnosing Datasets with Training Dynamics (2020),
    arXiv:2009.10795: 'confidence' and 'variability'.
    """
    n = len(inputs)
    p_given, spread, p_other = np.empty(n), np.empty(n), np.empty(n)
    other = np.full(n, -1, dtype=np.int32)
    how: list[str] = []
    epochs = 0
    for block in blocks(inputs, NAME):
        given = of_labels(block.probs, block.labels)
        epochs = len(given)
        spread[block.rows] = given.std(axis=0)
        how += course(given >= largest_other(block.probs, block.labels))
        other[block.rows], p_other[block.rows], p_given[block.rows] = likeliest_other(
            block.probs.mean(axis=0), block.labels
        )
    flagged = np.flatnonzero(p_other > p_given)
    reasons: list[str | None] = [None] * n
    for i in flagged.tolist():
        reasons[i] = (
            f"over {epochs} epochs the model in training gave {inputs.called(int(inputs.labels[i]))} "
            f"{p_given[i]:.2f} (spread {spread[i]:.2f}) and {inputs.called(int(other[i]))} {p_other[i]:.2f}: "
            f"the given label was {how[i]}"
        )
    score = np.clip(p_given, 0.0, 1.0)
    return signal_table(
        inputs.item_ids,
        NAME,
        None,
        score=score,
        flagged_in_order=flagged[np.argsort(score[flagged], kind="stable")],
        suggested=other,
        p_given=p_given,
        p_suggested=p_other,
        reasons=reasons,
    )


def course(right: npt.NDArray[np.bool_]) -> list[str]:
    """Say in words when items were predicted as labelled.

    Parameters
    ----------
    right : bool array, shape (epochs, b)
        Whether the given label is among the likeliest classes.

    Returns
    -------
    list of str, length b
        'never learned': right in no epoch. 'forgotten': right in some, not in the last. 'learned late': right from an
        epoch in the second half to the last, and in none before. 'learned early': right from an epoch in the first half
        to the last. 'unstable': learned, forgotten and learned again.
    """
    epochs = len(right)
    count, last = right.sum(axis=0), right[-1]
    # the epoch after the last wrong one
    since = np.where(right.all(axis=0), 0, epochs - np.argmin(right[::-1], axis=0))
    steady = last & (count == epochs - since)
    words = np.select(
        [count == 0, ~last, steady & (since >= epochs / 2), steady],
        ["never learned", "forgotten", "learned late", "learned early"],
        "unstable",
    )
    return [str(w) for w in words]
