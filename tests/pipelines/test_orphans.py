"""Runs whose process was killed: marked as failed, and no others."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager

import dagster as dg
import pyarrow as pa
import pytest

from assets.naming import DATASET, LAUNCHED_BY, key
from assets.resources import run_alive
from audits.locks import is_held
from pipelines import orphans
from pipelines.definitions import build
from pipelines.orphans import close_orphans, orphan_sensor
from pipelines.run_requests import JOB

SCRIPT = """\
import sys
from audits.workspace import Workspace
from pipelines.runs import run_dataset
def tell(what, step, of):
    print(what, flush=True)
    if sys.argv[3] in what:
        sys.stdin.read()
run_dataset(Workspace(sys.argv[1]), sys.argv[2], tell)
"""


@contextmanager
def _run_until(made_up, name, stage):
    """A run in another process that stands still in a stage."""
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, str(made_up.root), name, stage],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert any(stage in line for line in process.stdout)
            yield process
        finally:
            process.kill()


def _statuses(instance):
    return {r.run_id: r.status for r in instance.get_runs()}


def _created(instance, root, name, launched_by="schedule", status=dg.DagsterRunStatus.STARTED):
    """A run as Dagster records it, whose process never came to take a lock."""
    tags = {DATASET: name, LAUNCHED_BY: launched_by}
    run = instance.create_run_for_job(build(root).resolve_job_def(JOB), tags=tags, status=status)
    return run.run_id


def _fails_of(instance, run_id):
    return [e.message for e in instance.all_logs(run_id, of_type=dg.DagsterEventType.RUN_FAILURE)]


@pytest.fixture
def zoo(made_up):
    made_up.add("zoo")
    return made_up


def test_a_killed_run_is_marked_by_the_next_one_and_its_locks_are_free(zoo, instance):
    with _run_until(zoo, "zoo", "ranking findings") as process:
        ((run_id, status),) = _statuses(instance).items()
        assert status == dg.DagsterRunStatus.STARTED
        assert is_held(zoo.workspace.run_alive_file(run_id))
        assert is_held(zoo.workspace.run_lock_file("zoo"))
        assert close_orphans(instance, zoo.workspace) == [], "it is alive"
        assert zoo.json("status")["datasets"][0]["last_run"]["status"] == "running"
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=30)
    assert _statuses(instance) == {run_id: dg.DagsterRunStatus.STARTED}
    assert not is_held(zoo.workspace.run_lock_file("zoo"))
    assert zoo.json("status")["datasets"][0]["last_run"]["status"] == "killed"
    assert "zoo: done" in zoo.ok("run", "zoo")
    assert _statuses(instance)[run_id] == dg.DagsterRunStatus.FAILURE
    assert "was ended before it was done" in " ".join(_fails_of(instance, run_id))
    assert not list((zoo.root / "state" / "locks").glob("run-*"))
    last = zoo.json("status")["datasets"][0]["last_run"]
    assert last["status"] == "done"
    assert last["run_id"] != run_id
    assert "comparison" in {k.path[-1] for k in instance.get_asset_keys()}


def test_a_live_run_of_another_dataset_is_not_touched(zoo, instance):
    zoo.add("farm")
    with _run_until(zoo, "farm", "ranking findings"):
        ((alive, _),) = _statuses(instance).items()
        zoo.ok("run", "zoo")
        assert _statuses(instance)[alive] == dg.DagsterRunStatus.STARTED
        refused = zoo.call("run", "farm")
        assert refused.exit_code == 2
        assert "'farm' is being run by process" in refused.stderr


def test_a_run_that_died_at_its_very_end_is_marked_though_nothing_changed(zoo, instance):
    zoo.ok("run", "zoo")
    dead = _created(instance, zoo.root, "zoo", "command")
    assert "nothing changed" in zoo.ok("run", "zoo")
    assert _statuses(instance)[dead] == dg.DagsterRunStatus.FAILURE


def test_a_run_of_the_command_whose_dataset_nobody_holds_is_dead(zoo, instance):
    dead = _created(instance, zoo.root, "zoo", "command")
    assert close_orphans(instance, zoo.workspace) == [dead]
    assert close_orphans(instance, zoo.workspace) == [], "once"


def test_a_launched_run_is_given_time_to_take_its_lock(zoo, instance):
    _created(instance, zoo.root, "zoo")
    assert close_orphans(instance, zoo.workspace) == [], "it was launched a moment ago"


def test_a_run_that_waited_in_the_queue_for_hours_is_given_that_time_too(zoo, instance):
    launched = _created(instance, zoo.root, "zoo", status=dg.DagsterRunStatus.NOT_STARTED)
    runs = zoo.root / "state" / "dagster" / "history" / "runs.db"
    with closing(sqlite3.connect(runs)) as connection, connection:
        connection.execute("UPDATE runs SET create_timestamp = datetime('now', '-3 hours')")
    assert close_orphans(instance, zoo.workspace) == [], "it was heard of a moment ago"
    with closing(sqlite3.connect(runs)) as connection, connection:
        connection.execute("UPDATE runs SET update_timestamp = datetime('now', '-11 minutes')")
    assert close_orphans(instance, zoo.workspace) == [launched]


def test_a_launched_run_whose_process_died_is_dead_at_once(zoo, instance):
    run_id = _created(instance, zoo.root, "zoo")
    with run_alive(zoo.workspace, run_id):
        assert close_orphans(instance, zoo.workspace) == []
    zoo.workspace.run_alive_file(run_id).touch()  # the system let go of the lock, the file is still there
    assert close_orphans(instance, zoo.workspace) == [run_id]
    assert not zoo.workspace.run_alive_file(run_id).exists()


def test_what_ends_while_it_is_looked_at_is_left_alone(zoo, instance, monkeypatch):
    run_id = _created(instance, zoo.root, "zoo", "command")

    def ends(_seconds):
        run = instance.get_run_by_id(run_id)
        event = dg.DagsterEvent(event_type_value="PIPELINE_SUCCESS", job_name=run.job_name)
        instance.report_dagster_event(event, run_id)

    monkeypatch.setattr(orphans.time, "sleep", ends)
    assert close_orphans(instance, zoo.workspace) == []
    assert _statuses(instance) == {run_id: dg.DagsterRunStatus.SUCCESS}


def test_the_sensor_marks_them_while_nobody_runs_the_command(zoo, instance):
    sensor = orphan_sensor(zoo.workspace)
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING

    def said():
        with dg.build_sensor_context(instance=instance) as context:
            return sensor.evaluate_tick(context).skip_message

    assert said() == "Every run is alive."
    dead = _created(instance, zoo.root, "zoo", "command")
    assert said() == f"Marked as failed: {dead}."
    assert said() == "Every run is alive."


def test_what_a_killed_run_had_done_is_not_done_again(zoo, instance):
    zoo.ok("run", "zoo")
    zoo.write_items(zoo.items().set_column(2, "text", pa.array([f"new {i}" for i in range(60)])))
    with _run_until(zoo, "zoo", "publishing") as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=30)
    zoo.ok("run", "zoo")
    event = instance.get_latest_materialization_event(key("zoo", "items_candidate"))
    assert not event.asset_materialization.metadata["recomputed"].value
