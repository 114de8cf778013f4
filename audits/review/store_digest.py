"""What a review store holds, as counts and hashes: two stores with the same ones hold the same rows."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, String, Table, select

from audits.errors import AuditError, StoreError, plain
from audits.review.record_checks import evidence_problems, priority_problems, task_problems, verdict_problems
from audits.review.records import DecidedOn, NewTask, NewVerdict, Priority, Question, Reopening
from audits.review.schema import (
    DERIVED,
    decided_on,
    metadata,
    question,
    reopening,
    review_task,
    task_priority,
    verdict,
)

#: Rows that are held at a time.
CHUNK = 5000

#: Columns of a verdict that go into a `NewVerdict` as they are.
_TOLD = (
    *("client_id", "reviewer", "decision", "comment", "seconds", "decided_at", "source"),
    *("role", "category", "severity", "shown", "suggested"),
)

#: How many faults are named.
_NAMED = 20


@dataclass(frozen=True)
class TableDigest:
    """One table.

    Attributes
    ----------
    rows : int
    digest : str
        32 hexadecimal digits: a hash over all values of all rows, in the order of their keys. It is the same in
        every kind of database.
    """

    rows: int
    digest: str


def rows_of(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    """All rows of a table in the order of its key, in chunks, as plain values by column."""
    key = [
        # text in the order of its bytes, whatever the language of the server
        c.collate("C") if connection.dialect.name == "postgresql" and isinstance(c.type, String) else c
        for c in table.primary_key.columns
    ]
    query = select(table).order_by(*key).execution_options(yield_per=CHUNK)
    with _readable(table), connection.execute(query) as found:
        for part in found.mappings().partitions(CHUNK):
            yield [dict(row) for row in part]


def digests(connection: Connection, *, derived: bool = False) -> dict[str, TableDigest]:
    """Count and hash of each table, by its name, within the connection's transaction.

    Parameters
    ----------
    connection : Connection
    derived : bool
        Take in the tables that follow from the others and are replaced by every run. Left out, two stores with
        the same history have the same hashes, whatever the order of their queues.
    """
    found = {}
    for table in metadata.sorted_tables:
        if table in DERIVED and not derived:
            continue
        hashed, count = hashlib.blake2b(digest_size=16), 0
        for part in rows_of(connection, table):
            count += len(part)
            with _readable(table):
                for row in part:
                    hashed.update(_text(row).encode())
        found[table.name] = TableDigest(count, hashed.hexdigest())
    return found


def row_faults(connection: Connection) -> list[str]:
    """What does not fit together in the rows that are stored; the first 20, and a count of the others.

    A question's hash must be that of its parts, and everything about it must be what would be stored today.
    """
    asked: dict[str, Question] = {}
    faults: list[str] = []
    for part in rows_of(connection, question):
        for row in part:
            stored = row.pop("hash")
            asked[stored] = found = Question(**row)
            with _readable(question):
                if found.hash != stored:
                    faults.append(f"question {stored}: its hash is not that of its parts; it was changed")
    for part in rows_of(connection, review_task):
        for row in part:
            faults += _faults_of("review task", row, asked, _of_task)
    for part in rows_of(connection, verdict):
        for row in part:
            faults += _faults_of("verdict", row, asked, _of_verdict)
    for table, what, look in (
        (decided_on, "evidence of a decision", _of_decided_on),
        (reopening, "reopening", _of_reopening),
        (task_priority, "priority", _of_priority),
    ):
        for part in rows_of(connection, table):
            for row in part:
                faults += _faults_of(what, row, asked, look)
    more = len(faults) - _NAMED
    return faults if more <= 0 else [*faults[:_NAMED], f"and {more} more"]


@contextlib.contextmanager
def _readable(table: Table) -> Iterator[None]:
    """Turn what a value of a type that no store writes does within the block into a StoreError."""
    try:
        yield
    except AuditError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError) as e:
        raise StoreError(
            f"table {table.name!r} of the review store holds what none writes: {plain(e)}"
        ) from e


_Row = dict[str, Any]


def _faults_of(
    what: str, row: _Row, asked: dict[str, Question], look: Callable[[_Row, Question], list[str]]
) -> list[str]:
    """What is wrong with a row that is about a question; one that cannot be looked at is wrong too."""
    name = f"{what} {row['id'] if 'id' in row else row['question_hash']}"
    if row["question_hash"] not in asked:
        return [f"{name}: it is about a question that is not there"]
    try:
        return [f"{name}: {p}" for p in look(row, asked[row["question_hash"]])]
    except (TypeError, ValueError, AttributeError) as e:
        return [f"{name}: it holds what none writes: {plain(e)}"]


def _of_task(row: _Row, about: Question) -> list[str]:
    told = {k: row[k] for k in ("stratum", "inclusion_probability", "rank", "suggested_label", "gold_label")}
    return task_problems(NewTask(about, reasons=tuple(row["reasons"]), **told))


def _of_verdict(row: _Row, about: Question) -> list[str]:
    told = {k: row[k] for k in _TOLD}
    return verdict_problems(NewVerdict(question=about, labels=tuple(row["labels"]), **told))


def _of_decided_on(row: _Row, about: Question) -> list[str]:
    return evidence_problems(DecidedOn(about.hash, row["verdict_id"], row["probability"]))


def _of_reopening(row: _Row, about: Question) -> list[str]:
    return evidence_problems(
        Reopening(about.hash, row["verdict_id"], row["probability"], row["reason"], row["at"])
    )


def _of_priority(row: _Row, about: Question) -> list[str]:
    told = {k: row[k] for k in ("position", "probability", "suggested_label")}
    return priority_problems(Priority(about.hash, reasons=tuple(row["reasons"]), **told))


def _text(row: dict[str, Any]) -> str:
    plain = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in row.items()}
    return json.dumps(plain, sort_keys=True, ensure_ascii=True) + "\n"
