"""Copies of databases: recognised by content, whole, and the original left as it was."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from audits.backup import databases
from audits.backup.databases import belongs_to_database, copy_database, is_database
from audits.errors import AuditError


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "odd name%20?.x"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (1)")
    return path


def test_what_is_a_database(database, tmp_path):
    (tmp_path / "text.db").write_text("SQLite")
    assert is_database(database)
    assert not is_database(tmp_path / "text.db")
    assert not is_database(tmp_path / "none.db")
    with pytest.raises(AuditError, match="cannot be read"):
        is_database(tmp_path)


def test_a_copy_is_whole_and_leaves_nothing_beside_the_original(database, tmp_path):
    before = database.read_bytes()
    copy_database(database, tmp_path / "copy")
    with closing(sqlite3.connect(tmp_path / "copy")) as copy:
        assert copy.execute("SELECT x FROM t").fetchall() == [(1,)]
    assert database.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["copy", database.name]


def test_files_beside_a_database(database, tmp_path):
    for ending in ("-wal", "-shm", "-journal"):
        assert belongs_to_database(database.with_name(database.name + ending))
        assert not belongs_to_database(tmp_path / f"notes{ending}")
    assert not belongs_to_database(database)


def test_a_database_that_stays_locked(database, tmp_path, monkeypatch):
    monkeypatch.setattr(databases, "_LOCKED_SECONDS", 0.0)
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(AuditError, match="has been locked for 0 s"):
            copy_database(database, tmp_path / "copy")


def test_a_damaged_page_is_found(database, tmp_path):
    with closing(sqlite3.connect(database)) as connection:
        connection.executemany("INSERT INTO t VALUES (?)", [("x" * 500,) for _ in range(100)])
        connection.commit()
    data = bytearray(database.read_bytes())
    data[4096 * 3 : 4096 * 5] = b"\xee" * 8192
    database.write_bytes(data)
    with pytest.raises(AuditError, match=r"is damaged|cannot be copied"):
        copy_database(database, tmp_path / "copy")
