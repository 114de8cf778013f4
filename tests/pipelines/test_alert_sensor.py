import json
import logging
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dagster as dg
import pytest

import pipelines.alert_sensor as module
from assets.naming import DATASET
from audits.alerts.journal import Journal
from audits.new_workspace import init_workspace
from audits.workspace import Workspace
from pipelines.alert_sensor import alert_sensor

ALERTS = "alerts: {log: false, webhooks: [{url_env: HOOK, attempts: 1}]}\n"


class Place:
    """A workspace with an instance, jobs that fail as a test says, and a receiver of alerts."""

    def __init__(self, root, instance):
        self.root, self.instance = root, instance
        self.posts, self.answer, self.cursor, self.said = [], 200, None, ""

    def dataset(self, name="zoo", yaml=ALERTS):
        path = self.root / "datasets" / f"{name}.yaml"
        path.write_text(f"items: {{path: items.csv}}\nclasses: [a, b]\n{yaml}")
        return path

    def run(self, *graph, tags=None):
        return _run(self.instance, *graph, tags=tags)

    def evaluate(self, *, cursor=...):
        """Evaluate the sensor as a daemon that was started anew does."""
        if cursor is not ...:
            self.cursor = cursor
        with dg.build_sensor_context(instance=self.instance, cursor=self.cursor) as context:
            data = alert_sensor(self.root, running=True).evaluate_tick(context)
        self.cursor, self.said = data.cursor, data.skip_message
        assert data.run_requests == []
        return self

    @property
    def told(self):
        """What was told since this was asked for last."""
        found, self.posts[:] = [(p["kind"], p["subject"]) for p in self.posts], []
        return found

    @property
    def journal(self):
        return Journal(self.root / "state" / "alerts.jsonl")


def _instance(folder):
    folder.mkdir()
    return dg.DagsterInstance.local_temp(str(folder), overrides={"telemetry": {"enabled": False}})


def _asset(dataset, name, deps, error):
    @dg.asset(key=[dataset, name], deps=deps)
    def _made():
        if error:
            raise error

    return _made


def _check(asset, name, passed, blocking, said):
    @dg.asset_check(asset=asset, name=name, blocking=blocking)
    def _made():
        if isinstance(said, Exception):
            raise said
        severity = dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN
        return dg.AssetCheckResult(passed=passed, severity=severity, description=said)

    return _made


def _assets(dataset, fail=None, checks=(), names=("items",)):
    """A chain of assets, of which one may fail, with checks on the first."""
    assets = []
    for name in names:
        assets.append(_asset(dataset, name, assets[-1:], (fail or {}).get(name)))
    return assets, [_check(assets[0], name, *rest) for name, rest in dict(checks).items()]


def _run(instance, *graphs, tags=None):
    assets = [a for g in graphs for a in g[0]]
    checks = [c for g in graphs for c in g[1]]
    defs = dg.Definitions(assets, asset_checks=checks, jobs=[dg.define_asset_job("audit")])
    job = defs.resolve_job_def("audit")
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    return job.execute_in_process(instance=instance, raise_on_error=False, tags=tags, run_config=quiet)


def _failure(text):
    return dg.Failure(description=text, allow_retries=False)


GOOD, WARN, BLOCK = (
    (True, False, None),
    (False, False, "class b has no item"),
    (False, True, "2 ids repeat"),
)


