"""Which tasks wait for verdicts, and in which order people should see them."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from audits.classes import ClassList
from audits.review.consensus import Rule, decide
from audits.review.questions import questions_of
from audits.review.records import NewTask, Priority, Reopening, StoredVerdict, Task
from audits.review.reopening import asked_again
from audits.review.store import ReviewStore
from audits.review.verdicts_of import by_question


@dataclass(frozen=True)
class OpenTask(Task):
    """A task that waits, with what the newest run says of it.

    Its suggested label and reasons are those of the newest run, the old decision before them where it was reopened.

    Attributes
    ----------
    probability : float or None
        Estimated probability in [0, 1] that the given label is wrong.
    reopened : Reopening or None
        Why it is asked again, where people had decided it.
    """

    probability: float | None = None
    reopened: Reopening | None = None


def open_tasks(
    store: ReviewStore, dataset: str, items: pa.Table, classes: ClassList, rule: Rule
) -> list[OpenTask]:
    """Tasks that still need verdicts, in the order in which people should see them.

    In the order of the newest run; a task that it knows nothing of stands at the rank it was routed with. Those that
    have no place of their own (control, exploration, gold) are spread evenly among the others by their question's
    hash, so that a place in the queue does not tell why an item is there.

    Parameters
    ----------
    store : ReviewStore
    dataset : str
        Name of the dataset.
    items : pyarrow.Table
        `contracts.ITEMS`; a task on a question that no item poses any more is left out.
    classes : ClassList
        The class list of the items.
    rule : Rule
        When an item is decided and leaves the queue.
    """
    current = {q.hash for q in questions_of(items, dataset, classes)}
    tasks = [t for t in store.tasks(dataset) if t.question.hash in current]
    verdicts = by_question(store.verdicts(dataset))
    reopened = {r.question_hash: r for r in store.reopenings(dataset)}
    priorities = store.priorities(dataset)
    waiting = [
        newest(
            t,
            priorities.get(t.question.hash),
            reopened.get(t.question.hash),
            verdicts.get(t.question.hash, ()),
        )
        for t in tasks
        if waits(verdicts.get(t.question.hash, ()), reopened.get(t.question.hash), rule)
    ]
    place = places(waiting, priorities)
    return sorted(waiting, key=lambda t: (place[t.question.hash], t.question.hash))


def places(
    tasks: Sequence[Task], priorities: Mapping[str, Priority], waiting: Container[str] | None = None
) -> dict[str, float]:
    """Where tasks stand, lower is earlier; among equal ones the question's hash decides.

    Parameters
    ----------
    tasks : sequence of Task
    priorities : mapping of str to Priority
        By the hash of the question.
    waiting : container of str, optional
        Hashes of the questions that wait; left out: all. The others move none of these: they stand where they would if
        one of them alone waited again.

    Returns
    -------
    dict of str to float
        By the hash of the question.
    """
    placed = [
        (p, t.id, t.question.hash)
        for t in tasks
        if (p := _place(t, priorities.get(t.question.hash))) is not None
    ]
    found: dict[str, float] = {}
    ahead, between = 0, list[str]()

    def settle() -> None:
        # evenly between the one that waits before them and the one after
        found.update({h: ahead - 0.5 + (k + 1) / (len(between) + 1) for k, h in enumerate(between)})
        between.clear()

    for _, _, question_hash in sorted(placed):
        if waiting is not None and question_hash not in waiting:
            between.append(question_hash)
            continue
        settle()
        found[question_hash] = ahead + 0.5
        ahead += 1
    settle()
    for t in tasks:
        found.setdefault(t.question.hash, share_of(t.question.hash) * max(ahead, 1))
    return found


def share_of(question_hash: str) -> float:
    """The hash's first digits as a share in [0, 1)."""
    return int(question_hash[:13], 16) / 16**13


def waits(verdicts: Sequence[StoredVerdict], reopened: Reopening | None, rule: Rule) -> bool:
    """Whether a question needs a verdict: it has too few, or was reopened since the last.

    Parameters
    ----------
    verdicts : sequence of StoredVerdict
        All on the question.
    reopened : Reopening or None
        The last reopening of the question.
    rule : Rule
    """
    if not verdicts or decide(verdicts, rule).outcome == "pending":
        return True
    return asked_again(verdicts, reopened)


def has_place(task: Task | NewTask, flagged: bool) -> bool:
    """Whether a task stands in the queue at a place of its own, and is not spread by its question's hash.

    Parameters
    ----------
    task : Task or NewTask
    flagged : bool
        Whether the newest run flags its item.
    """
    return task.stratum == "flagged" or (task.stratum == "gold" and flagged)


def _place(task: Task, priority: Priority | None) -> int | None:
    if priority is not None:
        return priority.position
    return None if task.stratum in ("control", "exploration") else task.rank


def newest(
    task: Task, priority: Priority | None, reopened: Reopening | None, verdicts: Sequence[StoredVerdict]
) -> OpenTask:
    """A task with what the newest run says of it.

    Parameters
    ----------
    task : Task
    priority : Priority or None
        What the run says.
    reopened : Reopening or None
        The last reopening of the question.
    verdicts : sequence of StoredVerdict
        All on the question.
    """
    again = reopened if asked_again(verdicts, reopened) else None
    found = OpenTask(**vars(task), reopened=again)
    if priority is not None:
        found = replace(
            found,
            suggested_label=priority.suggested_label,
            reasons=priority.reasons,
            probability=priority.probability,
        )
    return found if again is None else replace(found, reasons=(again.reason, *found.reasons))
