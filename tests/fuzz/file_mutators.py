"""Mutations of files as such: gone, empty, folders, links, pipes, devices; databases and archives."""
# ruff: noqa: S608  the names are those of tables of our own

from __future__ import annotations

import contextlib
import gzip
import io
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.fuzz.tokens import CELLS


def gone(path: Path, rng: Random) -> None:
    """Remove it."""
    path.unlink()


def empty(path: Path, rng: Random) -> None:
    """Leave it without a byte."""
    path.write_bytes(b"")


def folder(path: Path, rng: Random) -> None:
    """Put a folder in its place, empty or with a file in it."""
    path.unlink()
    path.mkdir()
    if rng.random() < 0.5:
        (path / "x").write_bytes(b"x")


def link_in_a_circle(path: Path, rng: Random) -> None:
    """Put a link in its place that leads to itself, or two that lead to each other."""
    path.unlink()
    if rng.random() < 0.5:
        path.symlink_to(path.name)
        return
    other = path.with_name("other-" + path.name)
    other.symlink_to(path.name)
    path.symlink_to(other.name)


def link_to_nothing(path: Path, rng: Random) -> None:
    """Put a link in its place that leads nowhere."""
    path.unlink()
    path.symlink_to("is/not/there")


def pipe(path: Path, rng: Random) -> None:
    """Put a named pipe in its place, which would be waited for without end."""
    path.unlink()
    os.mkfifo(path)


def endless(path: Path, rng: Random) -> None:
    """Put a link in its place to a device without an end, or without anything."""
    path.unlink()
    path.symlink_to(rng.choice(["/dev/zero", "/dev/null", "/dev/full", "/dev/tty"]))


def link_elsewhere(path: Path, rng: Random) -> None:
    """Move it and put a link in its place."""
    kept = path.with_name("kept-" + path.name)
    shutil.move(path, kept)
    path.symlink_to(kept.name)


def forbidden(path: Path, rng: Random) -> None:
    """Take all rights to it away; the superuser still reads it."""
    path.chmod(0)


#: What can be done to any file in place of changing what is in it, by name.
PLACES: dict[str, Callable[[Path, Random], None]] = {
    f.__name__: f
    for f in (
        gone,
        empty,
        folder,
        link_in_a_circle,
        link_to_nothing,
        pipe,
        endless,
        link_elsewhere,
        forbidden,
    )
}

#: Those of them that happen to a file that nobody but a program writes.
ACCIDENTS = ("gone", "empty", "folder", "link_to_nothing", "forbidden")


def database(path: Path, rng: Random) -> None:
    """Change a SQLite database with SQL: rows, columns, tables, what its tables are said to be."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = off")
        # what SQLite names itself is not for a mutation
        found = connection.execute(
            "SELECT type, name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite%'"
        ).fetchall()
        for kind, name, _ in found:
            if kind == "trigger":
                connection.execute(f'DROP TRIGGER "{name}"')
        tables = sorted(name for kind, name, _ in found if kind == "table")
        if not tables:
            return
        table = rng.choice(tables)
        columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
        column, word = (
            rng.choice(columns),
            rng.choice([*CELLS, None, -1, 2**62, 1.5, b"\xff\xfe", '{"a": 1}', "[1, 2]", "null"]),
        )
        changes: list[tuple[str, tuple[object, ...]]] = [
            (f'DELETE FROM "{table}"', ()),
            (f'DELETE FROM "{table}" WHERE rowid % 2', ()),
            (f'DROP TABLE "{table}"', ()),
            (f'ALTER TABLE "{table}" RENAME COLUMN "{column}" TO "x"', ()),
            (f'UPDATE OR IGNORE "{table}" SET "{column}" = ?', (word,)),
            (f'UPDATE OR IGNORE "{table}" SET "{column}" = ? WHERE rowid % 3 = 0', (word,)),
        ]
        with contextlib.suppress(sqlite3.Error):
            connection.execute(*rng.choice(changes))


def archive(path: Path, rng: Random) -> None:
    """Change the members of a tar archive: their names, kinds, order and content."""
    zipped = path.suffix == ".gz"
    data = gzip.decompress(path.read_bytes()) if zipped else path.read_bytes()
    with tarfile.open(fileobj=io.BytesIO(data)) as opened:
        members = [
            (m, b"" if (f := opened.extractfile(m)) is None else f.read()) for m in opened.getmembers()
        ]
    at, how = rng.randrange(len(members)), rng.randrange(6)
    member, content = members[at]
    if how == 0:
        del members[at]
    elif how == 1:
        members.insert(rng.randrange(len(members) + 1), (member, content))
    elif how == 2:
        member.name = rng.choice(
            ["../../x", "/x", "workspace/../x", "", "a" * 200, "workspace/datasets", "\x1b", "manifest.json"]
        )
    elif how == 3:
        member.type = rng.choice(
            [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
        )
        member.linkname = rng.choice(["/etc/passwd", "../..", "", member.name])
    elif how == 4:
        rng.shuffle(members)
    else:
        members[at] = (member, content[: len(content) // 2] + b"x" * rng.randrange(3))
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as out:
        for m, c in members:
            m.size = len(c) if m.type in tarfile.REGULAR_TYPES else 0
            out.addfile(m, io.BytesIO(c))
    path.write_bytes(gzip.compress(sink.getvalue(), mtime=0) if zipped else sink.getvalue())


#: What can be done to files by their ending, where their bytes alone do not do, by name.
WHOLE: dict[str, dict[str, Callable[[Path, Random], None]]] = {
    ".sqlite": {"database": database},
    ".db": {"database": database},
    ".tar": {"archive": archive},
    ".gz": {"archive": archive},
}