@pytest.fixture
def place(tmp_path, monkeypatch):
    root = tmp_path / "work space"
    init_workspace(root)
    with _instance(tmp_path / "dagster") as instance:
        found = Place(root, instance)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                found.posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                if callable(found.answer):
                    found.answer()
                self.send_response(found.answer if isinstance(found.answer, int) else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("HOOK", f"http://127.0.0.1:{server.server_port}/secret-path")
        found.dataset()
        yield found
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def begun(place):
    return place.evaluate()


def test_the_sensor_runs_when_any_dataset_has_alerts(place):
    on, off = alert_sensor(place.root, running=True), alert_sensor(place.root, running=False)
    assert (on.name, on.minimum_interval_seconds) == ("alerts", 30)
    assert on.default_status == dg.DefaultSensorStatus.RUNNING
    assert off.default_status == dg.DefaultSensorStatus.STOPPED


def test_it_begins_with_now_and_says_so(place):
    place.run(_assets("zoo", {"items": _failure("old")}))
    place.evaluate()
    assert place.said == "alerts begin now: runs that ended before are not looked at"
    assert place.evaluate().told == []
    place.run(_assets("zoo", {"items": _failure("new")}))
    assert place.evaluate().told == [("run_failed", "run")]


def test_a_failed_step_is_told_once_until_a_run_succeeds(begun):
    for n in range(2):
        result = begun.run(_assets("zoo", {"items": _failure(f"{n} of 60 rows have no label")}))
        begun.evaluate().evaluate()
        if n == 0:
            [post] = begun.posts
            assert post["message"] == "items: 0 of 60 rows have no label"
            assert (post["dataset"], post["run_id"], post["address"]) == ("zoo", result.run_id, None)
    assert begun.told == [("run_failed", "run")]
    begun.run(_assets("zoo", {"items": _failure("items.csv is not there")}))
    assert begun.evaluate().told == [("run_failed", "run")], "another fault"
    begun.run(_assets("zoo"))
    assert begun.evaluate().told == []
    assert begun.journal.open_faults() == []
    begun.run(_assets("zoo", {"items": _failure("4 of 60 rows have no label")}))
    assert begun.evaluate().told == [("run_failed", "run")]


def test_checks_that_only_warn_are_told_though_the_run_is_green(begun):
    graph = _assets("zoo", checks={"usable": WARN, "gate_max_flag_rate": WARN, "valid": GOOD})
    assert begun.run(graph).success
    begun.evaluate()
    assert begun.posts[0]["message"] == "class b has no item"
    assert sorted(begun.told) == [
        ("check_failed", "items:usable"),
        ("gate_failed", "items:gate_max_flag_rate"),
    ]
    begun.run(_assets("zoo", checks={"usable": GOOD, "gate_max_flag_rate": WARN}))
    assert begun.evaluate().told == []
    assert [f.alert.subject for f in begun.journal.open_faults()] == ["items:gate_max_flag_rate"]
    begun.run(_assets("zoo", checks={"usable": WARN, "gate_max_flag_rate": WARN}))
    assert begun.evaluate().told == [("check_failed", "items:usable")]


def test_a_blocking_check_gives_one_alert(begun):
    assert not begun.run(_assets("zoo", checks={"valid": BLOCK})).success
    begun.evaluate()
    assert begun.posts[0]["message"] == "2 ids repeat"
    assert begun.told == [("check_failed", "items:valid")]


def test_a_blocking_check_of_a_kind_nobody_asked_for_is_told_as_the_run(begun):
    begun.dataset(yaml=ALERTS.replace("{log", "{kinds: [run_failed], log"))
    begun.run(_assets("zoo", checks={"valid": BLOCK, "usable": WARN}))
    begun.evaluate()
    assert begun.posts[0]["message"] == "items_valid: 2 ids repeat"
    assert begun.told == [("run_failed", "run")]


def test_a_step_that_fails_beside_a_blocking_check_is_told_too(begun):
    one = _assets("zoo", checks={"valid": BLOCK})
    other = _assets("zoo", {"outputs": ValueError("no such file")}, names=("outputs",))
    begun.run(one, other)
    begun.evaluate()
    assert [p["message"] for p in begun.posts] == ["2 ids repeat", "outputs: ValueError: no such file"]


def test_a_check_that_breaks_is_a_failed_run(begun):
    begun.run(_assets("zoo", checks={"valid": (True, True, KeyError("label"))}))
    begun.evaluate()
    assert "items_valid: KeyError: 'label'" in begun.posts[0]["message"]
    assert begun.told == [("run_failed", "run")]


def test_many_failed_steps_are_one_alert_with_the_first_few(begun):
    graphs = [_assets("zoo", {f"s{n}": _failure(f"bad {n}")}, names=(f"s{n}",)) for n in range(5)]
    begun.run(*graphs)
    [post] = begun.evaluate().posts
    assert post["message"].count("bad") == 3
    assert post["message"].endswith("\nand 2 more steps")


def test_a_run_whose_process_died_is_told_when_it_is_found_dead(begun):
    job = dg.Definitions(_assets("zoo")[0], jobs=[dg.define_asset_job("audit")]).resolve_job_def("audit")
    run = begun.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags={DATASET: "zoo"})
    assert begun.evaluate().told == [], "it is still going on"
    begun.run(_assets("zoo", {"items": _failure("of another run")}))
    assert begun.evaluate().told == [("run_failed", "run")]
    begun.instance.report_run_failed(run, "The process that ran this was ended before it was done.")
    begun.evaluate().evaluate()
    assert [p["message"] for p in begun.posts] == ["The process that ran this was ended before it was done."]


