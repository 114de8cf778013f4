from __future__ import annotations

import sqlite3

import pytest

from audits.review import database
from audits.review.records import NewTask, NewVerdict, Question
from audits.review.store import ReviewStore


class Busy:
    """A connection whose first tries find the database locked."""

    def __init__(self, failures: int, message: str = "database is locked") -> None:
        self.failures = failures
        self.message = message
        self.tries = 0

    def execute(self, _statement: str) -> None:
        self.tries += 1
        if self.tries <= self.failures:
            raise sqlite3.OperationalError(self.message)


def test_wal_is_asked_for_again_while_another_process_makes_the_same_change():
    connection = Busy(3)
    database._use_wal(connection)
    assert connection.tries == 4


def test_it_gives_up_in_the_end(monkeypatch):
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        database._use_wal(Busy(10**6))


def test_other_errors_are_not_waited_out():
    connection = Busy(1, "disk I/O error")
    with pytest.raises(sqlite3.OperationalError, match="disk"):
        database._use_wal(connection)
    assert connection.tries == 1


def test_looking_at_a_store_makes_and_changes_nothing(tmp_path):
    path = tmp_path / "review #1.sqlite"
    assert database.look_at(path) is None
    assert not path.exists()
    path.touch()
    assert database.look_at(path) is None
    assert path.read_bytes() == b""
    database.open_engine(f"sqlite:///{path}").dispose()
    before = path.read_bytes()
    assert database.look_at(path) == database.Look([], database.HEAD, 0, {})
    assert path.read_bytes() == before


def test_looking_at_what_is_no_store_says_so(tmp_path):
    path = tmp_path / "review.sqlite"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        database.look_at(path)


def test_looking_counts_as_the_store_does(tmp_path):
    path = tmp_path / "review.sqlite"
    questions = [
        Question(d, i, "c0ffee", "cat", "abc") for d, i in (("pets", "1"), ("pets", "2"), ("zoo", "1"))
    ]
    with ReviewStore(f"sqlite:///{path}") as store:
        store.queue([NewTask(q, "flagged", 1.0, 1) for q in questions[:2]])
        given = [(questions[0], "ann"), (questions[0], "ben"), (questions[2], "ann")]
        store.add_verdicts(
            [NewVerdict(f"v{n}", q, who, "relabel", ("dog",)) for n, (q, who) in enumerate(given)]
        )
        marks = store.marks()
        look = database.look_at(path)
    assert {d: (m.tasks, m.verdicts) for d, m in look.marks.items()} == {"pets": (2, 2), "zoo": (0, 1)}
    assert {d: (m.tasks, m.verdicts) for d, m in marks.items()} == {"pets": (2, 2), "zoo": (0, 1)}
    assert look.verdicts == 3
