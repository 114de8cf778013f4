"""Rows of the review store as the plain values of `records`, and the queries that several methods share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, func, select
from sqlalchemy.dialects import postgresql, sqlite

from audits.review.records import Mark, Question, StoredVerdict
from audits.review.schema import question, review_task, verdict, withdrawal

#: How many values go into one query. SQLite takes 32766 in all, PostgreSQL 65535.
CHUNK = 5000

QUESTION = (
    question.c.dataset,
    question.c.item_id,
    question.c.content_hash,
    question.c.given_label,
    question.c.classes_hash,
)
VERDICTS = (
    select(verdict, *QUESTION, withdrawal.c.id.label("withdrawal_id"))
    .join(question, verdict.c.question_hash == question.c.hash)
    .outerjoin(withdrawal, withdrawal.c.verdict_id == verdict.c.id)
)


def add_questions(connection: Connection, questions: Iterable[Question]) -> None:
    """Add those of the questions that are not there yet."""
    rows = [
        {
            "hash": q.hash,
            "dataset": q.dataset,
            "item_id": q.item_id,
            "content_hash": q.content_hash,
            "given_label": q.given_label,
            "classes_hash": q.classes_hash,
        }
        for q in questions
    ]
    if rows:
        insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(question)
        connection.execute(insert.on_conflict_do_nothing(index_elements=["hash"]), rows)


def in_chunks(
    connection: Connection, query: Select[Any], column: Any, values: Iterable[str] | Iterable[int] | None
) -> list[Row[Any]]:
    """Rows of a query, restricted to some values of a column (None: not restricted); in no order."""
    if values is None:
        return list(connection.execute(query))
    distinct = list(dict.fromkeys(values))
    rows: list[Row[Any]] = []
    for start in range(0, len(distinct), CHUNK):
        rows += connection.execute(query.where(column.in_(distinct[start : start + CHUNK])))
    return rows


def in_dataset(dataset: str, values: object = None) -> ColumnElement[bool]:
    """The question is of a dataset; where the query is restricted to some values, these are looked up first."""
    # as an expression it is no key by which a database would go through all questions of the dataset instead
    return (question.c.dataset if values is None else func.coalesce(question.c.dataset, "")) == dataset


def question_of(row: Row[Any]) -> Question:
    """The question of a row that was selected with `QUESTION`."""
    return Question(row.dataset, row.item_id, row.content_hash, row.given_label, row.classes_hash)


def marks_of(connection: Connection, dataset: str | None) -> dict[str, Mark]:
    """How far each dataset, or one alone, has come, by its name."""

    def per_dataset(*columns: ColumnElement[Any], of: FromClause) -> Select[Any]:
        query = select(question.c.dataset, *columns).select_from(of).group_by(question.c.dataset)
        return query if dataset is None else query.where(question.c.dataset == dataset)

    answered = verdict.join(question, verdict.c.question_hash == question.c.hash)
    asked = review_task.join(question, review_task.c.question_hash == question.c.hash)
    taken = withdrawal.join(answered, withdrawal.c.verdict_id == verdict.c.id)
    given = (func.count(verdict.c.id), func.max(verdict.c.id), func.max(verdict.c.stored_at))
    found: dict[str, Mark] = {}
    for name, tasks in connection.execute(per_dataset(func.count(review_task.c.id), of=asked)):
        found[name] = Mark(tasks=tasks)
    for name, count, last, at in connection.execute(per_dataset(*given, of=answered)):
        found[name] = replace(found.get(name, Mark()), verdicts=count, last_verdict=last, last_at=at)
    taken_back = (func.count(withdrawal.c.id), func.max(withdrawal.c.stored_at))
    for name, count, at in connection.execute(per_dataset(*taken_back, of=taken)):
        mark = found[name]
        found[name] = replace(mark, withdrawals=count, last_at=max(at, mark.last_at or at))
    return found


def select_verdicts(
    connection: Connection,
    query: Select[Any],
    column: Any,
    values: Iterable[str] | Iterable[int] | None,
) -> list[StoredVerdict]:
    """Verdicts in the order of storing; the query is `VERDICTS`, restricted as by `in_chunks`."""
    return verdicts_of_rows(in_chunks(connection, query, column, values))


def verdicts_of_rows(found: Iterable[Row[Any]]) -> list[StoredVerdict]:
    """The verdicts of rows of `VERDICTS`, in the order of storing."""
    rows = sorted(found, key=lambda r: r.id)
    questions: dict[str, Question] = {}  # shared, so that each question's hash is computed once
    return [
        StoredVerdict(
            id=r.id,
            client_id=r.client_id,
            question=questions.setdefault(r.question_hash, question_of(r)),
            reviewer=r.reviewer,
            decision=r.decision,
            labels=tuple(r.labels),
            comment=r.comment,
            seconds=r.seconds,
            decided_at=r.decided_at,
            stored_at=r.stored_at,
            source=r.source,
            withdrawn=r.withdrawal_id is not None,
            role=r.role,
            category=r.category,
            severity=r.severity,
            shown=r.shown,
            suggested=r.suggested,
        )
        for r in rows
    ]
