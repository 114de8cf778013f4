"""How a dataset's queue stands: what was done, what is left, what is disputed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, func, select

from audits.review.desk.records import Disputed, Done, PairCount, Progress
from audits.review.schema import question, queue_mark, review_task, tally, task_state, verdict, withdrawal
from audits.review.store_rows import VERDICTS, in_chunks, in_dataset, question_of, select_verdicts
from audits.review.verdicts_of import by_question

#: Over how long the speed is taken.
_SPEED = timedelta(hours=1)


def history(
    connection: Connection,
    dataset: str,
    reviewer: str | None,
    limit: int,
    before: int | None,
    question_hash: str | None,
) -> list[Done]:
    """As `Desk.history`."""
    query = VERDICTS.where(in_dataset(dataset, limit)).order_by(verdict.c.id.desc()).limit(limit)
    if reviewer is not None:
        query = query.where(verdict.c.reviewer == reviewer)
    if before is not None:
        query = query.where(verdict.c.id < before)
    if question_hash is not None:
        query = query.where(verdict.c.question_hash == question_hash)
    found = select_verdicts(connection, query, None, None)
    # a verdict that came in from a file was given on what the task said when it was queued
    unknown = [v.question.hash for v in found if v.suggested is None]
    queued = select(review_task.c.question_hash, review_task.c.suggested_label)
    routed = {
        r.question_hash: r.suggested_label
        for r in in_chunks(connection, queued, review_task.c.question_hash, unknown)
    }
    return [Done(v, v.suggested or routed.get(v.question.hash)) for v in reversed(found)]


def progress(connection: Connection, dataset: str, reviewer: str, now: datetime) -> Progress:
    """As `Desk.progress`."""
    mark = connection.execute(select(queue_mark).where(queue_mark.c.dataset == dataset)).one()
    mine = select(tally.c.verdicts).where(tally.c.dataset == dataset, tally.c.reviewer == reviewer)
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    speed = _per_hour(connection, dataset, reviewer)
    return Progress(
        mine=connection.execute(mine).scalar() or 0,
        mine_today=_given_since(connection, dataset, reviewer, midnight)[0],
        open=mark.open,
        decided=mark.decided,
        disputed=mark.disputed,
        total=mark.open + mark.decided + mark.disputed,
        per_hour=speed,
        hours_left=mark.open / speed if speed else None,
    )


def pairs(connection: Connection, dataset: str, limit: int) -> list[PairCount]:
    """As `Desk.pairs`."""
    t, n = task_state.c, func.count().label("n")
    query = (
        select(t.given_label, t.suggested_label, n)
        .where(t.dataset == dataset, t.state == "open", t.suggested_label.is_not(None))
        .group_by(t.given_label, t.suggested_label)
        .order_by(n.desc(), t.given_label, t.suggested_label)
        .limit(limit)
    )
    return [PairCount(*row) for row in connection.execute(query)]


def disputed(connection: Connection, dataset: str, limit: int) -> list[Disputed]:
    """As `Desk.disputed`."""
    t = task_state.c
    query = (
        select(question)
        .join(task_state, t.question_hash == question.c.hash)
        .where(t.dataset == dataset, t.state == "disputed")
        .order_by(t.position, t.question_hash)
        .limit(limit)
    )
    asked = [question_of(r) for r in connection.execute(query)]
    hashes = [q.hash for q in asked]
    said = by_question(select_verdicts(connection, VERDICTS, verdict.c.question_hash, hashes))
    return [Disputed(q, tuple(said[q.hash])) for q in asked]


def _per_hour(connection: Connection, dataset: str, reviewer: str) -> float | None:
    last = (
        select(verdict.c.stored_at)
        .join(question, question.c.hash == verdict.c.question_hash)
        .where(verdict.c.reviewer == reviewer, in_dataset(dataset, reviewer))
        .order_by(verdict.c.id.desc())
        .limit(1)
    )
    end = connection.execute(last).scalar()
    if end is None:
        return None
    n, first, latest = _given_since(connection, dataset, reviewer, end - _SPEED)
    if n < 2 or first is None or latest is None or latest <= first:
        return None
    return (n - 1) / ((latest - first) / timedelta(hours=1))


def _given_since(
    connection: Connection, dataset: str, reviewer: str, start: datetime
) -> tuple[int, datetime | None, datetime | None]:
    """How many verdicts of a person that are not withdrawn were stored from a moment on; the first, and the last."""
    # ids rise with time: by them the database finds the newest rows without looking at all that a person ever gave
    older = (
        select(verdict.c.id)
        .where(verdict.c.reviewer == reviewer, verdict.c.stored_at < start)
        .order_by(verdict.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    joined = verdict.join(question, verdict.c.question_hash == question.c.hash).outerjoin(
        withdrawal, withdrawal.c.verdict_id == verdict.c.id
    )
    query = (
        select(func.count(), func.min(verdict.c.stored_at), func.max(verdict.c.stored_at))
        .select_from(joined)
        .where(verdict.c.reviewer == reviewer, verdict.c.id > func.coalesce(older, 0))
        .where(in_dataset(dataset, reviewer), withdrawal.c.id.is_(None))
    )
    n, first, latest = connection.execute(query).one()
    return int(n), first, latest
