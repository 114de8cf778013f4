"""Locks between processes, which know who holds them and which a dead owner does not keep.

The operating system holds the lock itself, so it ends with its owner, however that ends. Beside it lies a
file that says who the owner is, for messages only.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from audits.disk import made, write_atomic, writing
from audits.errors import LockedError

#: Who only asks whether a lock is held takes it for a moment; so long an attempt lasts at the least.
_PROBE_SECONDS = 0.2


@dataclass(frozen=True)
class Owner:
    """Who took a lock.

    Attributes
    ----------
    pid : int
        Number of the process.
    what : str
        What it is doing, in a few words, e.g. ``run 1f3c``.
    since : str
        When it took the lock, ISO 8601 in UTC.
    """

    pid: int
    what: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} ({self.what}, since {self.since})"


@contextlib.contextmanager
def held(path: Path, what: str, refusal: str, wait_seconds: float = 0.0) -> Iterator[Owner | None]:
    """Hold a lock. The thread that holds it may take it again.

    Gives the owner that died with it, if one did.

    Parameters
    ----------
    path : Path
        The lock's file; its folder is made.
    what : str
        What the lock is taken for, for whoever else wants it.
    refusal : str
        Begins the message when another has it, e.g. ``dataset 'zoo' is being run``.
    wait_seconds : float
        How long to wait for another owner; 0: not at all, negative: without end.

    Raises
    ------
    LockedError
        When another has it for longer than that; the message says who.
    DiskError
        When the lock's file cannot be written.
    """
    made(path.parent)
    # a singleton counts how often its thread took it; another thread or process finds it taken
    lock: FileLock = FileLock(path, is_singleton=True)
    first = not lock.is_locked
    try:
        with writing(path):
            lock.acquire(timeout=wait_seconds if wait_seconds < 0 else max(wait_seconds, _PROBE_SECONDS))
    except Timeout as e:
        owner = owner_of(path)
        still = f"; after {wait_seconds:g} s it still has it" if wait_seconds > 0 else ""
        raise LockedError(f"{refusal} by {owner or 'another process'}{still}") from e
    try:
        dead = owner_of(path) if first else None
        if first:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            with writing(path):
                write_atomic(_owner_file(path), json.dumps(asdict(Owner(os.getpid(), what, now))).encode())
        yield dead
    finally:
        if first:
            with contextlib.suppress(OSError):  # the lock is given back, whatever becomes of the file
                _owner_file(path).unlink(missing_ok=True)
        lock.release()


def is_held_here(path: Path) -> bool:
    """Whether this thread holds a lock."""
    return path.parent.is_dir() and bool(FileLock(path, is_singleton=True).is_locked)


def is_held(path: Path) -> bool:
    """Whether a living owner, this process too, holds a lock."""
    if not path.exists():
        return False
    probe: FileLock = FileLock(path, timeout=0)
    try:
        with writing(path):
            probe.acquire()
    except Timeout:
        return True
    probe.release()
    return False


def remove(path: Path) -> None:
    """Remove what a dead owner left of a lock that is taken once only; what cannot be removed stays."""
    for file in (path, _owner_file(path)):
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)


def owner_of(path: Path) -> Owner | None:
    """Who took a lock last and has not given it back: its holder, or one that died with it."""
    try:
        return Owner(**json.loads(_owner_file(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None  # being written at this moment; it only serves a message


def _owner_file(path: Path) -> Path:
    return path.with_suffix(".owner.json")
