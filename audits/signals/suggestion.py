"""A better label that came with the data, such as the guess of whoever flagged the item."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from audits.audit_config import SuggestionConfig
from audits.errors import InputError
from audits.signals.base import signal_table
from audits.signals.inputs import Inputs

NAME = "suggestion"


def detect(inputs: Inputs, params: SuggestionConfig) -> pa.Table:
    """Flag items that came with another label than the given one, and score them by the models' support of it.

    Parameters
    ----------
    inputs : Inputs
        With `suggestions`; the models of `outputs`, of any kind, say how likely they are.
    params : SuggestionConfig

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.SIGNALS`. The score is 1 where there is no suggestion or it is the given label, and
        (1 - support) / 2 elsewhere: support is the mean over the models of the probability of the suggested class (of
        labels alone: whether it is the predicted one), and 0 without models. Flagged are all items with another label
        suggested, the lowest scores first. `n_agree` of the models predict it.

    Raises
    ------
    InputError
        When there are no suggestions, or one is no class.

    Notes
    -----
    What is suggested does not come from the outputs that are audited, and nothing is known of how good it is: 1/2 is no
    probability. How much it counts is for those to say who combine signals.
    """
    if inputs.suggestions is None:
        raise InputError(f"audit {NAME!r} needs suggestions; the dataset has none")
    suggested = np.where(inputs.suggestions == inputs.labels, -1, inputs.suggestions).astype(np.int32)
    if (broken := np.flatnonzero((suggested < -1) | (suggested >= inputs.n_classes))).size:
        raise InputError(
            f"audit {NAME!r}: {broken.size} suggestions are no class index below {inputs.n_classes}, the first of "
            f"them {int(suggested[broken[0]])} at row {int(broken[0])}"
        )
    n, models = len(inputs), inputs.models
    agree, support = np.zeros(n, dtype=np.int32), np.zeros(n)
    p_given, p_suggested, with_probs = np.zeros(n), np.zeros(n), 0
    for model in models:
        predicted = (model.predicted() == suggested) & (suggested >= 0)
        agree += predicted
        of_suggested, of_given = model.probability_of(suggested), model.probability_of(inputs.labels)
        if of_suggested is None or of_given is None:
            support += predicted
            continue
        with_probs += 1
        support += of_suggested
        p_suggested += of_suggested
        p_given += of_given
    support /= max(len(models), 1)
    score = np.where(suggested >= 0, np.clip((1 - support) / 2, 0.0, 0.5), 1.0)
    flagged = np.flatnonzero(suggested >= 0)
    reasons: list[str | None] = [None] * n
    for i in flagged.tolist():
        reasons[i] = f"the data suggests {inputs.called(int(suggested[i]))}"
    return signal_table(
        inputs.item_ids,
        NAME,
        None,
        score=score,
        flagged_in_order=flagged[np.argsort(score[flagged], kind="stable")],
        suggested=suggested,
        n_agree=agree if models else None,
        n_models=len(models),
        p_given=p_given / with_probs if with_probs else None,
        p_suggested=p_suggested / with_probs if with_probs else None,
        reasons=reasons,
    )