def test_a_cancelled_run_is_no_fault(begun):
    job = dg.Definitions(_assets("zoo")[0], jobs=[dg.define_asset_job("audit")]).resolve_job_def("audit")
    run = begun.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags={DATASET: "zoo"})
    begun.instance.report_run_canceled(run)
    assert begun.evaluate().told == []
    assert "looked at 1 runs" in begun.said


def test_a_rescoring_does_not_close_what_it_did_not_come_by(begun):
    fault, whole = {"items": _failure("no such file")}, ("items", "scores")
    begun.run(_assets("zoo", fault, names=whole))
    assert begun.evaluate().told == [("run_failed", "run")]
    begun.run(_assets("zoo", names=("scores",)))
    begun.run(_assets("zoo", fault, names=whole))
    assert begun.evaluate().told == [], "the same fault still"
    begun.run(_assets("zoo", names=whole))
    begun.run(_assets("zoo", fault, names=whole))
    assert begun.evaluate().told == [("run_failed", "run")]


def test_a_gate_that_was_taken_out_is_closed(begun):
    begun.run(_assets("zoo", checks={"gate_max_flag_rate": WARN}))
    begun.run(_assets("zoo", names=("scores",)))
    assert begun.evaluate().told == [("gate_failed", "items:gate_max_flag_rate")]
    assert len(begun.journal.open_faults()) == 1
    begun.run(_assets("zoo"))
    begun.evaluate()
    assert begun.journal.open_faults() == []


def test_runs_are_given_to_datasets_by_tag_or_by_asset(begun):
    begun.dataset("farm", ALERTS)
    odd = begun.dataset("odd name", ALERTS)
    begun.run(_assets("farm", {"items": _failure("x")}), _assets("zoo"))
    assert [(p["dataset"], p["kind"]) for p in begun.evaluate().posts] == [("farm", "run_failed")]
    begun.posts.clear()
    begun.run(_assets("elsewhere", {"items": _failure("x")}), tags={DATASET: "zoo"})
    assert [p["dataset"] for p in begun.evaluate().posts] == ["zoo"]
    begun.posts.clear()
    begun.run(_assets(module.graph_name("odd name"), {"items": _failure("x")}))
    assert [p["dataset"] for p in begun.evaluate().posts] == ["odd name"]
    begun.posts.clear()
    odd.unlink()
    begun.run(_assets("elsewhere", {"items": _failure("x")}, {"usable": WARN}))
    assert begun.evaluate().evaluate().told == [], (
        "of no dataset here, and an open fault of one that has gone"
    )


def test_one_broken_yaml_does_not_stop_the_others(begun, caplog):
    begun.dataset("unsound", "nonsense: 1\n" + ALERTS)  # its section of alerts can still be read
    begun.dataset("silent", "nonsense: 1\n")
    begun.dataset("garbled").write_text("items: [")
    for name in ("unsound", "silent", "garbled", "zoo"):
        begun.run(_assets(name, {"configuration": _failure("not sound")}, names=("configuration",)))
    begun.evaluate()
    assert [p["dataset"] for p in begun.posts] == ["unsound", "zoo"]
    assert {f.alert.dataset for f in begun.journal.open_faults()} == {"unsound", "garbled", "zoo"}


def test_the_configuration_is_read_anew(begun):
    begun.dataset(yaml="")
    begun.run(_assets("zoo", {"items": _failure("x")}))
    assert begun.evaluate().told == []
    begun.dataset(yaml=ALERTS)
    assert begun.evaluate().told == []
    begun.run(_assets("zoo", {"items": _failure("x")}))
    assert begun.evaluate().told == [("run_failed", "run")]


def test_the_log_has_a_line(begun, capfd):
    begun.dataset(yaml="alerts: {}\n")
    begun.run(_assets("zoo", {"items": _failure("x")}))
    capfd.readouterr()
    begun.evaluate().evaluate()
    begun.run(_assets("zoo"))
    begun.evaluate()
    shown = capfd.readouterr().err
    assert shown.count("zoo: run failed\nitems: x") == 1
    assert shown.count("zoo: run failed: over; a later run passed") == 1


