from __future__ import annotations

import contextlib
import sqlite3
import threading

import pytest

from audits.errors import StoreError
from audits.review.backends import backend, sqlite
from audits.review.database import look_at
from audits.review.records import NewVerdict, Question
from audits.review.store import ReviewStore


def keep(client_id: str) -> NewVerdict:
    return NewVerdict(client_id, Question("pets", "i0", "x", "c", "abc"), "ann", "keep")


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
    sqlite._use_wal(connection)
    assert connection.tries == 4


def test_it_gives_up_in_the_end(monkeypatch):
    monkeypatch.setattr(backend, "BUSY_SECONDS", 0.1)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        sqlite._use_wal(Busy(10**6))


def test_other_errors_are_not_waited_out():
    connection = Busy(1, "disk I/O error")
    with pytest.raises(sqlite3.OperationalError, match="disk"):
        sqlite._use_wal(connection)
    assert connection.tries == 1


def test_durability_settings(sqlite_url):
    with ReviewStore(sqlite_url) as store, store.writing() as connection:
        read = lambda name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()  # noqa: E731
        assert read("journal_mode") == "wal"
        assert read("synchronous") == 2
        assert read("foreign_keys") == 1
        assert read("recursive_triggers") == 1
        assert read("busy_timeout") == 30_000


def test_reading_goes_on_while_somebody_writes(sqlite_url):
    with ReviewStore(sqlite_url) as store:
        store.add_verdicts([keep("v1")])
        other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        read: list[int] = []

        def reads() -> None:
            read.append(len(store.verdicts("pets")))
            with ReviewStore(sqlite_url) as second:
                read.append(len(second.verdicts("pets")))

        reader = threading.Thread(target=reads)
        reader.start()
        reader.join(20)  # less than a writer would wait
        assert read == [1, 1]
        other.execute("ROLLBACK")
        other.close()


def test_a_lock_that_is_never_given_back(sqlite_url, monkeypatch):
    monkeypatch.setattr(backend, "BUSY_SECONDS", 0.1)
    with ReviewStore(sqlite_url) as store:
        other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"review\.sqlite: another process has been writing to it"):
            store.add_verdicts([keep("v1")])
        other.close()
        assert store.add_verdicts([keep("v1")]) == (1, 0)


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "review.sqlite"
    path.write_text("this is a letter to my aunt\n" * 100)
    before = path.read_bytes()
    for opened in (ReviewStore, look_at):
        with pytest.raises(StoreError, match="file is not a database"):
            opened(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_a_folder_in_place_of_the_file(tmp_path):
    with pytest.raises(StoreError, match="unable to open"):
        ReviewStore(f"sqlite:///{tmp_path}")


def test_a_folder_with_a_percent_sign(tmp_path):
    folder = tmp_path / "100%s done"
    folder.mkdir()
    ReviewStore(f"sqlite:///{folder / 'review.sqlite'}").close()


def test_looking_at_a_store_makes_and_changes_nothing(tmp_path):
    path = tmp_path / "review #1.sqlite"
    url = f"sqlite:///{path}"
    assert look_at(url) is None
    assert not path.exists()
    path.touch()
    assert look_at(url) is None
    assert path.read_bytes() == b""
    ReviewStore(url).close()
    before = path.read_bytes()
    look = look_at(url)
    assert look is not None
    assert (look.unsound, look.verdicts, look.marks) == ([], 0, {})
    assert path.read_bytes() == before


def test_a_damaged_page_is_told(tmp_path):
    path = tmp_path / "review.sqlite"
    with ReviewStore(f"sqlite:///{path}") as store:
        store.add_verdicts([keep(f"v{k}") for k in range(2000)])
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 3000] = b"\xff" * 3000
    path.write_bytes(data)
    # what is told depends on what the page was of: the check names it, or cannot go on
    try:
        found = look_at(f"sqlite:///{path}")
    except StoreError as e:
        told = [str(e)]
    else:
        assert found is not None
        told = found.unsound
    assert told
    assert any("malformed" in t or "page" in t.lower() or "index" in t for t in told), told


def test_an_index_that_lacks_a_row_is_told(tmp_path):
    path = tmp_path / "review.sqlite"
    with ReviewStore(f"sqlite:///{path}") as store:
        store.add_verdicts([keep(f"v{k}") for k in range(20)])
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'ix_question_dataset_item_id'"
        ).fetchone()
        # two indices that swap their pages hold the wrong rows
        connection.execute(
            "UPDATE sqlite_master SET rootpage = ? WHERE name = 'ix_verdict_question_hash'", (page,)
        )
        connection.commit()
    look = look_at(f"sqlite:///{path}")
    assert look is not None
    assert look.unsound
