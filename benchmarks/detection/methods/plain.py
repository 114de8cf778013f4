"""Rules that need no library: a random order, and shares of models."""

from __future__ import annotations

import numpy as np

from audits.outputs import ModelOutputs
from benchmarks.detection.audited import Audited
from benchmarks.detection.ranking import Draw, Ranking, Wanted, single

MARGIN, SHARE_MINUS = "plain_margin", "share_minus_probability"
#: The margin with its ties in random order; the mean over so many orders.
TIES, ORDERS = "plain_margin_ties_at_random", 5


def plain_rankings(audited: Audited, wanted: Wanted) -> list[Ranking]:
    """The share of models on one other class, minus their share on the given label or its mean probability.

    A share takes few values, and average precision counts a tie at its end: the margin is also told with its ties in
    random order, which is what to compare with that orders them.
    """
    models, labels, left = audited.inputs.models, audited.inputs.labels, audited.is_scored
    _, share, given = shares(models, labels)
    found = []
    if wanted(MARGIN):
        found.append(single(MARGIN, share - given, left))
    if wanted(TIES):
        rng = np.random.default_rng(0)
        jitter = [rng.random(len(labels)) / (4 * len(models)) for _ in range(ORDERS)]
        found.append(Ranking(TIES, tuple(Draw(share - given + j, left) for j in jitter)))
    if wanted(SHARE_MINUS):
        found.append(single(SHARE_MINUS, share - mean_probability(models, labels), left))
    return found


def shares(models: list[ModelOutputs], labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The other class that most models predict, their share, and the share that predicts the given label.

    Returns
    -------
    other : int array, shape (n,)
        Of classes predicted equally often the first; -1 where no model predicts another class.
    share, given : float arrays, shape (n,)
    """
    predicted = np.stack([o.predicted() for o in models], axis=1)
    agrees = predicted == labels[:, None]
    votes = np.where(agrees, -1, predicted)
    counts = np.stack([(votes == votes[:, [j]]).sum(axis=1) for j in range(votes.shape[1])], axis=1)
    counts[votes < 0] = 0
    most = counts.max(axis=1)
    highest = int(votes.max(initial=0)) + 1
    leading = np.where((counts == most[:, None]) & (votes >= 0), votes, highest).min(axis=1)
    return np.where(leading == highest, -1, leading), most / len(models), agrees.mean(axis=1)


def mean_probability(models: list[ModelOutputs], labels: np.ndarray) -> np.ndarray:
    """Mean over the models of the probability of the given label; a model of labels alone is certain of its own."""
    total = np.zeros(len(labels))
    for model in models:
        p = model.probability_of(labels)
        total += (model.predicted() == labels) * 1.0 if p is None else p
    return total / len(models)
