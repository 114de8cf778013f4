"""Items whose given label is not what their annotators come to."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from audits.annotator_config import AnnotatorConsensusConfig
from audits.annotators.aggregate import Aggregate
from audits.annotators.combining import combine
from audits.annotators.votes import ROUNDING, Floats64
from audits.errors import InputError
from audits.outputs import Ints
from audits.signals.base import signal_table
from audits.signals.inputs import Inputs

NAME = "annotator_consensus"


def detect(inputs: Inputs, params: AnnotatorConsensusConfig) -> pa.Table:
    """Combine the annotations of each item and flag the given labels that they come out against.

    Parameters
    ----------
    inputs : Inputs
        With annotations. The dense ones of its outputs take part where the method is crowdlab or auto.
    params : AnnotatorConsensusConfig

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.SIGNALS`. The score is the mean of the probability of the given label under the
        method and of its share of the item's annotators: the methods are too sure of themselves to order items by. An
        item is flagged where the consensus is another label and likelier than the given one; the lowest scores come
        first, then those with more annotators behind the other label. The suggested label is the consensus where
        that is not the given label, else the likeliest other one that an annotator gave, if any; `n_agree` of
        `n_models` annotators of the item gave it. An item without annotations has score 1: nothing speaks against
        its label; `n_models` is 0 there and `p_given` null.

    Raises
    ------
    InputError
        When there are no annotations, they are of other items, or the method cannot work on them.
    UsageError
        When the method needs an extra that is not installed.

    Notes
    -----
    Of several labels by one annotator on one item the last counts. Scores are as sure of themselves as the method:
    the shares of `majority` are not sharp, the posteriors of the models of annotators too much so.
    """
    if inputs.annotations is None:
        raise InputError(f"audit {NAME!r} needs annotations, and there are none")
    n = len(inputs)
    dense = [np.asarray(o.pred_probs) for o in inputs.models if o.kind == "dense"]
    try:
        found = combine(inputs.annotations, inputs.n_classes, params.method, dense)
    except InputError as e:
        raise InputError(f"audit {NAME!r}: {e}") from e
    within(found, n, NAME)
    items, given = found.items, inputs.labels[found.items]
    p_of_given = found.probability_of(given)
    against = (found.labels != given) & (found.confidence > p_of_given + ROUNDING)
    other = np.where(against, found.labels, _next_best(found, given))
    score, p_given, p_other = np.ones(n), np.full(n, np.nan), np.zeros(n)
    suggested, agree, asked = np.full(n, -1, np.int32), np.zeros(n, np.int32), np.zeros(n, np.int32)
    p_given[items] = np.clip(p_of_given, 0.0, 1.0)
    share = given_by(found, given) / np.maximum(found.votes.by_item(), 1)
    score[items] = (p_given[items] + share) / 2
    suggested[items] = other
    p_other[items] = np.clip(found.probability_of(other), 0.0, 1.0)
    agree[items] = given_by(found, other)
    asked[items] = found.votes.by_item()
    flagged = items[against]
    order = flagged[np.lexsort((flagged, -agree[flagged], score[flagged]))]
    reasons: list[str | None] = [None] * n
    for row in flagged.tolist():
        who = "annotator says" if asked[row] == 1 else "annotators say"
        sure = f"probability {p_other[row]:.2f}{' with the models' if found.method == 'crowdlab' else ''}"
        reasons[row] = f"{agree[row]} of {asked[row]} {who} {inputs.called(int(suggested[row]))} ({sure})"
    return signal_table(
        inputs.item_ids,
        NAME,
        None,
        score=score,
        flagged_in_order=order,
        suggested=suggested,
        n_agree=agree,
        n_models=asked,
        p_given=p_given,
        p_suggested=p_other,
        reasons=reasons,
    )


def within(found: Aggregate, n: int, name: str) -> None:
    """Raise InputError when annotations are of rows that the dataset does not have."""
    if len(found.items) and found.items[-1] >= n:
        raise InputError(
            f"audit {name!r}: there are annotations of row {found.items[-1]}, but only {n} items"
        )


def given_by(found: Aggregate, labels: Ints) -> Ints:
    """How many annotations give each annotated item some label, shape (m,)."""
    votes = found.votes
    return votes.by_item((votes.classes[votes.label] == labels[votes.item]).astype(np.float64)).astype(
        np.int32
    )


def _next_best(found: Aggregate, given: Ints) -> Ints:
    """The likeliest class other than the given label that some annotator of the item gave; -1 where there is none."""
    votes = found.votes
    if not len(votes):
        return np.empty(0, dtype=np.int32)
    columns = found.columns_of(votes.classes)
    likely: Floats64 = np.where(votes.counts > 0, found.posterior[:, columns], -1.0)
    likely[votes.classes[None, :] == given[:, None]] = -1.0
    best = likely.argmax(axis=1)
    return np.where(likely.max(axis=1) < 0, -1, votes.classes[best]).astype(np.int32)
