import contextlib
import sqlite3
import subprocess
import sys

import pytest
from sqlalchemy.exc import OperationalError

from audits.errors import StoreError
from audits.review.store import ReviewStore
from pipelines.doctor import stores
from pipelines.instance import SETTINGS_MEND, open_instance


def one(found):
    (finding,) = found
    return finding


@pytest.fixture
def store(made_up):
    with ReviewStore(made_up.workspace.store_url):
        pass
    return made_up.root / "state" / "review.sqlite"


def test_a_store_is_sound(made_up, store):
    found = one(stores.review_store(made_up.workspace))
    assert (found.state, "0 verdicts" in found.words) == ("ok", True)


def test_a_store_of_a_newer_labelaudit_is_a_fault_and_of_an_older_one_a_warning(made_up, store, monkeypatch):
    monkeypatch.setattr(stores, "HEAD", "9999")
    assert one(stores.review_store(made_up.workspace)).state == "warn"
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'later'")
    connection.close()
    assert one(stores.review_store(made_up.workspace)).state == "fault"


def test_a_damaged_store_is_a_fault(made_up, store):
    with sqlite3.connect(store) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    data = bytearray(store.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    store.write_bytes(data)
    assert one(stores.review_store(made_up.workspace)).state == "fault"
    store.write_bytes(b"no database at all" * 100)
    assert "not a database" in one(stores.review_store(made_up.workspace)).words


def test_dagsters_records(made_up, monkeypatch):
    assert "none yet" in one(stores.dagster_records(made_up.workspace)).words
    with open_instance(made_up.workspace):
        pass
    assert one(stores.dagster_records(made_up.workspace)).state == "ok"
    monkeypatch.setattr(stores, "outdated_storages", lambda _: ["runs"])
    found = one(stores.dagster_records(made_up.workspace))
    assert (found.state, "labelaudit up" in found.mend) == ("fault", True)


def test_settings_of_an_older_labelaudit_are_a_warning_that_names_what_they_lack(made_up):
    assert one(stores.dagster_settings(made_up.workspace)).state == "ok"
    (made_up.workspace.dagster_home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    found = one(stores.dagster_settings(made_up.workspace))
    assert found.state == "warn"
    assert "run_monitoring" in found.words
    assert "telemetry" not in found.words


def test_locks_left_by_a_killed_process_are_told_and_no_harm(made_up):
    script = (
        "import os\n"
        "from audits.workspace import Workspace\n"
        f"with Workspace({str(made_up.root)!r}).run_lock('zoo'):\n"
        "    os._exit(1)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=False)
    with made_up.workspace.run_lock("ape"):
        found = one(stores.left_locks(made_up.workspace))
    assert found.state == "ok"
    assert "held: dataset-ape by process" in found.words
    assert "free to take: dataset-zoo by process" in found.words


@pytest.fixture
def asked(made_up):
    """A dataset whose run has put questions into the store."""
    made_up.add()
    made_up.ok("run", "zoo")
    return made_up.root / "state" / "review.sqlite"


@pytest.mark.parametrize("what", ["missing", "empty", "new"])
def test_a_store_that_was_lost_is_a_fault_and_looking_makes_none(made_up, asked, what):
    assert one(stores.review_store(made_up.workspace)).state == "ok"
    for path in asked.parent.glob("review.sqlite*"):
        path.unlink()
    if what == "empty":
        asked.touch()
    if what == "new":
        with ReviewStore(made_up.workspace.store_url):
            pass
    before = asked.read_bytes() if asked.exists() else None
    found = one(stores.review_store(made_up.workspace))
    assert found.state == "fault"
    assert "the review store is gone, its verdicts with it" in found.words
    assert found.words.endswith("asked for zoo")
    assert "'labelaudit -w NEW restore FILE'" in found.mend
    assert (asked.read_bytes() if asked.exists() else None) == before


def test_a_store_with_less_than_before_is_a_fault_and_the_mend_goes_on_with_it(made_up, asked):
    with contextlib.closing(sqlite3.connect(asked)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DROP TRIGGER review_task_no_delete")
        connection.execute("DELETE FROM review_task WHERE id = (SELECT min(id) FROM review_task)")
    found = one(stores.review_store(made_up.workspace))
    assert (found.state, "holds fewer" in found.words) == ("fault", True)
    assert "'labelaudit run NAME --force'" in found.mend
    made_up.ok("run", "zoo", "--force")
    assert one(stores.review_store(made_up.workspace)).state == "ok"


def test_an_empty_file_before_anything_was_asked_is_no_fault_and_stays_empty(made_up):
    path = made_up.root / "state" / "review.sqlite"
    path.touch()
    assert one(stores.review_store(made_up.workspace)).state == "ok"
    assert path.stat().st_size == 0


@pytest.mark.parametrize(("read_only", "mend"), [(True, "let this user write in"), (False, "restore FILE")])
def test_a_store_that_may_not_be_written_is_not_to_be_restored(made_up, store, monkeypatch, read_only, mend):
    def refused(_url):
        with contextlib.closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True)) as connection:
            try:
                connection.execute("CREATE TABLE t (a)")
            except sqlite3.Error as e:
                raise StoreError("review store: refused") from OperationalError("", {}, e)

    if read_only:
        monkeypatch.setattr(stores, "look_at", refused)
    else:
        store.write_bytes(b"no database at all" * 100)
    found = one(stores.review_store(made_up.workspace))
    assert found.state == "fault"
    assert mend in found.mend
    assert ("restore" in found.mend) == (not read_only)


def test_a_store_that_another_one_holds_is_a_warning_and_another_database_is_a_fault(made_up, store):
    with contextlib.closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        assert one(stores.review_store(made_up.workspace)).state == "warn"
    store.unlink()
    with contextlib.closing(sqlite3.connect(store)) as connection:
        connection.execute("CREATE TABLE t (a)")
    found = one(stores.review_store(made_up.workspace))
    assert (found.state, "not a review store" in found.words) == ("fault", True)


def test_settings_that_dagster_does_not_take_are_one_fault_and_its_records_are_not_looked_at(made_up):
    settings = made_up.workspace.dagster_home / "dagster.yaml"
    for text, words in [("telemetry: [", "line 1"), ("telemtry: {}", "telemtry"), ("- a\n", "dictionary")]:
        settings.write_text(text)
        found = one(stores.dagster_settings(made_up.workspace))
        assert (found.state, found.mend) == ("fault", SETTINGS_MEND)
        assert words in found.words
        assert SETTINGS_MEND not in found.words
    records = one(stores.dagster_records(made_up.workspace))
    assert (records.state, records.words) == ("warn", "not looked at: dagster.yaml is not sound")


def test_records_that_do_not_open_are_a_fault_of_their_own_check(made_up):
    with open_instance(made_up.workspace):
        pass
    for path in made_up.workspace.dagster_home.rglob("*.db"):
        path.write_bytes(b"no database at all" * 100)
    records = one(stores.dagster_records(made_up.workspace))
    assert (records.state, "tables and verdicts stay" in records.mend) == ("fault", True)
    assert one(stores.dagster_settings(made_up.workspace)).state == "ok"
