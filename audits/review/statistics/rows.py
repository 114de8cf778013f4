"""The rows that statistics are made from, read in one transaction and no wider than they need be.

The store's own methods give whole records, reasons and comments included. Over 100,000 tasks that takes as long as all
statistics together.
"""

from __future__ import annotations

import contextlib
import gc
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import Text, cast, func, select

from audits.review.records import Decision, Role, Shown, Stratum
from audits.review.schema import question, reopening, review_task, task_priority, verdict, withdrawal
from audits.review.store import ReviewStore


class QuestionRow(NamedTuple):
    """A question, with the task on it and what the newest run makes of that.

    Attributes
    ----------
    stratum : str or None
        None where nobody was asked, as with verdicts that were imported.
    ranked : bool
        Whether the newest run says anything of the task.
    task_id : int or None
        Rises in the order in which tasks were queued.
    """

    hash: str
    item_id: str
    given_label: str
    stratum: Stratum | None
    rank: int | None
    gold_label: str | None
    task_id: int | None
    ranked: bool
    position: int | None
    probability: float | None


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
    questions : tuple of QuestionRow
        In no order that means anything.
    verdicts : tuple of VerdictRow
        In the order in which they were stored, withdrawn ones too.
    reopened : dict of str to int
        By question, the last verdict there was when it was reopened last.
    queued : tuple of (datetime, int)
        When tasks were queued, and the highest `task_id` then; rising.
    """

    questions: tuple[QuestionRow, ...]
    verdicts: tuple[VerdictRow, ...]
    reopened: dict[str, int]
    queued: tuple[tuple[datetime, int], ...]

    @cached_property
    def standing(self) -> tuple[VerdictRow, ...]:
        """Verdicts that are not withdrawn."""
        return tuple(v for v in self.verdicts if v.withdrawn_at is None)

    @cached_property
    def gold(self) -> dict[str, str]:
        """The label that is known to be right, by question."""
        return {q.hash: q.gold_label for q in self.questions if q.gold_label is not None}


def read_rows(store: ReviewStore, dataset: str) -> ReviewRows:
    """Read all that was asked and said of a dataset, as it stands at one moment.

    Raises
    ------
    StoreError
        When the store cannot be read.
    """
    asked = review_task.join(question, review_task.c.question_hash == question.c.hash)
    about = question.outerjoin(review_task, review_task.c.question_hash == question.c.hash)
    about = about.outerjoin(task_priority, task_priority.c.question_hash == question.c.hash)
    questions = (
        select(
            *(question.c.hash, question.c.item_id, question.c.given_label),
            *(review_task.c.stratum, review_task.c.rank, review_task.c.gold_label, review_task.c.id),
            task_priority.c.question_hash.is_not(None),
            *(task_priority.c.position, task_priority.c.probability),
        )
        .select_from(about)
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
        select(review_task.c.created_at, func.max(review_task.c.id))
        .select_from(asked)
        .where(question.c.dataset == dataset)
        .group_by(review_task.c.created_at)
        .order_by(review_task.c.created_at)
    )
    labels = _Labels()
    with store.reading() as connection, _no_collecting():
        found = tuple(QuestionRow._make(r) for r in connection.execute(questions).all())
        votes = [VerdictRow._make((*r[:6], labels[r[6]], *r[7:])) for r in connection.execute(verdicts).all()]
        reopened = {h: int(v) for h, v in connection.execute(again)}
        moments = tuple((at, int(n)) for at, n in connection.execute(queued))
    votes.sort(key=lambda v: v.id)
    return ReviewRows(found, tuple(votes), reopened, moments)


@contextlib.contextmanager
def _no_collecting() -> Iterator[None]:
    """Do not look for garbage meanwhile: rows hold none, and looking through them takes as long as reading them."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


class _Labels(dict[str, tuple[str, ...]]):
    """Lists of labels by their JSON: there are few of them, and many verdicts."""

    def __missing__(self, text: str) -> tuple[str, ...]:
        found = self[text] = tuple(json.loads(text))
        return found
