"""Opening the review store's database, and its migration to the newest tables."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, event, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from audits.errors import StoreError, StoreVersionError, first_few
from audits.review.backends import resolve
from audits.review.backends.backend import BUSY_SECONDS, Backend
from audits.review.records import Mark
from audits.review.schema import HEAD, metadata

_WRITES = "labelaudit_writes"
_LIGHTLY = "labelaudit_lightly"

#: What PostgreSQL says when a lock was not given within the time set.
_LOCK_TIMEOUT = "55P03"

#: What to do about a few of the things that PostgreSQL says, by their number.
_HINTS = {
    "25006": "; the server takes no writes: a standby, or set to read-only",
    "42501": (
        "; this user needs the right to create tables in the database's schema, to read and add rows, and to change "
        "and delete those of task_priority, task_state, queue_mark, tally, lease, account and api_token"
    ),
}

#: Tasks and verdicts by dataset, each counted once.
_COUNTS = """
SELECT dataset, sum(tasks), sum(verdicts) FROM (
    SELECT q.dataset, count(*) AS tasks, 0 AS verdicts
    FROM review_task t JOIN question q ON t.question_hash = q.hash GROUP BY q.dataset
    UNION ALL
    SELECT q.dataset, 0, count(*) FROM verdict v JOIN question q ON v.question_hash = q.hash GROUP BY q.dataset
) AS counted GROUP BY dataset
"""


def open_engine(url: str | URL, *, migrate: bool | None = None) -> Engine:
    """Open a review store; one that has no tables yet gets them.

    Safe when several processes open the same new store at once.

    Parameters
    ----------
    url : str or URL
        `sqlite:///PATH` (the file is created when it is not there, its folder is not) or
        `postgresql://USER@HOST/DATABASE`.
    migrate : bool, optional
        Whether tables of an older revision are brought to the newest. Left out: in a SQLite file they are; on a
        server, which machines with an older labelaudit may be using, they are not.

    Returns
    -------
    Engine
        Its transactions only read; `writing(engine)` gives the one for transactions that write.

    Raises
    ------
    StoreError
        When no store can be behind the URL, it cannot be reached or opened, or holds something else.
    StoreVersionError
        When it was written by a newer labelaudit, or is older and not to be migrated.
    """
    parsed, backend = resolve(url)
    engine = connected(parsed, backend)
    try:
        with _told(backend.where(parsed)):
            _migrate(engine, backend, backend.migrates_itself if migrate is None else migrate)
    except BaseException:
        engine.dispose()
        raise
    return engine


def connected(url: URL, backend: Backend) -> Engine:
    """The engine of a store, as it is: nothing is made or migrated, nothing connected yet."""
    engine = backend.engine(url)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        backend.begin(connection, bool(options.get(_WRITES, False)), bool(options.get(_LIGHTLY, False)))

    return engine


def writing(engine: Engine, *, lightly: bool = False) -> Engine:
    """The same engine for transactions that write: one at a time, each waits for the one before it.

    What is written lightly may be undone by a power cut: see `Backend.begin`.
    """
    return engine.execution_options(**{_WRITES: True, _LIGHTLY: lightly})


def reason(error: SQLAlchemyError) -> str:
    """What the database said, on one line, without the statement and its values."""
    told = getattr(error, "orig", None) or error
    sqlite = getattr(told, "sqlite_errorname", None) or ""
    if getattr(told, "sqlstate", None) == _LOCK_TIMEOUT or sqlite.startswith("SQLITE_BUSY"):
        return f"another process has been writing to it for {BUSY_SECONDS:g} s"
    if sqlite.startswith("SQLITE_IOERR"):
        return f"{told}; the disk may be full"
    # the first line: what follows may repeat values
    words = getattr(getattr(told, "diag", None), "message_primary", None) or str(told)
    return " ".join(words.split()) + _HINTS.get(getattr(told, "sqlstate", None) or "", "")


@dataclass(frozen=True)
class Look:
    """What a review store came to when it was only looked at.

    Attributes
    ----------
    unsound : list of str
        What the database finds wrong with it.
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


