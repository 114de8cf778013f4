"""Items of which the annotators find two labels plausible."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from audits.annotator_config import AnnotatorAmbiguityConfig
from audits.annotators.toptwo import toptwo
from audits.annotators.votes import once
from audits.errors import InputError
from audits.signals.annotator_consensus import given_by, within
from audits.signals.base import signal_table
from audits.signals.inputs import Inputs

NAME = "annotator_ambiguity"


def detect(inputs: Inputs, params: AnnotatorAmbiguityConfig) -> pa.Table:
    """Score each item by how easily its two most plausible answers are confused, by TopTwo.

    Parameters
    ----------
    inputs : Inputs
        With annotations, and three classes or more.
    params : AnnotatorAmbiguityConfig
        An item is flagged from `min_confusion` on, where somebody gave each of its two answers.

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.SIGNALS`. The score is 1 less the confusion probability, so between 0.501 and 0.999;
        the flagged items are ordered by it. The suggested label is the first answer where that is not the given
        label, else the second one; -1 where nobody gave it. `n_agree` of `n_models` annotators of the item gave it.
        An item without annotations has score 1, and `n_models` is 0.

    Raises
    ------
    InputError
        When there are no annotations, they are of other items, or there are fewer than three classes.

    Notes
    -----
    Few annotations say little: of three that differ in one, the second answer may as well be a slip. Of several
    labels by one annotator on one item the last counts.
    """
    if inputs.annotations is None:
        raise InputError(f"audit {NAME!r} needs annotations, and there are none")
    n = len(inputs)
    try:
        found = toptwo(once(inputs.annotations), inputs.n_classes)
    except InputError as e:
        raise InputError(f"audit {NAME!r}: {e}") from e
    within(found, n, NAME)
    items, given = found.items, inputs.labels[found.items]
    first_by, second_by = given_by(found, found.first), given_by(found, found.second)
    differs = found.first != given
    other = np.where(differs, found.first, found.second)
    behind = np.where(differs, first_by, second_by)
    score = np.ones(n)
    suggested, agree, asked = np.full(n, -1, np.int32), np.zeros(n, np.int32), np.zeros(n, np.int32)
    score[items] = 1.0 - found.confusion
    suggested[items] = np.where(behind > 0, other, -1)
    agree[items] = behind
    asked[items] = found.votes.by_item()
    two = (found.confusion >= params.min_confusion) & (first_by > 0) & (second_by > 0)
    flagged = items[two]
    reasons: list[str | None] = [None] * n
    for at in np.flatnonzero(two).tolist():
        reasons[items[at]] = (
            f"of {asked[items[at]]} annotators {first_by[at]} say {inputs.called(int(found.first[at]))} and "
            f"{second_by[at]} {inputs.called(int(found.second[at]))}: both are plausible "
            f"(probability of confusing them {found.confusion[at]:.2f})"
        )
    return signal_table(
        inputs.item_ids,
        NAME,
        None,
        score=score,
        flagged_in_order=flagged[np.lexsort((flagged, score[flagged]))],
        suggested=suggested,
        n_agree=agree,
        n_models=asked,
        reasons=reasons,
    )
