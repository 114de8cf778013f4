"""The forecast of a dataset's own queue, from its verdicts so far."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from audits.review.break_even import BreakEven, break_even
from audits.review.consensus import Rule
from audits.review.forecast import EffortCurve, Forecast, effort_curve, forecast
from audits.review.open_queue import open_tasks
from audits.review.questions import questions_of
from audits.review.reopening import FOUND_WRONG, decisions
from audits.review.store import ReviewStore
from audits.review.verdicts_of import by_question
from audits.stored import StoredItems


@dataclass(frozen=True)
class QueueForecast:
    """What is to be expected of a queue.

    Attributes
    ----------
    forecast : Forecast
        Of its next items.
    curve : EffortCurve
        Errors found so far, in the order of the decisions, and how that is expected to go on.
    break_even : BreakEven
        The yield below which review does harm, by the gold items.
    decided, found_wrong : int
        Items that are decided, gold items passed over, and those of them whose label was found wrong; also such of
        which the newest run gives no probability.
    """

    forecast: Forecast
    curve: EffortCurve
    break_even: BreakEven
    decided: int
    found_wrong: int


def queue_forecast(
    store: ReviewStore,
    dataset: str,
    items: StoredItems,
    rule: Rule,
    *,
    upcoming: int = 100,
    level: float = 0.95,
    seed: int = 0,
) -> QueueForecast:
    """Forecast the queue of a dataset, by the probabilities of the newest run.

    Gold items are passed over: what their label is is known. So are decided items and tasks of which the newest run
    gives no probability.

    Parameters
    ----------
    store : ReviewStore
    dataset : str
    items : StoredItems
    rule : Rule
        When an item is decided.
    upcoming : int
        How many of the next items, at least 1.
    level : float
        Of the interval, in (0, 1).
    seed : int

    Raises
    ------
    UsageError
        When an option is out of range.
    """
    tasks, verdicts, priorities = store.tasks(dataset), store.verdicts(dataset), store.priorities(dataset)
    gold = {t.question.hash for t in tasks if t.stratum == "gold"}
    asked = {q.hash for q in questions_of(items.items, dataset, items.classes)}
    waiting = [
        t
        for t in open_tasks(store, dataset, items.items, items.classes, rule)
        if t.question.hash not in gold and t.reopened is None
    ]
    ahead = [t.probability for t in waiting if t.probability is not None]
    decided = decisions(by_question(v for v in verdicts if v.question.hash in asked - gold), rule)
    seen: list[float] = []
    wrong: list[bool] = []
    for question, decision in sorted(decided.items(), key=lambda d: d[1].verdict_id):
        priority = priorities.get(question)
        if priority is not None and priority.probability is not None:
            seen.append(priority.probability)
            wrong.append(FOUND_WRONG[decision.consensus.outcome])
    arrays = np.array(ahead, dtype=np.float64), np.array(seen, dtype=np.float64), np.array(wrong, dtype=bool)
    found = forecast(*arrays, upcoming=upcoming, level=level, seed=seed)
    if waiting and not ahead:
        found = replace(
            found, reason="the newest run gives no probability: it has learnt from no verdicts yet"
        )
    return QueueForecast(
        found,
        effort_curve(*arrays, level=level, seed=seed),
        break_even(tasks, verdicts),
        len(decided),
        sum(FOUND_WRONG[d.consensus.outcome] for d in decided.values()),
    )
