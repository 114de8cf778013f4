"""cleanlab's label quality: of every single model, and of all of them."""

from __future__ import annotations

import numpy as np

from benchmarks.detection.audited import Audited
from benchmarks.detection.methods.around_given import around_given
from benchmarks.detection.ranked import Ranked
from benchmarks.detection.ranking import Ranking, Wanted, single

BEST, MEDIAN, ENSEMBLE = "cleanlab_best_model", "cleanlab_median_model", "cleanlab_ensemble"


def cleanlab_rankings(audited: Audited, wanted: Wanted) -> list[Ranking]:
    """Self-confidence of the best and of the median model by average precision, and cleanlab's ensemble score.

    The best and the median model are chosen in hindsight, on the items that they are then judged on. Of an even
    number of models the median is the worse one of the two in the middle.
    """
    from cleanlab.rank import get_label_quality_ensemble_scores, get_label_quality_scores

    labels, left = audited.inputs.labels, audited.is_scored
    around = [around_given(o, labels) for o in audited.inputs.models]
    columns = around[0][1]
    found = []
    if wanted(BEST) or wanted(MEDIAN):
        each = [1.0 - get_label_quality_scores(columns, probs) for probs, _ in around]
        of_each = [_average_precision(audited, score) for score in each]
        order = np.argsort(-np.array(of_each), kind="stable")
        found += [single(BEST, each[order[0]], left), single(MEDIAN, each[order[len(order) // 2]], left)]
    if wanted(ENSEMBLE):
        if len(around) == 1:  # cleanlab warns of an ensemble of one, whose score is that of the one
            quality = get_label_quality_scores(columns, around[0][0])
        else:
            quality = get_label_quality_ensemble_scores(columns, [p for p, _ in around], verbose=False)
        found.append(single(ENSEMBLE, 1.0 - np.asarray(quality), left))
    return [r for r in found if wanted(r.method)]


def _average_precision(audited: Audited, score: np.ndarray) -> float:
    left = audited.is_scored
    ranked = Ranked(score[audited.rows[left]], audited.wrong[left])
    return float(ranked.measure()["average_precision"][0])
