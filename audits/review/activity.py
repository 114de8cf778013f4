"""The log of the review room: who did what, when, from which address. It is only ever added to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from audits.review.record_checks import text_problems
from audits.review.schema import activity
from audits.review.store import ReviewStore
from audits.review.store_verdicts import raise_all


@dataclass(frozen=True)
class Act:
    """Something that was done.

    Attributes
    ----------
    who : str or None
        Under which name; None before anybody signed in.
    action : str
        What, in a word or two: `decide`, `undo`, `sign in`, ...
    dataset, question_hash : str or None
    verdict_id : int or None
    address : str or None
        Where the request came from.
    detail : mapping
        What else belongs to it, as plain data. Never a password or a token.
    at : datetime or None
        When; None: now.
    id : int
        Given by the store.
    """

    who: str | None
    action: str
    dataset: str | None = None
    question_hash: str | None = None
    verdict_id: int | None = None
    address: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None
    id: int = 0


def record(connection: Connection, acts: Sequence[Act]) -> None:
    """Add to the log, within the transaction in which the thing itself is done.

    Raises
    ------
    VerdictsError
        When a text cannot be stored.
    """
    now = datetime.now(UTC)
    rows = [
        {
            "at": a.at or now,
            "who": a.who,
            "action": a.action,
            "dataset": a.dataset,
            "question_hash": a.question_hash,
            "verdict_id": a.verdict_id,
            "address": a.address,
            "detail": dict(a.detail),
        }
        for a in acts
    ]
    for a in acts:
        texts = {"name": a.who or "", "action": a.action, "address": a.address or ""}
        raise_all("the activity log", text_problems(texts.items()))
    if rows:
        connection.execute(insert(activity), rows)


def read(
    store: ReviewStore,
    *,
    dataset: str | None = None,
    who: str | None = None,
    limit: int = 100,
    before: int | None = None,
) -> list[Act]:
    """What was done, the newest first.

    Parameters
    ----------
    store : ReviewStore
    dataset, who : str, optional
        Only this dataset's, or this person's.
    limit : int
    before : int, optional
        Only what stands before this id: the last of the page before.
    """
    query = select(activity).order_by(activity.c.id.desc()).limit(limit)
    for column, value in ((activity.c.dataset, dataset), (activity.c.who, who)):
        query = query if value is None else query.where(column == value)
    if before is not None:
        query = query.where(activity.c.id < before)
    with store.reading() as connection:
        return [Act(**r._mapping) for r in connection.execute(query)]
