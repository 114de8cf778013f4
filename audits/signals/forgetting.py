"""Forgetting events: how often an item that was predicted as labelled no longer was an epoch later."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from audits.signals.base import likeliest_other, signal_table
from audits.signals.epochs import blocks, largest_other, of_labels
from audits.signals.inputs import Inputs
from audits.training_config import ForgettingConfig

NAME = "forgetting"


def detect(inputs: Inputs, params: ForgettingConfig) -> pa.Table:
    """Score labels by how often they were forgotten, and flag those that were never learned.

    Parameters
    ----------
    inputs : Inputs
        With `training`.
    params : ForgettingConfig

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.SIGNALS`. An item is right in an epoch when no class is likelier than the given one,
        and forgotten when it is right in an epoch and not in the next. Of E epochs at most E // 2 can forget it: the
        score is 1 - forgotten / (E // 2 + 1), and 0 for an item that was right in no epoch. Those are flagged, the
        lowest mean probability of the given label first. Suggested is the class other than the given one with the
        highest mean probability.

    Raises
    ------
    InputError, AuditError
        As `audits.signals.epochs.blocks` does.

    References
    ----------
    Toneva and others: An Empirical Study of Example Forgetting during Deep Neural Network Learning (2019),
    arXiv:1812.05159. There an item that was never learned counts as forgotten without bound.
    """
    n = len(inputs)
    score, p_given, p_other = np.empty(n), np.empty(n), np.empty(n)
    other = np.full(n, -1, dtype=np.int32)
    epochs = 0
    for block in blocks(inputs, NAME):
        epochs = len(block.probs)
        right = of_labels(block.probs, block.labels) >= largest_other(block.probs, block.labels)
        forgotten = (right[:-1] & ~right[1:]).sum(axis=0)
        learned = right.any(axis=0)
        score[block.rows] = np.where(learned, 1 - forgotten / (len(right) // 2 + 1), 0.0)
        other[block.rows], p_other[block.rows], p_given[block.rows] = likeliest_other(
            block.probs.mean(axis=0), block.labels
        )
    flagged = np.flatnonzero(score == 0)
    reasons: list[str | None] = [None] * n
    for i in flagged.tolist():
        reasons[i] = (
            f"in none of {epochs} epochs of training was {inputs.called(int(inputs.labels[i]))} the likeliest class; "
            f"{inputs.called(int(other[i]))} had {p_other[i]:.2f} on average"
        )
    return signal_table(
        inputs.item_ids,
        NAME,
        None,
        score=score,
        flagged_in_order=flagged[np.argsort(p_given[flagged], kind="stable")],
        suggested=other,
        p_given=p_given,
        p_suggested=p_other,
        reasons=reasons,
    )
