import dagster as dg
import pytest

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


def test_a_schedule_that_the_daemon_has_not_seen_is_a_warning(made_up):
    made_up.add("ape")
    assert one(nights.schedules(made_up.workspace)).words == "no dataset has one"
    made_up.add("zoo", yaml=NIGHTLY)
    found = one(nights.schedules(made_up.workspace))
    assert (found.name, found.state) == ("schedule zoo_nightly", "warn")


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
