"""Open tasks a page at a time: each page begins after the last task of the one before, whatever changed meanwhile."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from audits.review.desk.desk import Desk
from audits.review.desk.records import Filters
from audits.review.desk.task_rows import bar
from audits.review.open_queue import OpenTask, newest
from audits.review.schema import question, task_state, verdict
from audits.review.store_queue import priorities_of, reopenings_of, tasks_of
from audits.review.store_rows import VERDICTS, select_verdicts
from audits.review.verdicts_of import by_question

_HASH = re.compile("[0-9a-f]{32}")


class CursorError(ValueError):
    """A cursor that no page gave."""


def listed(
    desk: Desk, filters: Filters, cursor: str | None, limit: int, *, blind: bool
) -> tuple[list[OpenTask], str | None]:
    """A page of the open tasks.

    Parameters
    ----------
    desk : Desk
    filters : Filters
    cursor : str or None
        What the page before gave; None for the first.
    limit : int
    blind : bool
        Whether to order them by their question's hash, which tells nothing.

    Returns
    -------
    tasks : list of OpenTask
        Without their gold labels.
    cursor : str or None
        Of the next page; None on the last.

    Raises
    ------
    CursorError
        When the cursor is none.
    """
    t = task_state.c
    keys: tuple[ColumnElement[Any], ...] = (t.question_hash,) if blind else (t.position, t.question_hash)
    waiting = (t.dataset == desk.dataset, t.state == "open", *_fits(filters))
    query = select(*keys).where(*waiting).order_by(*keys).limit(limit + 1)
    if cursor is not None:
        query = query.where(_after(keys, _read(cursor, blind=blind)))
    with desk.states.reading() as connection:
        rows = [tuple(r) for r in connection.execute(query)]
        hashes = [r[-1] for r in rows[:limit]]
        tasks = {x.question.hash: x for x in tasks_of(connection, desk.dataset, hashes)}
        priorities = priorities_of(connection, desk.dataset, hashes)
        reopened = {r.question_hash: r for r in reopenings_of(connection, desk.dataset, hashes)}
        of_dataset = VERDICTS.where(question.c.dataset == desk.dataset)
        said = by_question(select_verdicts(connection, of_dataset, verdict.c.question_hash, hashes))
    found = [newest(tasks[h], priorities.get(h), reopened.get(h), said.get(h, ())) for h in hashes]
    return found, _written(rows[limit - 1]) if len(rows) > limit else None


def _fits(filters: Filters) -> Iterator[ColumnElement[bool]]:
    """What the filters leave in, as when a task is taken."""
    t = task_state.c
    for column, value in ((t.given_label, filters.given), (t.suggested_label, filters.suggested)):
        if value is not None:
            yield column == value
    for column, name in ((t.audits, filters.audit), (t.models, filters.model)):
        if name is not None:
            yield func.replace(column, bar(name), "") != column
    likely = func.coalesce(t.probability, 1.0 - t.score)
    if filters.low is not None:
        yield likely >= filters.low
    if filters.high is not None:
        yield likely <= filters.high


def _after(keys: tuple[ColumnElement[Any], ...], values: tuple[Any, ...]) -> ColumnElement[bool]:
    first: ColumnElement[bool] = keys[0] > values[0]
    if len(keys) == 1:
        return first
    return or_(first, and_(keys[0] == values[0], keys[1] > values[1]))


def _written(key: tuple[Any, ...]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _read(cursor: str, *, blind: bool) -> tuple[Any, ...]:
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, binascii.Error, RecursionError) as e:
        raise CursorError(f"the cursor is none that a page gave: {cursor[:50]!r}") from e
    kinds: tuple[type, ...] = (str,) if blind else (float, str)
    if not isinstance(key, list) or [type(k) for k in key] != list(kinds) or not _HASH.fullmatch(key[-1]):
        raise CursorError(f"the cursor is none that a page of this dataset gave: {cursor[:50]!r}")
    return tuple(key)
