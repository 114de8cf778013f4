import json
import sqlite3
import subprocess
import sys

import pytest

from audits.review.store import ReviewStore
from pipelines.doctor import stores
from pipelines.instance import open_instance


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


def test_alerts_that_may_not_have_arrived_are_a_warning(made_up):
    from datetime import UTC, datetime

    from audits.alerts.alert import Alert
    from audits.alerts.journal import ROUNDS, Journal

    assert "none yet" in one(stores.alert_journal(made_up.workspace)).words
    journal = Journal(made_up.root / "state" / "alerts.jsonl")
    now = datetime.now(UTC)
    alert = journal.open(Alert("zoo", "run_failed", "run", "it broke", now, "r1"))
    assert one(stores.alert_journal(made_up.workspace)).state == "ok"
    journal.note(alert, "HOOK", "attempt", now)
    found = one(stores.alert_journal(made_up.workspace))
    assert (found.state, "zoo: run failed at HOOK" in found.words) == ("warn", True)
    for _ in range(ROUNDS):
        journal.note(alert, "HOOK", "failed", now, "refused")
    assert "were given up" in one(stores.alert_journal(made_up.workspace)).words
    assert json.loads(made_up.call("doctor", "--json").stdout)["ok"]
