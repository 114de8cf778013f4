"""The resource holds the locks of a run while it lasts, and writes the log of runs."""

import threading

import dagster as dg
import pytest

from assets.factory import audit_graph
from assets.naming import DATASET, LAUNCHED_BY, key
from assets.resources import WorkspaceResource, datasets_of, run_alive
from audits.errors import UsageError
from audits.locks import is_held


@pytest.fixture
def zoo(made_up):
    made_up.add("zoo")
    made_up.add("farm")
    return made_up


class Seen:
    """What runs saw while they lasted, in the order in which they saw it."""

    def __init__(self):
        self.order = []
        self.may_end = {"zoo": threading.Event(), "farm": threading.Event()}
        self.began = {"zoo": threading.Semaphore(0), "farm": threading.Semaphore(0)}


def _job(made_up, seen, names=("zoo", "farm"), error=None):
    """A job of one asset a dataset, which does what a test wants while it runs."""

    def asset(name):
        @dg.asset(key=key(name, "stage"))
        def _stage(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> None:
            seen.order.append(("begins", name))
            seen.began[name].release()
            assert seen.may_end[name].wait(60)
            if error:
                workspace.failed(name)
                raise error
            workspace.computed(name, "items_candidate", 2)
            seen.order.append(("ends", name))

        return _stage

    defs = dg.Definitions(
        assets=[asset(n) for n in names],
        jobs=[dg.define_asset_job("audit")],
        resources={"workspace": WorkspaceResource(path=str(made_up.root))},
        executor=dg.in_process_executor,
    )
    return defs.resolve_job_def("audit")


def _launch(job, **options):
    """Run a job in a thread of its own, as the daemon does in a process."""
    results = []

    def execute():
        with dg.DagsterInstance.ephemeral() as instance:
            results.append(
                job.execute_in_process(
                    instance=instance,
                    raise_on_error=False,
                    run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                    **options,
                )
            )

    thread = threading.Thread(target=execute)
    thread.start()
    return thread, results


def _of(name):
    return {"tags": {DATASET: name, LAUNCHED_BY: "schedule"}, "asset_selection": [key(name, "stage")]}


def test_two_runs_of_a_dataset_never_overlap_and_the_second_waits(zoo):
    seen = Seen()
    job = _job(zoo, seen)
    first, _ = _launch(job, **_of("zoo"))
    assert seen.began["zoo"].acquire(timeout=60)
    second, results = _launch(job, **_of("zoo"))
    with (
        pytest.raises(UsageError, match=r"'zoo' is being run by process \d+ \(run "),
        zoo.workspace.run_lock("zoo", wait_seconds=0.5),
    ):
        pass
    assert seen.order == [("begins", "zoo")], "the second one waits"
    seen.may_end["zoo"].set()
    first.join(60)
    second.join(60)
    assert results[0].success
    assert seen.order == [("begins", "zoo"), ("ends", "zoo")] * 2


def test_runs_of_different_datasets_overlap(zoo):
    seen = Seen()
    job = _job(zoo, seen)
    first, _ = _launch(job, **_of("zoo"))
    second, _ = _launch(job, **_of("farm"))
    for name in ("zoo", "farm"):
        assert seen.began[name].acquire(timeout=60)
    assert {what for what, _ in seen.order} == {"begins"}, "neither has ended"
    for name in ("zoo", "farm"):
        seen.may_end[name].set()
    first.join(60)
    second.join(60)


def test_a_run_of_several_datasets_holds_each_of_them(zoo):
    seen = Seen()
    thread, results = _launch(_job(zoo, seen))
    assert seen.began["farm"].acquire(timeout=60)
    assert seen.order == [("begins", "farm")]
    for name in ("zoo", "farm"):
        assert is_held(zoo.workspace.run_lock_file(name))
    for name in ("zoo", "farm"):
        seen.may_end[name].set()
    thread.join(60)
    assert results[0].success
    for name in ("zoo", "farm"):
        assert not is_held(zoo.workspace.run_lock_file(name))
        last = zoo.workspace.run_log(name).last()
        assert (last.run_id, last.status, last.computed) == (results[0].run_id, "done", 2)
        assert last.launched_by == "dagster"


def test_a_run_that_fails_gives_its_locks_back_and_says_so_in_the_log(zoo):
    seen = Seen()
    seen.may_end["zoo"].set()
    thread, results = _launch(_job(zoo, seen, error=ZeroDivisionError()), **_of("zoo"))
    thread.join(60)
    assert not results[0].success
    assert not is_held(zoo.workspace.run_lock_file("zoo"))
    assert not zoo.workspace.run_alive_file(results[0].run_id).exists()
    last = zoo.workspace.run_log("zoo").last()
    assert (last.status, last.launched_by, last.computed) == ("failed", "schedule", 0)
    assert last.began_at <= last.ended_at
    assert zoo.workspace.run_log("farm").last() is None, "it is a run of one dataset"


def test_a_run_shows_that_it_is_alive_while_it_lasts(zoo):
    with run_alive(zoo.workspace, "1f3c"):
        assert is_held(zoo.workspace.run_alive_file("1f3c"))
        with pytest.raises(UsageError, match="run 1f3c is being executed by process"):
            _alive_elsewhere(zoo.workspace)
    assert not zoo.workspace.run_alive_file("1f3c").exists()


def _alive_elsewhere(workspace):
    caught = []

    def take():
        try:
            with run_alive(workspace, "1f3c"):
                pass
        except UsageError as e:
            caught.append(e)

    thread = threading.Thread(target=take)
    thread.start()
    thread.join(60)
    raise caught[0]


def test_outside_of_a_run_nothing_is_held(zoo):
    resource = WorkspaceResource(path=str(zoo.root))
    with dg.build_init_resource_context() as context, resource.yield_for_execution(context) as opened:
        assert opened.open().root == zoo.workspace.root
        assert not is_held(zoo.workspace.run_lock_file("zoo"))
        with opened.work("zoo") as work:
            assert (work.run_id, work.force, work.sources.verify) == ("", False, False)


def test_which_datasets_a_run_is_of(zoo):
    zoo.yaml("my-data").write_text("itemz: {}\n")
    graph = audit_graph(zoo.workspace.dataset("zoo"))
    defs = dg.Definitions(
        assets=graph.assets,
        asset_checks=graph.checks,
        jobs=[dg.define_asset_job("audit")],
        resources={"workspace": WorkspaceResource(path=str(zoo.root))},
    )
    job = defs.resolve_job_def("audit")
    check = dg.AssetCheckKey(key("zoo", "items_candidate"), "valid")
    cases = [
        ({}, ["farm", "my-data", "zoo"]),
        ({"tags": {DATASET: "farm"}}, ["farm"]),
        ({"tags": {DATASET: "gone"}, "asset_selection": frozenset([key("zoo", "scores")])}, ["zoo"]),
        ({"asset_selection": frozenset([key("my-data", "configuration")])}, ["my-data"]),
        ({"asset_check_selection": frozenset([check])}, ["zoo"]),
    ]
    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(job)
    for changes, expected in cases:
        assert datasets_of(run._replace(**changes), zoo.workspace) == expected, changes
