"""Copies of SQLite databases that others are writing."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from pathlib import Path
from urllib.parse import quote

from audits.errors import AuditError

_HEADER = b"SQLite format 3\0"

#: How long to wait for whoever keeps a database locked against reading, in seconds.
_LOCKED_SECONDS = 60.0


def is_database(path: Path) -> bool:
    """Whether a file is a SQLite database, by its first bytes and whatever its name; False when it is gone.

    Raises
    ------
    AuditError
        When it cannot be read.
    """
    try:
        with path.open("rb") as f:
            return f.read(len(_HEADER)) == _HEADER
    except FileNotFoundError:
        return False
    except OSError as e:
        raise AuditError(f"{path} cannot be read: {e}") from e


def belongs_to_database(path: Path) -> bool:
    """Whether a file is one that SQLite keeps beside a database: no content without it."""
    for ending in ("-wal", "-shm", "-journal"):
        if path.name.endswith(ending):
            return path.with_name(path.name.removesuffix(ending)).is_file()
    return False


def copy_database(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment, while others write to it.

    Parameters
    ----------
    source : Path
        The database. Nothing in it changes.
    target : Path
        A file that is not there yet.

    Raises
    ------
    AuditError
        When it is damaged, or stays locked.
    """
    deadline = time.monotonic() + _LOCKED_SECONDS

    def locked(status: int, _remaining: int, _total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() > deadline:
            raise AuditError(f"{source} has been locked for {_LOCKED_SECONDS:g} s")

    try:
        # A quoted path: SQLite would read signs such as '?' as its own. Not mode=ro: such a reader may not
        # clear away the files that it makes beside a database nobody else has open.
        url = f"file:{quote(str(source))}?mode=rw"
        with (
            contextlib.closing(sqlite3.connect(url, uri=True, timeout=_LOCKED_SECONDS)) as live,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            # all pages in one step, so in one reading transaction: what is written meanwhile is not in it
            live.backup(copy, pages=-1, progress=locked, sleep=0.05)
            (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as e:
        raise AuditError(f"{source} cannot be copied: {e}") from e
    if found != "ok":
        raise AuditError(f"{source} is damaged: {found}")
