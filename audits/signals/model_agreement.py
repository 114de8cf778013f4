"""Agreement of all models against the given label, whatever their outputs hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from audits.audit_config import ModelAgreementConfig
from audits.outputs import Ints, ModelOutputs
from audits.signals.base import Floats64, agreement_vote, signal_table

NAME = "model_agreement"


def detect(
    item_ids: pa.Array, labels: Ints, outputs: Sequence[ModelOutputs], params: ModelAgreementConfig
) -> pa.Table:
    """Find, for each item, the class other than the given label that most models predict.

    Parameters
    ----------
    item_ids : pyarrow string array, length n
    labels : int32 array, shape (n,)
        Given labels as class indices.
    outputs : sequence of ModelOutputs
        At least one model, any kind of outputs.
    params : ModelAgreementConfig
        `min_share` of the models must predict that class for the item to be flagged.

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.SIGNALS`. `suggested_label` is that class (of equal counts the one with
        the higher mean probability, then the first in class order; null when every model predicts the
        given label), `n_agree` of `n_models` predict it. `p_given` and `p_suggested` are means over the
        models that give probabilities. The score is (mean over models of p[given] - p[suggested], + 1) / 2
        in [0, 1], a model without probabilities counting as certain of its prediction; the flagged items
        are ordered by the share, then by the score.
    """
    n, k, m = len(labels), outputs[0].n_classes, len(outputs)
    predicted = [o.predicted() for o in outputs]
    other, agreeing = _most_predicted_other(predicted, labels, outputs, k)
    margin = np.zeros(n)
    p_given, p_other, with_probs = np.zeros(n), np.zeros(n), 0
    for o, prediction in zip(outputs, predicted, strict=True):
        given, suggested = o.probability_of(labels), o.probability_of(other)
        if given is None or suggested is None:
            margin += (prediction == labels) * 1.0 - ((prediction == other) & (other >= 0))
            continue
        with_probs += 1
        p_given += given
        p_other += suggested
        margin += given - suggested
    score = np.clip((margin / m + 1) / 2, 0.0, 1.0)
    flagged = np.flatnonzero(agreement_vote(agreeing / m, params.min_share) & (other >= 0))
    order = flagged[np.lexsort((flagged, score[flagged], -agreeing[flagged]))]
    return signal_table(
        item_ids,
        NAME,
        None,
        score=score,
        flagged_in_order=order,
        suggested=other,
        n_agree=agreeing,
        n_models=m,
        p_given=p_given / with_probs if with_probs else None,
        p_suggested=p_other / with_probs if with_probs else None,
    )


def _most_predicted_other(
    predicted: Sequence[Ints], labels: Ints, outputs: Sequence[ModelOutputs], k: int
) -> tuple[Ints, Ints]:
    """The class other than the given label that most models predict (-1: none), and how many do.

    Works over the distinct predictions of each item, at most one a model, instead of an (n, K) table of
    counts: with 1,000 classes and a million items that table would not fit.
    """
    votes = np.stack(predicted, axis=1)
    votes = np.where(votes == labels[:, None], -1, votes)
    counts = np.zeros(votes.shape, dtype=np.int32)
    for column in range(votes.shape[1]):
        counts[:, column] = (votes == votes[:, [column]]).sum(axis=1)
    counts[votes < 0] = 0
    most = counts.max(axis=1)
    leading = (counts == most[:, None]) & (votes >= 0)
    other = _first_class(votes, leading, k)
    tied = np.flatnonzero((np.where(leading, votes, other[:, None]) != other[:, None]).any(axis=1))
    if len(tied):
        other[tied] = _break_ties(votes[tied], leading[tied], [o.take(tied) for o in outputs], k)
    return other, np.where(other >= 0, most, 0).astype(np.int32)


def _first_class(votes: Ints, leading: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], k: int) -> Ints:
    first = np.where(leading, votes, k).min(axis=1)
    return np.where(first == k, -1, first).astype(np.int32)


def _break_ties(
    votes: Ints,
    leading: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    outputs: Sequence[ModelOutputs],
    k: int,
) -> Ints:
    """Of classes predicted equally often, the one with the higher mean probability."""
    means: Floats64 = np.full(votes.shape, -1.0)
    for column in range(votes.shape[1]):
        candidates = np.ascontiguousarray(votes[:, column])
        total = np.zeros(len(votes))
        for o in outputs:
            found = o.probability_of(candidates)
            total += (o.predicted() == candidates) * 1.0 if found is None else found
        means[:, column] = np.where(leading[:, column], total, -1.0)
    best = means.max(axis=1)
    # sums in another order of models differ in the last bits; they are no reason to prefer a class
    return _first_class(votes, leading & (means >= best[:, None] - 1e-12), k)
