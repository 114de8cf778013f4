"""Whether errors that cluster in some subjects or classes can be told by that, judged on clusters held out."""

from __future__ import annotations

import numpy as np

from benchmarks.detection.audited import Audited
from benchmarks.detection.methods.plain import shares
from benchmarks.detection.ranking import Draw, Ranking, Wanted, single

ALONE, PLUS, LEARNED = "cluster_disagreement", "plain_margin_plus_cluster", "margin_and_cluster_held_out"
#: What the share of a cluster weighs beside the margin: little, so that it orders items of nearly one margin.
WEIGHT = 0.1
#: A cluster's share is drawn towards that of all as if it had so many items more of it.
PRIOR = 10
FOLDS = 5


def cluster_rankings(audited: Audited, wanted: Wanted) -> list[Ranking]:
    """The share of the other items of an item's cluster that models disagree on, alone and with the plain margin.

    The share alone, and added to the margin with a weight of 0.1, need no verdicts. The third is a logistic
    regression of the margin and the share, fitted on the verdicts of four fifths of the clusters and judged on the
    last fifth, in turn.
    """
    if audited.clusters is None:
        return []
    _, share, given = shares(audited.inputs.models, audited.inputs.labels)
    alone = disagreement(share > given, audited.clusters)
    found = []
    if wanted(ALONE):
        found.append(single(ALONE, alone, audited.is_scored))
    if wanted(PLUS):
        found.append(single(PLUS, share - given + WEIGHT * alone, audited.is_scored))
    if wanted(LEARNED):
        score = _held_out(audited, audited.clusters, np.column_stack([share - given, alone]))
        found.append(Ranking(LEARNED, (Draw(score, audited.is_scored),), probability=True))
    return found


def disagreement(disagreed: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Share of the other items of the cluster that are disagreed on, drawn towards the share of all items.

    Parameters
    ----------
    disagreed : bool array, shape (n,)
    clusters : int array, shape (n,)

    Returns
    -------
    float array, shape (n,)
        In [0, 1].
    """
    _, cluster = np.unique(clusters, return_inverse=True)
    size = np.bincount(cluster)[cluster]
    some = np.bincount(cluster, weights=disagreed)[cluster]
    return np.asarray((some - disagreed + PRIOR * disagreed.mean()) / (size - 1 + PRIOR))


def _held_out(audited: Audited, of: np.ndarray, features: np.ndarray) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    score = np.zeros(len(audited.inputs))
    score[audited.rows] = cross_val_predict(
        make_pipeline(StandardScaler(), LogisticRegression()),
        features[audited.rows],
        audited.wrong,
        groups=of[audited.rows],
        cv=GroupKFold(FOLDS),
        method="predict_proba",
    )[:, 1]
    return score