def test_the_address_of_the_run_is_given_where_it_is_served(begun):
    up = begun.root / "state" / "up.json"
    expected = []
    for text in ('{"address": "http://127.0.0.1:3000/"}', "{", '{"address": 3}', "[]"):
        up.write_text(text)
        run_id = begun.run(_assets("zoo", {"items": _failure(f"fault {text}")})).run_id
        expected.append(f"http://127.0.0.1:3000/runs/{run_id}" if "127" in text else None)
        begun.evaluate()
    assert [p["address"] for p in begun.posts] == expected


# ---- exactly once


def test_no_run_is_told_twice_whatever_became_of_the_cursor(begun):
    cursors = [begun.cursor]
    for fail in ({"items": _failure("x")}, {"items": _failure("x")}, None):
        begun.run(_assets("zoo", fail))
    begun.evaluate()
    assert begun.told == [("run_failed", "run")]
    cursors += [begun.cursor, None, "", "{}", "nonsense", '{"id": 1, "time": 1, "run": "x", "type": "y"}']
    for cursor in cursors:
        assert begun.evaluate(cursor=cursor).told == []
    begun.run(_assets("zoo", {"items": _failure("z")}))
    assert begun.evaluate(cursor=None).told == [("run_failed", "run")], "and none is skipped"


def test_without_the_journal_the_cursor_says_where_to_go_on(begun):
    begun.run(_assets("zoo", {"items": _failure("x")}))
    begun.evaluate()
    begun.journal.path.unlink()
    begun.run(_assets("zoo", {"items": _failure("y")}))
    assert begun.evaluate().told == [("run_failed", "run")] * 2


def test_deleted_runs_do_not_hide_new_ones(begun):
    """SQLite gives the numbers of deleted rows to new ones."""
    run = begun.run(_assets("zoo", {"items": _failure("x")}, {"usable": GOOD, "valid": GOOD}))
    begun.evaluate()
    before = json.loads(begun.cursor)["id"]
    begun.instance.delete_run(run.run_id)
    begun.run(_assets("zoo", {"items": _failure("y")}))
    [end] = begun.instance.fetch_run_status_changes(dg.DagsterEventType.RUN_FAILURE, limit=1).records
    assert end.storage_id <= before
    assert begun.told == [("run_failed", "run")]
    assert begun.evaluate().evaluate().told == [("run_failed", "run")]


def test_an_instance_that_was_made_anew_is_followed(begun, tmp_path):
    for _ in range(2):
        begun.run(_assets("zoo"))
    begun.evaluate()
    with _instance(tmp_path / "another") as begun.instance:
        assert begun.evaluate().told == []
        begun.run(_assets("zoo", {"items": _failure("x")}))
        assert begun.evaluate().told == [("run_failed", "run")]
        assert begun.evaluate().told == []


def test_runs_that_end_out_of_order_or_at_the_same_instant_are_each_looked_at(begun, monkeypatch):
    job = dg.Definitions(_assets("zoo")[0], jobs=[dg.define_asset_job("audit")]).resolve_job_def("audit")
    runs = [
        begun.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags={DATASET: "zoo"})
        for _ in range(6)
    ]
    instant = time.time()
    monkeypatch.setattr(time, "time", lambda: instant)
    for n in (5, 0, 3):
        begun.instance.report_run_failed(runs[n], f"died {'abcdef'[n]}")
    begun.evaluate()
    for n in (4, 1, 2):
        begun.instance.report_run_failed(runs[n], f"died {'abcdef'[n]}")
    begun.evaluate().evaluate()
    assert [p["message"][-1] for p in begun.posts] == ["f", "a", "d", "e", "b", "c"]


def test_a_run_that_ends_while_the_log_is_read_is_not_skipped(begun):
    """Failures are read after successes: one of each may be recorded in between, in the other order."""
    real, graph = begun.instance.fetch_run_status_changes, _assets("zoo", {"items": _failure("late")})

    def meanwhile(kind, **options):
        result = real(kind, **options)
        if options.get("ascending"):  # the successes were read, the failures are next
            begun.instance.fetch_run_status_changes = real
            begun.run(_assets("zoo"))
            begun.run(graph)
        return result

    begun.run(_assets("zoo"))
    begun.evaluate()
    begun.run(_assets("zoo"))
    begun.instance.fetch_run_status_changes = meanwhile
    begun.evaluate()
    assert begun.instance.fetch_run_status_changes is real, "it was during this evaluation"
    begun.evaluate()
    assert begun.told == [("run_failed", "run")]
    seen = begun.journal.state().runs
    assert {r.run_id for r in begun.instance.get_runs()} == set(seen)


