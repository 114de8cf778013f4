"""Length of the error vector of the probabilities, early in training."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from audits.signals.base import likeliest_other, signal_table
from audits.signals.epochs import blocks
from audits.signals.inputs import Inputs
from audits.training_config import El2nConfig

NAME = "el2n"


def detect(inputs: Inputs, params: El2nConfig) -> pa.Table:
    """Score labels by the mean length, over the first epochs, of the probabilities less the given label.

    Parameters
    ----------
    inputs : Inputs
        With `training`.
    params : El2nConfig
        `epochs` from the first are used, or all where there are fewer.

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.SIGNALS`. With e the mean of ||p - y|| over these epochs, y being 1 at the given
        label and 0 elsewhere, the score is 1 - e / sqrt(2), in [0, 1]. Flagged where it is below 1/2 and another
        class has a higher mean probability over these epochs, the lowest scores first; the likeliest such class is
        suggested.

    Raises
    ------
    InputError, AuditError
        As `audits.signals.epochs.blocks` does.

    Notes
    -----
    The study takes the mean over several trainings from different seeds at one early epoch; an array of one training
    has the epochs in their place. A label of probability p(given) has the shortest vector where the rest is spread
    evenly and the longest where one class has it all, and with two classes the score is p(given).

    References
    ----------
    Paul, Ganguli and Dziugaite: Deep Learning on a Data Diet: Finding Important Examples Early in Training (2021),
    arXiv:2107.07075.
    """
    n = len(inputs)
    score, p_given, p_other = np.empty(n), np.empty(n), np.empty(n)
    other = np.full(n, -1, dtype=np.int32)
    epochs = 0
    for block in blocks(inputs, NAME, first=params.epochs):
        epochs = len(block.probs)
        error = block.probs.copy()
        error[:, np.arange(len(block.labels)), block.labels] -= 1.0
        score[block.rows] = 1 - np.sqrt(np.square(error).sum(axis=2)).mean(axis=0) / np.sqrt(2.0)
        other[block.rows], p_other[block.rows], p_given[block.rows] = likeliest_other(
            block.probs.mean(axis=0), block.labels
        )
    score = np.clip(score, 0.0, 1.0)
    flagged = np.flatnonzero((score < 0.5) & (p_other > p_given))
    reasons: list[str | None] = [None] * n
    for i in flagged.tolist():
        reasons[i] = (
            f"in the first {epochs} epochs of training {inputs.called(int(inputs.labels[i]))} had {p_given[i]:.2f} and "
            f"{inputs.called(int(other[i]))} {p_other[i]:.2f} on average"
        )
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
