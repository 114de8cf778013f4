"""Copying a review store into an empty one, of whatever kind, and looking whether a store is sound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, insert, text
from sqlalchemy.exc import SQLAlchemyError

from audits.errors import StoreError, StoreVersionError, UsageError, first_few
from audits.review.backends import resolve, where
from audits.review.database import look_at, looking, open_engine, reason, writing
from audits.review.schema import DERIVED, HEAD, metadata
from audits.review.store_digest import TableDigest, digests, row_faults, rows_of
from audits.review.store_guards import lost_guards


@dataclass(frozen=True)
class StoreCheck:
    """What a store came to when it was looked through.

    Attributes
    ----------
    store : str
        Its file or address, without a password.
    kind : str
        Name of the kind of database.
    revision : str or None
        Of its tables; None where there is no store yet.
    tables : dict of str to TableDigest
        Empty unless the tables are the newest. Derived tables are not among them.
    faults : list of str
        What is wrong, a sentence each; empty when it is sound.
    """

    store: str
    kind: str
    revision: str | None
    tables: dict[str, TableDigest]
    faults: list[str]


def check_store(url: str | URL) -> StoreCheck:
    """Look through a store without making, migrating or changing it.

    Raises
    ------
    StoreError
        When it cannot be opened or holds something else.
    """
    parsed, backend = resolve(url)
    store, look = backend.where(parsed), look_at(url)
    if look is None:
        return StoreCheck(store, backend.name, None, {}, [])
    if look.unsound:
        return StoreCheck(store, backend.name, None, {}, look.unsound)
    if look.revision != HEAD:
        told = f"its tables are at revision {look.revision}, this labelaudit wants {HEAD}"
        return StoreCheck(store, backend.name, look.revision, {}, [told])
    with looking(url) as connection:
        if connection is None:  # removed since it was looked at
            return StoreCheck(store, backend.name, None, {}, [])
        return StoreCheck(
            store,
            backend.name,
            look.revision,
            digests(connection),
            [*lost_guards(connection), *row_faults(connection)],
        )


def copy_store(source: str | URL, target: str | URL) -> dict[str, TableDigest]:
    """Copy every row of a store into another one that is empty, as it is at one moment.

    Ids stay as they are. The copy is there whole or not at all: it is compared with the source, by counts and
    hashes, before it is kept.

    Parameters
    ----------
    source, target : str or URL
        `sqlite:///PATH` or `postgresql://USER@HOST/DATABASE`. A target that has no tables yet is given them.

    Returns
    -------
    dict of str to TableDigest
        What both hold now, by table; derived tables are copied too, but are not told.

    Raises
    ------
    UsageError
        When both are the same store, or there is none at the source.
    StoreVersionError
        When the source's tables are not the newest. Nothing in it is changed.
    StoreError
        When one cannot be opened, the target is not empty, or the copy differs.
    """
    if where(source) == where(target):
        raise UsageError(f"{where(source)} cannot be copied onto itself")
    _require_sound(source)
    with looking(source) as reading:
        if reading is None:
            raise UsageError(f"there is no review store at {where(source)}")
        before = digests(
            reading, derived=True
        )  # first: a store that cannot be read through leaves nothing at the target
        with _opened(target) as goal, writing(goal).begin() as writes:
            held = {name: d.rows for name, d in digests(writes, derived=True).items() if d.rows}
            if held:
                told = first_few(f"{rows} rows in {name}" for name, rows in held.items())
                raise StoreError(f"review store {where(target)} is not empty: {told}; nothing was copied")
            for table in metadata.sorted_tables:
                for rows in rows_of(reading, table):
                    _add(writes, table, rows, source, target)
            _number_on(writes)
            after = digests(writes, derived=True)
            if before != after:
                differ = first_few(name for name in before if before[name] != after[name])
                raise StoreError(
                    f"review store {where(target)}: the copy is not what {where(source)} holds (tables {differ}); "
                    "nothing was kept"
                )
    return {name: d for name, d in after.items() if name not in {t.name for t in DERIVED}}


def _require_sound(source: str | URL) -> None:
    """Refuse to copy from where there is no store, or one whose tables are not the newest; it is not changed."""
    look = look_at(source)
    if look is None:
        raise UsageError(f"there is no review store at {where(source)}")
    if look.unsound:
        raise StoreError(
            f"review store {where(source)} is damaged: {first_few(look.unsound)}; nothing was copied"
        )
    if look.revision != HEAD:
        raise StoreVersionError(
            f"review store {where(source)}: its tables are at revision {look.revision!r}, this labelaudit copies "
            f"{HEAD!r}; 'labelaudit store migrate' brings older ones there"
        )


def _add(
    connection: Connection, table: Table, rows: list[dict[str, Any]], source: str | URL, target: str | URL
) -> None:
    try:
        connection.execute(insert(table), rows)
    except SQLAlchemyError as e:
        raise StoreError(
            f"review store {where(target)}: table {table.name!r} does not take rows of {where(source)}: {reason(e)}; "
            "nothing was kept; 'labelaudit store check' on the source names rows that no store would take"
        ) from e


def _number_on(connection: Connection) -> None:
    """Have PostgreSQL give the next ids: rows that brought their own did not count them."""
    if connection.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        if "id" in table.c:
            connection.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "  # noqa: S608
                    f"coalesce(max(id), 1), max(id) IS NOT NULL) FROM {table.name}"
                )
            )


@contextmanager
def _opened(url: str | URL) -> Iterator[Engine]:
    engine = open_engine(url)
    try:
        yield engine
    except SQLAlchemyError as e:
        raise StoreError(f"review store {where(url)}: {reason(e)}") from e
    finally:
        engine.dispose()
