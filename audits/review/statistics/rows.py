"""The rows that statistics are made from, read in one transaction and no wider than they need be.

The store's own methods give whole records, reasons and comments included. Over 100,000 tasks that takes as long as all
statistics together.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

import pyarrow as pa
from sqlalchemy import Text, cast, func, select

from audits.classes import ClassList
from audits.review.records import Decision, Role, Shown, Stratum
from audits.review.schema import question, reopening, review_task, task_priority, verdict, withdrawal
from audits.review.store import ReviewStore


class TaskRow(NamedTuple):
    """A question that was routed to people, with what the newest run makes of it."""

    question_hash: str
    item_id: str
    content_hash: str
    given_label: str
    classes_hash: str
    stratum: Stratum
    inclusion_probability: float
    rank: int | None
    gold_label: str | None
    has_priority: bool
    position: int | None
    probability: float | None
    task_id: int


class VerdictRow(NamedTuple):
    """A verdict; `withdrawn_at` says when it was taken back."""

    id: int
    question_hash: str
    item_id: str
    given_label: str
    reviewer: str | None
    decision: Decision
    labels: tuple[str, ...]
    seconds: float | None
    role: Role
    shown: Shown | None
    suggested: str | None
    stored_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True)
class ReviewRows:
    """All that was asked and said of a dataset.

    Attributes
    ----------
    tasks : tuple of TaskRow
        In the order in which they were queued.
    verdicts : tuple of VerdictRow
        In the order in which they were stored, withdrawn ones too.
    reopened : dict of str to int
        By question, the last verdict there was when it was reopened last.
    queued : tuple of (datetime, int)
        When tasks were queued, and how many then; rising.
    """

    tasks: tuple[TaskRow, ...]
    verdicts: tuple[VerdictRow, ...]
    reopened: dict[str, int]
    queued: tuple[tuple[datetime, int], ...]

    @cached_property
    def task_of(self) -> dict[str, TaskRow]:
        """Task by the hash of its question."""
        return {t.question_hash: t for t in self.tasks}

    @cached_property
    def standing(self) -> tuple[VerdictRow, ...]:
        """Verdicts that are not withdrawn."""
        return tuple(v for v in self.verdicts if v.withdrawn_at is None)

    @cached_property
    def gold(self) -> dict[str, str]:
        """The label that is known to be right, by question."""
        return {t.question_hash: t.gold_label for t in self.tasks if t.gold_label is not None}


def read_rows(store: ReviewStore, dataset: str) -> ReviewRows:
    """Read all that was asked and said of a dataset, as it stands at one moment.

    Raises
    ------
    StoreError
        When the store cannot be read.
    """
    asked = review_task.join(question, review_task.c.question_hash == question.c.hash)
    ranked = asked.outerjoin(task_priority, task_priority.c.question_hash == question.c.hash)
    tasks = (
        select(
            *(question.c.hash, question.c.item_id, question.c.content_hash),
            *(question.c.given_label, question.c.classes_hash),
            *(review_task.c.stratum, review_task.c.inclusion_probability, review_task.c.rank),
            *(review_task.c.gold_label, task_priority.c.question_hash.is_not(None)),
            *(task_priority.c.position, task_priority.c.probability, review_task.c.id),
        )
        .select_from(ranked)
        .where(question.c.dataset == dataset)
    )
    said = verdict.join(question, verdict.c.question_hash == question.c.hash)
    verdicts = (
        select(
            *(verdict.c.id, verdict.c.question_hash, question.c.item_id, question.c.given_label),
            *(verdict.c.reviewer, verdict.c.decision, cast(verdict.c.labels, Text), verdict.c.seconds),
            *(verdict.c.role, verdict.c.shown, verdict.c.suggested),
            *(verdict.c.stored_at, withdrawal.c.stored_at),
        )
        .select_from(said.outerjoin(withdrawal, withdrawal.c.verdict_id == verdict.c.id))
        .where(question.c.dataset == dataset)
    )
    again = (
        select(reopening.c.question_hash, func.max(reopening.c.verdict_id))
        .join(question, reopening.c.question_hash == question.c.hash)
        .where(question.c.dataset == dataset)
        .group_by(reopening.c.question_hash)
    )
    queued = (
        select(review_task.c.created_at, func.count())
        .select_from(asked)
        .where(question.c.dataset == dataset)
        .group_by(review_task.c.created_at)
        .order_by(review_task.c.created_at)
    )
    labels = _Labels()
    with store._read() as connection:
        found = [TaskRow._make(r) for r in connection.execute(tasks)]
        votes = [
            VerdictRow(*r[:6], labels[r[6]], *r[7:])  # type: ignore[arg-type]  # the columns of the query
            for r in connection.execute(verdicts)
        ]
        reopened = {h: int(v) for h, v in connection.execute(again)}
        moments = tuple((at, int(n)) for at, n in connection.execute(queued))
    found.sort(key=lambda t: t.task_id)
    votes.sort(key=lambda v: v.id)
    return ReviewRows(tuple(found), tuple(votes), reopened, moments)


def posed(tasks: Sequence[TaskRow], items: pa.Table, classes: ClassList) -> list[bool]:
    """Whether an item of the dataset still poses the question of each task.

    Parameters
    ----------
    tasks : sequence of TaskRow
    items : pyarrow.Table
        `contracts.ITEMS`.
    classes : ClassList
        That the items' `label` refers to.
    """
    ids = classes.ids
    now = {
        item: (content or "", ids[label])
        for item, content, label in zip(
            *(items[c].to_pylist() for c in ("item_id", "content_hash", "label")), strict=True
        )
    }
    same = classes.fingerprint
    return [t.classes_hash == same and now.get(t.item_id) == (t.content_hash, t.given_label) for t in tasks]


class _Labels(dict[str, tuple[str, ...]]):
    """Lists of labels by their JSON: there are few of them, and many verdicts."""

    def __missing__(self, text: str) -> tuple[str, ...]:
        found = self[text] = tuple(json.loads(text))
        return found
