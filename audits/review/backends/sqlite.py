"""The review store in a SQLite file, set up so that a verdict that was acknowledged is on disk."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from audits.errors import StoreError
from audits.review.backends import backend
from audits.review.backends.backend import Backend


class _Sqlite(Backend):
    name = "SQLite"
    migrates_itself = True

    def checked(self, url: URL) -> URL:
        if url.database in (None, "", ":memory:"):
            raise StoreError(
                "review store: a database in memory would lose the verdicts; expected sqlite:///PATH"
            )
        path = Path(str(url.database))
        if not path.parent.is_dir():
            raise StoreError(f"review store {path}: the folder {path.parent} does not exist")
        if path.exists() and not (path.is_file() or path.is_dir()):
            # a named pipe would be waited for without end
            raise StoreError(f"review store {path}: is no regular file")
        return url

    def where(self, url: URL) -> str:
        return str(url.database)

    def engine(self, url: URL) -> Engine:
        engine = create_engine(url, connect_args={"timeout": backend.BUSY_SECONDS})
        event.listen(engine, "connect", _set_up)
        return engine

    def looking(self, url: URL) -> Engine | None:
        path = Path(str(url.database)).absolute()
        if not path.exists():
            return None
        # Read-only: a file of no bytes stays one. Where nobody can write nothing changes, and SQLite need not
        # make the files by which readers and writers tell each other of it.
        settled = not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()
        address = f"{path.as_uri()}?mode=ro{'&immutable=1' if settled else ''}"
        return create_engine(
            "sqlite://", poolclass=NullPool, creator=lambda: sqlite3.connect(address, uri=True)
        )

    def begin(self, connection: Connection, writes: bool, lightly: bool = False) -> None:
        if writes:
            # FULL: a commit is on disk before it is acknowledged, also through a power cut
            connection.exec_driver_sql(f"PRAGMA synchronous = {'NORMAL' if lightly else 'FULL'}")
        # A transaction that reads first and asks for the lock later fails at once when another one wrote in
        # between; one that takes it at the start waits its turn.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    def unsound(self, connection: Connection) -> list[str]:
        found = [str(r[0]) for r in connection.exec_driver_sql("PRAGMA quick_check(3)")]
        return [] if found == ["ok"] else found


def _set_up(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    try:
        # the driver's own BEGIN comes too late and is never IMMEDIATE; `begin` sends ours
        connection.isolation_level = None
        _use_wal(connection)
        # FULL: a commit is on disk before it is acknowledged, also through a power cut
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # without this, INSERT OR REPLACE deletes rows without asking the triggers
        connection.execute("PRAGMA recursive_triggers = ON")
    except BaseException:
        connection.close()
        raise


def _use_wal(connection: sqlite3.Connection) -> None:
    # SQLite does not wait here while another process makes the same change to a new file
    deadline = time.monotonic() + backend.BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as e:
            if "locked" not in str(e) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


BACKEND: Backend = _Sqlite()
