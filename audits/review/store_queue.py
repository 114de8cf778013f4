"""Rows of the queue: tasks, their newest order, the evidence of decisions, reopenings."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from audits.review.records import DecidedOn, NewTask, Priority, Reopening, Task
from audits.review.schema import (
    decided_on,
    question,
    queue_mark,
    reopening,
    review_task,
    task_priority,
    verdict,
    withdrawal,
)
from audits.review.store_rows import QUESTION, add_questions, in_chunks, in_dataset, question_of


def add_tasks(connection: Connection, tasks: Sequence[NewTask]) -> int:
    """Add the tasks on questions that have none yet, in their order; gives how many these are."""
    by_hash: dict[str, NewTask] = {}
    for task in tasks:
        by_hash.setdefault(task.question.hash, task)
    asked = select(review_task.c.question_hash)
    known = {r[0] for r in in_chunks(connection, asked, review_task.c.question_hash, by_hash)}
    new = {h: t for h, t in by_hash.items() if h not in known}
    add_questions(connection, (t.question for t in new.values()))
    now = datetime.now(UTC)
    rows = [
        {
            "question_hash": hash_,
            "stratum": t.stratum,
            "inclusion_probability": t.inclusion_probability,
            "rank": t.rank,
            "suggested_label": t.suggested_label,
            "reasons": list(t.reasons),
            "gold_label": t.gold_label,
            "created_at": now,
        }
        for hash_, t in new.items()
    ]
    if rows:
        connection.execute(insert(review_task), rows)
    return len(rows)


def tasks_of(connection: Connection, dataset: str, question_hashes: Iterable[str] | None) -> list[Task]:
    """The tasks of a dataset, or those on some questions, in the order in which they were queued."""
    anonymous = func.count(verdict.c.id).filter(verdict.c.reviewer.is_(None))
    ruled = verdict.c.role == "adjudicator"
    votes = (
        select(
            func.count(verdict.c.reviewer.distinct()).filter(~ruled)
            + func.count(verdict.c.reviewer.distinct()).filter(ruled)
            + anonymous
        )
        .outerjoin(withdrawal, withdrawal.c.verdict_id == verdict.c.id)
        .where(
            verdict.c.question_hash == review_task.c.question_hash,
            withdrawal.c.id.is_(None),
            verdict.c.role != "repeat",
        )
        .scalar_subquery()
    )
    query = (
        select(review_task, *QUESTION, votes.label("verdicts"))
        .join(question, review_task.c.question_hash == question.c.hash)
        .where(in_dataset(dataset, question_hashes))
    )
    rows = in_chunks(connection, query, review_task.c.question_hash, question_hashes)
    return [
        Task(
            id=r.id,
            question=question_of(r),
            stratum=r.stratum,
            inclusion_probability=r.inclusion_probability,
            rank=r.rank,
            suggested_label=r.suggested_label,
            reasons=tuple(r.reasons),
            gold_label=r.gold_label,
            created_at=r.created_at,
            verdicts=r.verdicts,
        )
        for r in sorted(rows, key=lambda r: r.id)
    ]


def replace_priorities(connection: Connection, dataset: str, priorities: Iterable[Priority]) -> None:
    """Put these in the place of all priorities of a dataset."""
    of_dataset = select(question.c.hash).where(question.c.dataset == dataset)
    connection.execute(delete(task_priority).where(task_priority.c.question_hash.in_(of_dataset)))
    # what the next item is chosen from follows from these: it is made anew by whoever asks next
    connection.execute(delete(queue_mark).where(queue_mark.c.dataset == dataset))
    numbers = {c.name: 0 for c in queue_mark.c if c.name not in ("dataset", "made_of", "token")}
    unmade = {"dataset": dataset, "made_of": "", "token": secrets.token_hex(16), **numbers}
    connection.execute(insert(queue_mark), unmade)
    rows = [
        {
            "question_hash": p.question_hash,
            "position": p.position,
            "probability": p.probability,
            "suggested_label": p.suggested_label,
            "reasons": list(p.reasons),
        }
        for p in priorities
    ]
    if rows:
        connection.execute(insert(task_priority), rows)


def priorities_of(
    connection: Connection, dataset: str, question_hashes: Iterable[str] | None = None
) -> dict[str, Priority]:
    """The priorities of a dataset's tasks, or of those on some questions, by the hash of the question."""
    return {
        r.question_hash: Priority(
            r.question_hash, r.position, r.probability, r.suggested_label, tuple(r.reasons)
        )
        for r in _of_dataset(connection, task_priority, dataset, question_hashes)
    }


def add_decided_on(connection: Connection, rows: Iterable[DecidedOn]) -> int:
    """Keep the evidence of decisions, unless it is kept already; gives how many are new."""
    now = datetime.now(UTC)
    return _add_once(
        connection,
        decided_on,
        [
            {
                "question_hash": d.question_hash,
                "verdict_id": d.verdict_id,
                "probability": d.probability,
                "stored_at": now,
            }
            for d in rows
        ],
    )


def decided_on_of(connection: Connection, dataset: str) -> dict[int, DecidedOn]:
    """The evidence of a dataset's decisions, by their last verdict."""
    return {
        r.verdict_id: DecidedOn(r.question_hash, r.verdict_id, r.probability)
        for r in _of_dataset(connection, decided_on, dataset)
    }


def add_reopenings(connection: Connection, rows: Iterable[Reopening]) -> int:
    """Reopen questions, unless they were reopened after the same verdict before; gives how many are new."""
    now = datetime.now(UTC)
    return _add_once(
        connection,
        reopening,
        [
            {
                "question_hash": r.question_hash,
                "verdict_id": r.verdict_id,
                "probability": r.probability,
                "reason": r.reason,
                "at": r.at or now,
            }
            for r in rows
        ],
    )


def reopenings_of(
    connection: Connection, dataset: str, question_hashes: Iterable[str] | None = None
) -> list[Reopening]:
    """All reopenings of a dataset, or those of some questions, in the order of storing."""
    rows = sorted(_of_dataset(connection, reopening, dataset, question_hashes), key=lambda r: r.id)
    return [Reopening(r.question_hash, r.verdict_id, r.probability, r.reason, r.at) for r in rows]


def _of_dataset(
    connection: Connection, table: Table, dataset: str, question_hashes: Iterable[str] | None = None
) -> list[Any]:
    joined = select(table).join(question, table.c.question_hash == question.c.hash)
    query = joined.where(in_dataset(dataset, question_hashes))
    return in_chunks(connection, query, table.c.question_hash, question_hashes)


def _add_once(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> int:
    """Add the rows whose verdict has none in the table yet."""
    there = in_chunks(
        connection, select(table.c.verdict_id), table.c.verdict_id, [r["verdict_id"] for r in rows]
    )
    known = {r[0] for r in there}
    new = [r for r in rows if r["verdict_id"] not in known]
    if new:
        added = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
        connection.execute(added.on_conflict_do_nothing(index_elements=["verdict_id"]), new)
    return len(new)
