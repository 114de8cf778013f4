"""A queue that learns as it is reviewed: what people would have found, item by item."""

from __future__ import annotations

import numpy as np

from benchmarks.detection.audited import Audited
from benchmarks.detection.methods.signals import Signals
from benchmarks.detection.methods.verdicts import CONTROL, top_and_control
from benchmarks.detection.ranking import Draw, Ranking, Wanted

#: By name, the share of each batch that is a random control sample.
ONLINE = {"ours_online_with_control": CONTROL, "ours_online_naive": 0.0}
#: Items reviewed between two fits, and items after which nothing more is learned.
BATCH, LEARNED = 200, 2000


def online_rankings(audited: Audited, signals: Signals, wanted: Wanted, seed: int) -> list[Ranking]:
    """The order in which items are reviewed when every 200 verdicts the evidence is worked out anew.

    Of each batch four fifths come from the top and one fifth at random from the rest, or all from the top. What was
    drawn at random stands for all that was not reviewed yet: its chance is its share of what the top did not take.
    From the top alone all verdicts are taken for a random sample. A verdict bears on what comes after its batch. After
    2,000 items the order is left as it then is.
    """
    if not audited.learned or audited.pool is not None or len(audited.rows) < 2 * BATCH:
        return []
    found = []
    for name, control in ONLINE.items():
        if wanted(name):
            score = np.full(len(audited.inputs), -float(len(audited.rows)))
            score[audited.rows] = -_places(
                audited, signals, control, np.random.default_rng([seed, BATCH]), seed
            )
            found.append(Ranking(name, (Draw(score, audited.is_scored),), effort_only=True))
    return found


def _places(
    audited: Audited, signals: Signals, control: float, rng: np.random.Generator, seed: int
) -> np.ndarray:
    """Place of each judged item in the order of the reviews, from 0."""
    from audits.evidence import estimate

    inputs, table = signals.inputs, signals.of_all()
    score = np.asarray(estimate.without_verdicts(inputs, table).probability)[audited.rows]
    n = len(score)
    place, at_random = np.full(n, n), np.zeros(n, dtype=bool)
    for done in range(0, min(LEARNED, n - BATCH), BATCH):
        waiting = np.flatnonzero(place == n)
        top, drawn = top_and_control(score[waiting], BATCH, control, rng)
        place[waiting[np.r_[top, drawn]]] = done + np.arange(BATCH)
        at_random[waiting[drawn]] = True
        reviewed = np.flatnonzero(place < n)
        stand_for = at_random if control else np.ones(n, dtype=bool)
        from_rest = stand_for[reviewed].sum()
        chance = np.where(stand_for[reviewed], from_rest / (n - len(reviewed) + from_rest), 1.0)
        known = estimate.Reviewed(audited.rows[reviewed], audited.wrong[reviewed], chance)
        combination = signals.combination(inputs, table)
        learned = estimate.with_verdicts(inputs, table, known, seed=seed, combination=combination)
        score = np.asarray(learned.probability)[audited.rows]
    left = np.flatnonzero(place == n)
    place[left[np.argsort(-score[left], kind="stable")]] = n - len(left) + np.arange(len(left))
    return place