def look_at(url: str | URL) -> Look | None:
    """Look at a review store without making, migrating or changing it.

    Parameters
    ----------
    url : str or URL

    Returns
    -------
    Look or None
        None where there is no file, or nothing in the database.

    Raises
    ------
    StoreError
        When it cannot be opened or has other tables; its cause is what the database said.
    """
    parsed, backend = resolve(url)
    with looking(url) as connection:
        if connection is None:
            return None
        if unsound := backend.unsound(connection):
            return Look(unsound, None, 0, {})
        if not inspect(connection).get_table_names():
            return None
        revision = _revision(connection, backend.where(parsed))
        verdicts = connection.execute(text("SELECT count(*) FROM verdict")).scalar_one()
        rows = connection.execute(text(_COUNTS)).all()
    marks = {str(name): Mark(tasks=int(tasks), verdicts=int(given)) for name, tasks, given in rows}
    return Look([], revision, int(verdicts), marks)


@contextlib.contextmanager
def looking(url: str | URL) -> Iterator[Connection | None]:
    """A connection in a transaction that sees one moment and changes nothing; None where there is no database.

    Raises
    ------
    StoreError
        When it cannot be opened, and for whatever the database says within the block.
    """
    parsed, backend = resolve(url)
    engine = backend.looking(parsed)
    if engine is None:
        yield None
        return
    try:
        with _told(backend.where(parsed)), engine.connect() as connection:
            backend.begin(connection, writes=False)
            yield connection
    finally:
        engine.dispose()


def known_revisions() -> list[str]:
    """Revisions that the tables can be brought to the newest from, oldest first."""
    import audits.review.migrations.versions as versions

    return sorted(
        p.name.split("_")[0] for folder in versions.__path__ for p in Path(folder).glob("[0-9]*.py")
    )


@contextlib.contextmanager
def _told(where: str) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as e:
        raise StoreError(f"review store {where}: {reason(e)}") from e


def _migrate(engine: Engine, backend: Backend, allowed: bool) -> None:
    where = backend.where(engine.url)
    with engine.begin() as connection:
        if _revision(connection, where) == HEAD:
            return
    # Alembic is loaded only when there is something to migrate: it is slow to import.
    from alembic import command
    from alembic.config import Config

    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    with writing(engine).begin() as connection:
        revision = _revision(connection, where)  # again, now that nobody else can change it
        if revision is not None and revision not in known_revisions():
            raise StoreVersionError(
                f"review store {where}: it is at revision {revision!r}, which this labelaudit (at {HEAD!r}) "
                "does not know; it was written by a newer one"
            )
        if revision is None and (unsound := backend.unsound(connection)):
            raise StoreError(f"review store {where}: {first_few(unsound)}")
        if revision not in (None, HEAD) and not allowed:
            raise StoreVersionError(
                f"review store {where}: its tables are at revision {revision!r}, this labelaudit wants {HEAD!r}; "
                "when everybody who uses it has this version, 'labelaudit store migrate' brings them there"
            )
        if revision != HEAD:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _revision(connection: Connection, where: str) -> str | None:
    """Revision of the tables; None for an empty database."""
    tables = inspect(connection).get_table_names()
    others = set(tables) - set(metadata.tables) - {"alembic_version"}
    if others or (tables and "alembic_version" not in tables):
        raise StoreError(
            f"review store {where}: there is a database, but it is not a review store (tables: "
            f"{first_few(sorted(others or tables))}); a review store has a database of its own"
        )
    if not tables:
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    if len(found) == 1 and found[0] not in known_revisions() and set(tables) == {"alembic_version"}:
        raise StoreError(
            f"review store {where}: there is a database, but it is not a review store: its only table is "
            "alembic_version, of another program"
        )
    if len(found) == 1:
        return str(found[0])
    raise StoreError(f"review store {where}: expected one revision in alembic_version, got {len(found)}")
