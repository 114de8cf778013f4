"""Opening the review store's database: how SQLite is set up, and its migration to the newest tables."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from audits.errors import StoreError, first_few
from audits.review.records import Mark
from audits.review.schema import HEAD

#: How long a writer waits for another one, in seconds.
BUSY_SECONDS = 30.0

_BEGIN = "labelaudit_begin"

#: Tasks and verdicts by dataset, each counted once.
_COUNTS = """
SELECT dataset, sum(tasks), sum(verdicts) FROM (
    SELECT q.dataset, count(*) AS tasks, 0 AS verdicts
    FROM review_task t JOIN question q ON t.question_hash = q.hash GROUP BY q.dataset
    UNION ALL
    SELECT q.dataset, 0, count(*) FROM verdict v JOIN question q ON v.question_hash = q.hash GROUP BY q.dataset
) GROUP BY dataset
"""


def open_engine(url: str | URL) -> Engine:
    """Open a review store and bring its tables to the newest revision.

    Safe when several processes open the same new store at once.

    Parameters
    ----------
    url : str or URL
        `sqlite:///PATH`; the file is created when it is not there, its folder is not.

    Returns
    -------
    Engine
        Its transactions only read; `writing(engine)` gives the one for transactions that write.

    Raises
    ------
    StoreError
        When the URL is not one of a SQLite file, the file cannot be opened, holds something else or was
        written by a newer labelaudit.
    """
    parsed, path = _sqlite_file(url)
    engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    try:
        _migrate(engine, path)
    except SQLAlchemyError as e:
        engine.dispose()
        raise StoreError(f"review store {path}: {reason(e)}") from e
    except BaseException:
        engine.dispose()
        raise
    return engine


@dataclass(frozen=True)
class Look:
    """What a review store came to when it was only looked at.

    Attributes
    ----------
    unsound : list of str
        What SQLite finds wrong with the file.
    revision : str or None
        Revision of its tables; None where it has none.
    verdicts : int
    marks : dict of str to Mark
        Tasks and verdicts of each dataset that it has any of; nothing else of the marks is filled in.
    """

    unsound: list[str]
    revision: str | None
    verdicts: int
    marks: dict[str, Mark]


def look_at(path: Path) -> Look | None:
    """Look at a review store without making, migrating or changing it.

    Parameters
    ----------
    path : Path
        Its file.

    Returns
    -------
    Look or None
        None where there is no file, or nothing in it.

    Raises
    ------
    sqlite3.Error
        When the file cannot be opened, is no SQLite file or has other tables.
    """
    if not path.exists():
        return None
    # read-only: a file of no bytes stays one
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
            return None
        unsound = [str(r[0]) for r in connection.execute("PRAGMA quick_check(3)")]
        if unsound != ["ok"]:
            return Look(unsound, None, 0, {})
        revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        verdicts = connection.execute("SELECT count(*) FROM verdict").fetchone()[0]
        rows = connection.execute(_COUNTS).fetchall()
    marks = {str(name): Mark(tasks=tasks, verdicts=given) for name, tasks, given in rows}
    return Look([], None if revision is None else str(revision[0]), int(verdicts), marks)


def writing(engine: Engine) -> Engine:
    """The same engine for transactions that write: they take SQLite's write lock at their start.

    A transaction that reads first and asks for the lock later fails at once when another one wrote in
    between; one that takes it at the start waits its turn.
    """
    return engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})


def reason(error: SQLAlchemyError) -> str:
    """What the database said, without the statement and its values."""
    return str(getattr(error, "orig", None) or error)


def _sqlite_file(url: str | URL) -> tuple[URL, Path]:
    try:
        parsed = make_url(url)
    except SQLAlchemyError as e:
        raise StoreError(f"review store {url!r}: not a database URL; expected sqlite:///PATH") from e
    if parsed.get_backend_name() != "sqlite" or parsed.get_driver_name() != "pysqlite":
        shown = parsed.render_as_string(hide_password=True)
        raise StoreError(f"review store {shown!r}: only SQLite is supported; expected sqlite:///PATH")
    if parsed.database in (None, "", ":memory:"):
        raise StoreError(
            "review store: a database in memory would lose the verdicts; expected sqlite:///PATH"
        )
    path = Path(str(parsed.database))
    if not path.parent.is_dir():
        raise StoreError(f"review store {path}: the folder {path.parent} does not exist")
    return parsed, path


def _set_up(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    try:
        # the driver's own BEGIN comes too late and is never IMMEDIATE; ours is sent by `_begin`
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
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as e:
            if "locked" not in str(e) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def _migrate(engine: Engine, path: Path) -> None:
    with engine.begin() as connection:
        if _revision(connection, path) == HEAD:
            return
    # Alembic is loaded only when there is something to migrate: it is slow to import.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    with writing(engine).begin() as connection:
        revision = _revision(connection, path)  # again, now that nobody else can change it
        known = {s.revision for s in ScriptDirectory.from_config(config).walk_revisions()}
        if revision is not None and revision not in known:
            raise StoreError(
                f"review store {path}: it is at revision {revision!r}, which this labelaudit (at {HEAD!r}) "
                "does not know; it was written by a newer one"
            )
        if revision != HEAD:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _revision(connection: Connection, path: Path) -> str | None:
    """Revision of the tables; None for an empty database."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
        if len(found) == 1:
            return str(found[0])
        raise StoreError(f"review store {path}: expected one revision in alembic_version, got {len(found)}")
    if tables:
        raise StoreError(
            f"review store {path}: a SQLite database, but not a review store (tables: {first_few(tables)})"
        )
    return None
