"""How the review queue of a dataset stands, in numbers."""

from __future__ import annotations

from typing import Any

from audits.review.consensus import Rule
from audits.review.gold import gold_results
from audits.review.open_queue import open_tasks
from audits.review.questions import questions_of
from audits.review.store import ReviewStore
from audits.stored import StoredItems


def queue_counts(store: ReviewStore, dataset: str, items: StoredItems, rule: Rule) -> dict[str, Any]:
    """Count the queue, and what reviewers came to on gold items.

    Parameters
    ----------
    store : ReviewStore
    dataset : str
    items : StoredItems
    rule : Rule
        When an item is decided and leaves the queue.

    Returns
    -------
    dict
        `open` (tasks that wait for verdicts), `complete`, `outdated` (on questions that no item poses any
        more), and `gold` as `gold_results` gives it.
    """
    tasks = store.tasks(dataset)
    current = {q.hash for q in questions_of(items.items, dataset, items.classes)}
    asked = sum(t.question.hash in current for t in tasks)
    waiting = len(open_tasks(store, dataset, items.items, items.classes, rule))
    return {
        "open": waiting,
        "complete": asked - waiting,
        "outdated": len(tasks) - asked,
        "gold": gold_results(tasks, store.verdicts(dataset)) if any(t.gold_label for t in tasks) else [],
    }
