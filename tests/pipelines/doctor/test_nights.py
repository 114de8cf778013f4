from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._daemon.types import DaemonHeartbeat

from assets.naming import DATASET
from audits.locks import held
from pipelines.doctor import nights
from pipelines.instance import open_instance
from pipelines.up.record import UpRecord, lock_path, write_record

RECORD = UpRecord("http://127.0.0.1:9", "127.0.0.1", 9, 7, "2024-01-01T00:00:00+00:00", {})
NIGHTLY = "schedule: {cron: '0 3 * * *'}\n"


def one(found):
    (finding,) = found
    return finding


def test_up_runs_or_was_killed_or_does_not_answer(made_up):
    workspace = made_up.workspace
    assert one(nights.serving(workspace)).words == "is not running"
    with held(lock_path(workspace), "up", "taken"):
        assert "is starting" in one(nights.serving(workspace)).words
        write_record(workspace, RECORD)
        silent = one(nights.serving(workspace))
        assert (silent.state, "does not answer" in silent.words) == ("fault", True)
    killed = one(nights.serving(workspace))
    assert (killed.state, "labelaudit up" in killed.mend) == ("warn", True)


@pytest.mark.parametrize("relying", [NIGHTLY, "review: {rescore: {}}\n", "alerts: {}\n"])
def test_a_dead_daemon_is_a_fault_where_a_dataset_relies_on_it(made_up, relying):
    made_up.add("ape")
    assert one(nights.daemon(made_up.workspace)).state == "ok"
    made_up.add("zoo", yaml=relying)
    for _ in range(2):
        found = one(nights.daemon(made_up.workspace))
        assert (found.state, found.mend) == ("fault", "start 'labelaudit up'")
        assert found.words.endswith("wanted by zoo")
        with open_instance(made_up.workspace):
            pass  # the second time there is an instance, without a word of a daemon
    write_record(made_up.workspace, RECORD)
    with held(lock_path(made_up.workspace), "up", "taken"):
        assert one(nights.daemon(made_up.workspace)).state == "warn", "it may have just been started"


def test_what_the_daemon_said_counts_only_while_the_up_that_started_it_runs(made_up):
    made_up.add("zoo", yaml=NIGHTLY)
    workspace, now = made_up.workspace, datetime.now(UTC)
    with open_instance(workspace) as instance:
        for kind in instance.get_required_daemon_types():
            instance.add_daemon_heartbeat(DaemonHeartbeat(now.timestamp(), kind, "one"))
    ended = one(nights.daemon(workspace))
    assert (ended.state, ended.mend) == ("fault", "start 'labelaudit up'"), "it was stopped a moment ago"
    with held(lock_path(workspace), "up", "taken"):
        assert "is starting" in one(nights.daemon(workspace)).words
        write_record(workspace, replace(RECORD, since=(now - timedelta(minutes=1)).isoformat()))
        assert one(nights.daemon(workspace)).words == "all parts of Dagster's daemon live"
        write_record(workspace, replace(RECORD, since=(now + timedelta(minutes=1)).isoformat()))
        assert one(nights.daemon(workspace)).state == "warn", "those are the words of the one before"


def test_schedules_that_a_living_daemon_has_not_seen_are_one_warning(made_up):
    made_up.add("ape")
    assert one(nights.schedules(made_up.workspace)).words == "no dataset has one"
    for name in ("zoo", "bee"):
        made_up.add(name, yaml=NIGHTLY)
    write_record(made_up.workspace, RECORD)
    with held(lock_path(made_up.workspace), "up", "taken"):
        found = one(nights.schedules(made_up.workspace))
    assert (found.name, found.state) == ("schedules", "warn")
    assert found.words.endswith("bee, zoo")


def test_without_a_daemon_many_schedules_are_one_fault(made_up):
    for i in range(12):
        made_up.add(f"zoo{i:02d}", n=6, models=0, yaml=NIGHTLY)
    dead, waiting = one(nights.daemon(made_up.workspace)), one(nights.schedules(made_up.workspace))
    assert (dead.state, waiting.state) == ("fault", "ok")
    assert dead.words.endswith("and 7 more")


@pytest.mark.parametrize("check", [nights.daemon, nights.schedules, nights.killed_runs])
def test_what_asks_dagster_is_not_looked_at_where_its_settings_are_broken(made_up, check):
    made_up.add("zoo", yaml=NIGHTLY)
    workspace = made_up.workspace
    (workspace.dagster_home / "dagster.yaml").write_text("telemetry: [")
    write_record(workspace, RECORD)
    with held(lock_path(workspace), "up", "taken"):
        found = one(check(workspace))
    assert (found.state, found.words) == ("warn", "not looked at: dagster.yaml is not sound")


def test_what_asks_dagster_is_not_looked_at_where_its_records_do_not_open(made_up):
    workspace = made_up.workspace
    with open_instance(workspace):
        pass
    for path in workspace.dagster_home.rglob("*.db"):
        path.write_bytes(b"no database at all" * 100)
    found = one(nights.killed_runs(workspace))
    assert (found.state, found.words) == ("warn", "not looked at: Dagster's records do not open")


@pytest.fixture
def run(made_up):
    made_up.add()
    with open_instance(made_up.workspace) as instance:

        @dg.job
        def nothing():
            pass

        run = instance.create_run_for_job(nothing, tags={DATASET: "zoo"}, status=dg.DagsterRunStatus.STARTED)
    return run


def test_a_run_that_nobody_works_at_is_a_warning(made_up, run):
    found = one(nights.killed_runs(made_up.workspace))
    assert found.state == "warn"
    assert f"{run.run_id[:8]} of zoo" in found.words


def test_a_run_whose_process_lives_is_none(made_up, run):
    workspace = made_up.workspace
    with workspace.run_lock("zoo"):
        assert one(nights.killed_runs(workspace)).state == "ok"
    with held(workspace.run_alive_file(run.run_id), "run", "taken"):
        assert one(nights.killed_runs(workspace)).state == "ok"
    assert one(nights.killed_runs(workspace)).state == "warn"


def test_a_run_that_up_has_just_launched_is_none(made_up, run):
    write_record(made_up.workspace, RECORD)
    with held(lock_path(made_up.workspace), "up", "taken"):
        assert one(nights.killed_runs(made_up.workspace)).state == "ok"