def test_one_evaluation_does_bounded_work(begun, monkeypatch):
    monkeypatch.setattr(module, "RUNS_AT_ONCE", 2)
    for fault in "abc":
        begun.run(_assets("zoo", {"items": _failure(f"fault {fault}")}))
    assert [len(begun.evaluate().told) for _ in range(3)] == [2, 1, 0]


def test_when_the_time_is_up_nothing_is_overtaken(begun, monkeypatch):
    begun.run(_assets("zoo", {"items": _failure("x")}))
    begun.run(_assets("zoo"))
    monkeypatch.setattr(module, "TELLING_SECONDS", 0.5)
    assert begun.evaluate().told == []
    assert "looked at 0 runs" in begun.said
    monkeypatch.setattr(module, "TELLING_SECONDS", 40.0)
    assert begun.evaluate().told == [("run_failed", "run")]
    assert begun.journal.open_faults() == []


def test_a_webhook_that_is_down_is_tried_again_without_new_runs(begun):
    begun.answer = 503
    begun.run(_assets("zoo", {"items": _failure("x")}))
    assert len(begun.evaluate().told) == 1
    begun.answer = 200
    assert len(begun.evaluate().told) == 1
    assert begun.evaluate().told == []


def test_a_second_sensor_does_not_tell_at_the_same_time(begun, monkeypatch):
    monkeypatch.setattr("audits.alerts.journal._WAIT_SECONDS", 0.1)
    begun.run(_assets("zoo", {"items": _failure("x")}))
    cursor, done = begun.cursor, threading.Event()

    def hold():
        with begun.journal.held("another sensor"):
            ready.set()
            done.wait(20)

    ready, thread = threading.Event(), threading.Thread(target=hold)
    thread.start()
    ready.wait(20)
    begun.evaluate()
    done.set()
    thread.join()
    assert (begun.told, begun.cursor) == ([], cursor)
    assert "is being written by process" in begun.said
    assert begun.evaluate().told == [("run_failed", "run")]


def test_a_folder_that_is_no_workspace_is_passed_over(tmp_path, place):
    with dg.build_sensor_context(instance=place.instance, cursor="c") as context:
        data = alert_sensor(tmp_path / "nowhere", running=True).evaluate_tick(context)
    assert "is not a workspace" in data.skip_message
    assert data.cursor == "c"


CHILD = """
import sys
import dagster as dg
from pipelines.alert_sensor import alert_sensor
with dg.DagsterInstance.local_temp(sys.argv[1]) as instance:
    with dg.build_sensor_context(instance=instance, cursor=sys.argv[3]) as context:
        alert_sensor(sys.argv[2], running=True).evaluate_tick(context)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_killed_in_the_middle_it_goes_on_without_telling_twice(begun, tmp_path):
    for fail in ("a", None, "b", "c"):
        begun.run(_assets("zoo", {"items": _failure(f"fault {fail}")} if fail else None))
    command = [sys.executable, "-c", CHILD, str(tmp_path / "dagster"), str(begun.root), begun.cursor]
    child = subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": os.getcwd()}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )

    def kill_at_the_second_post():
        if len(begun.posts) == 2:
            child.kill()

    begun.answer = kill_at_the_second_post
    output = child.communicate(timeout=120)
    assert len(begun.posts) == 2, output
    begun.answer = 200
    begun.evaluate().evaluate()
    assert [p["message"] for p in begun.posts] == [f"items: fault {f}" for f in "abc"]
    [told] = begun.journal.uncertain()
    assert told.alert.message == "items: fault b"


def test_no_secret_is_logged(begun, monkeypatch, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    begun.run(_assets("zoo", {"items": _failure("x")}))
    begun.answer = 500
    begun.evaluate()
    monkeypatch.setenv("HOOK", "https://[secret-path")
    begun.evaluate()
    everything = caplog.text + "".join(capfd.readouterr()) + begun.journal.path.read_text()
    assert "HOOK" in everything
    assert "secret-path" not in everything


def test_the_workspace_of_the_journal_is_the_datasets(begun):
    assert begun.journal.path.parent == Workspace(begun.root).state
