"""New scores on a wish: made once at a time, told how they ended, also when the app did not live to see it."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from audits.errors import AuditError, DamagedError, LockedError
from audits.locks import held
from audits.new_workspace import init_workspace
from audits.rescore_record import awaited, read_record
from audits.review.desk.records import Answer
from audits.review.store import ReviewStore
from audits.run_log import RunRecord
from audits.web import rescore
from audits.web.people import Person
from audits.web.rescore import Rescorer, after_decision, queue_cleared, rescorer_of
from audits.web.room import Room
from audits.web.settings import RoomSettings
from tests.conftest import MadeUp
from tests.pipelines.conftest import another_run, relabel, withdraw

#: A process that goes on until a file is there, and ends with what the file says.
WAITS = """
import pathlib, sys, time
print("[1/3] label_versions", flush=True)
until = pathlib.Path("go")
while not until.exists():
    time.sleep(0.02)
print("[3/3] comparison", flush=True)
sys.exit(int(until.read_text() or 0))
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A workspace that was run once, for all tests to copy."""
    root = tmp_path_factory.mktemp("ran")
    init_workspace(root)
    made_up = MadeUp(root)
    made_up.add(n=30)
    made_up.ok("run", "zoo")
    return root


@pytest.fixture
def zoo(ran, tmp_path):
    return MadeUp(shutil.copytree(ran, tmp_path / "work space"))


@pytest.fixture
def store(zoo):
    with ReviewStore(zoo.workspace.store_url) as opened:
        yield opened


@pytest.fixture
def slow(zoo, store):
    """A rescorer whose processes wait for `go`."""
    return Rescorer(zoo.workspace, store, (sys.executable, "-c", WAITS))


def go(made_up, status: int = 0) -> None:
    (made_up.root / "go").write_text(str(status))


def until(ready) -> None:
    """Wait for what another process does."""
    for _ in range(3000):
        if ready():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come about within a minute")


def test_the_scores_are_brought_up_to_the_verdicts_by_a_process(zoo, store):
    found = Rescorer(zoo.workspace, store)
    assert (found.state("zoo").phase, found.state("zoo").new) == ("never", 0)
    relabel(zoo, 2)
    withdraw(zoo)
    assert found.state("zoo").new == 3, "two verdicts and a withdrawal"
    found.ask("zoo", "ann")
    assert found.state("zoo").phase == "running"
    assert found.state("zoo").under_way
    with pytest.raises(LockedError, match="'zoo' are being made already"):
        found.ask("zoo", "bob")
    found.wait("zoo")
    state = found.state("zoo")
    assert (state.phase, state.new, state.record.exit_status) == ("done", 0, 0), state
    assert (state.record.by, state.record.how, state.record.verdicts) == ("ann", "process", 2)
    assert state.lines[-1].startswith("zoo: done (run ")
    assert zoo.workspace.run_log("zoo").last().status == "scored"


def test_how_far_it_is_and_what_it_said(zoo, slow):
    slow.ask("zoo", "ann")
    until(lambda: slow.state("zoo").lines)
    state = slow.state("zoo")
    assert (state.step, state.steps, state.lines) == (1, 3, ("[1/3] label_versions",))
    go(zoo)
    slow.wait("zoo")
    assert slow.state("zoo").phase == "done"
    assert slow.state("zoo").lines[-1] == "[3/3] comparison"


@pytest.mark.parametrize(
    ("status", "phase", "words"),
    [
        (0, "done", "New scores are in force."),
        (3, "done", "New scores are in force; a gate of the YAML does not hold."),
        (1, "failed", "There are no new scores: the process ended with 1."),
        (2, "failed", "There are no new scores: the process ended with 2."),
    ],
)
def test_its_end_is_told(zoo, slow, status, phase, words):
    go(zoo, status)
    slow.ask("zoo", "ann")
    slow.wait("zoo")
    assert (slow.state("zoo").phase, slow.state("zoo").words) == (phase, words)


def test_a_process_that_is_killed(zoo, store):
    words = (sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    found = Rescorer(zoo.workspace, store, words)
    found.ask("zoo", "ann")
    found.wait("zoo")
    assert found.state("zoo").words == "There are no new scores: the process was ended by signal 9."


def test_a_process_that_cannot_be_started_leaves_the_way_free(zoo, store, slow):
    found = Rescorer(zoo.workspace, store, (str(zoo.root / "no such program"),))
    with pytest.raises(AuditError, match=r"no process can be started for new scores: .*No such file"):
        found.ask("zoo", "ann")
    assert found.state("zoo").phase == "failed"
    go(zoo)
    slow.ask("zoo", "ann")
    slow.wait("zoo")
    assert slow.state("zoo").phase == "done"


STARTS = """
import os, sys
from audits.review.store import ReviewStore
from audits.web.rescore import Rescorer
from audits.workspace import Workspace
workspace = Workspace(sys.argv[1])
Rescorer(workspace, ReviewStore(workspace.store_url), (sys.executable, "-c", sys.argv[2])).ask("zoo", "ann")
os._exit(9)
"""


@pytest.fixture
def left_behind(zoo):
    """A process for new scores whose app was killed."""
    died = subprocess.run([sys.executable, "-c", STARTS, str(zoo.root), WAITS], check=False)
    assert died.returncode == 9
    yield
    go(zoo)


@pytest.mark.usefixtures("left_behind")
def test_it_outlives_the_app_and_is_still_one_at_a_time(zoo, slow):
    assert slow.state("zoo").phase == "running"
    with pytest.raises(LockedError):
        slow.ask("zoo", "bob")
    go(zoo, 1)
    until(lambda: slow.state("zoo").phase != "running")
    assert slow.state("zoo").words == "There are no new scores: the process broke off."
    slow.ask("zoo", "bob")
    slow.wait("zoo")
    assert slow.state("zoo").words.endswith("the process ended with 1.")


@pytest.mark.usefixtures("left_behind")
def test_what_nobody_saw_end_is_told_from_the_log_of_runs(zoo, slow):
    now = datetime.now(UTC) + timedelta(seconds=5)
    ended = now.isoformat(timespec="seconds")
    zoo.workspace.run_log("zoo").add(RunRecord("1f3c", "scored", ended, ended, "command", 3))
    go(zoo)
    until(lambda: slow.state("zoo").phase != "running")
    assert slow.state("zoo").phase == "done"


@pytest.fixture
def up(zoo):
    """The lock of `labelaudit up`, held by another thread."""
    taken, done = threading.Event(), threading.Event()

    zoo.yaml().write_text(zoo.yaml().read_text() + "schedule: {cron: '0 3 * * *'}\n")

    def hold():
        with held(zoo.workspace.state / "locks" / "up.lock", "labelaudit up", "is served"):
            taken.set()
            done.wait(60)

    other = threading.Thread(target=hold)
    other.start()
    assert taken.wait(60)
    yield
    done.set()
    other.join()


@pytest.mark.usefixtures("up")
def test_where_a_daemon_lives_the_sensor_is_asked(zoo, store, slow):
    relabel(zoo, 1)
    slow.ask("zoo", "ann")
    state = slow.state("zoo")
    assert (state.phase, state.record.how, state.under_way) == ("waiting", "sensor", True)
    wish = awaited(zoo.workspace, "zoo")
    assert (wish.by, wish.verdicts, wish.withdrawals) == ("ann", 1, 0)
    zoo.ok("run", "zoo", "--only-scores")
    assert slow.state("zoo").phase == "done"
    assert awaited(zoo.workspace, "zoo") is None


@pytest.mark.usefixtures("up")
def test_a_run_of_the_daemon_that_goes_on_or_fails(zoo, slow):
    relabel(zoo, 1)
    slow.ask("zoo", "ann")
    with another_run(zoo):
        assert slow.state("zoo").phase == "running"
    later = (datetime.now(UTC) + timedelta(seconds=5)).isoformat(timespec="seconds")
    zoo.workspace.run_log("zoo").add(RunRecord("1f3c", "failed", later, later, "rescore", 0))
    state = slow.state("zoo")
    assert (state.phase, state.words) == (
        "failed",
        "There are no new scores: run 1f3c failed; Dagster's page has more.",
    )


@pytest.mark.usefixtures("up")
def test_a_daemon_whose_sensor_may_be_off_is_not_asked(zoo, slow):
    zoo.yaml().write_text(zoo.yaml().read_text().replace("schedule:", "# schedule:"))
    relabel(zoo, 1)
    slow.ask("zoo", "ann")
    go(zoo)
    slow.wait("zoo")
    assert slow.state("zoo").record.how == "process"


@pytest.mark.usefixtures("up")
def test_one_need_not_wait_for_the_daemon(zoo, slow):
    slow.ask("zoo", "ann")
    go(zoo)
    slow.ask("zoo", "ann", here=True)
    slow.wait("zoo")
    assert slow.state("zoo").record.how == "process"


def test_a_cleared_queue_has_scores_made_unless_they_know_all(zoo, slow):
    slow.ask_when_behind("zoo", "the cleared queue")
    assert slow.state("zoo").phase == "never"
    relabel(zoo, 1)
    slow.ask_when_behind("zoo", "the cleared queue")
    assert (slow.state("zoo").phase, slow.state("zoo").record.by) == ("running", "the cleared queue")
    relabel(zoo, 1)
    slow.ask_when_behind("zoo", "the cleared queue, again")
    assert read_record(zoo.workspace, "zoo").verdicts == 1
    go(zoo)
    until(lambda: read_record(zoo.workspace, "zoo").verdicts == 2)
    slow.wait("zoo")
    assert (slow.state("zoo").phase, slow.state("zoo").record.by) == ("done", "the cleared queue, again")


def test_a_decision_is_not_held_up_by_scores_that_cannot_be_made(zoo, monkeypatch, caplog):
    relabel(zoo, 1)
    monkeypatch.setattr(rescore, "COMMAND", (str(zoo.root / "no such program"),))
    monkeypatch.setattr(Rescorer.__init__, "__defaults__", (rescore.COMMAND,))
    room = Room(zoo.workspace, RoomSettings())
    try:
        with caplog.at_level(logging.WARNING, "labelaudit.web"):
            queue_cleared(room, "zoo")
        assert "no new scores of zoo, which the cleared queue asked for: no process" in caplog.text
        assert rescorer_of(room) is rescorer_of(room)
        assert rescorer_of(room).state("zoo").phase == "failed", "and the page says so"
    finally:
        room.close()


@pytest.mark.parametrize(("wanted", "by"), [(True, "the cleared queue"), (False, None)])
def test_only_the_decision_that_clears_the_queue_asks_for_scores(zoo, wanted, by):
    room = Room(zoo.workspace, RoomSettings(rescore_when_cleared=wanted))
    ann = Person("ann", "reviewer")
    try:
        desk = room.desk("zoo", ann)
        while (taken := desk.take("ann")) is not None:
            assert read_record(zoo.workspace, "zoo") is None, "there are some left"
            answer = Answer(taken.task.question.hash, taken.task.question.hash, "keep")
            desk.decide("ann", [answer], address=None, shown="open")
            after_decision(room, desk)
        rescorer_of(room).wait("zoo")
        record = read_record(zoo.workspace, "zoo")
        assert (None if record is None else record.by) == by
        assert rescorer_of(room).state("zoo").phase == ("done" if wanted else "never")
    finally:
        room.close()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        json.dumps({"by": "ann"}),
        json.dumps(dict.fromkeys(("by", "at", "how", "verdicts", "withdrawals"), "x")),
    ],
)
def test_a_damaged_record_is_named(zoo, slow, text):
    go(zoo)
    slow.ask("zoo", "ann")
    slow.wait("zoo")
    path = zoo.workspace.state / "rescore" / "zoo.json"
    path.write_text(text)
    with pytest.raises(DamagedError, match=r"zoo\.json is damaged: .*"):
        slow.state("zoo")


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("[2/3] scores", (2, 3)),
        ("zoo: done", None),
        ("[x/3] a", None),
        ("[12] a", None),
        ("2/3] a", None),
        ("", None),
    ],
)
def test_steps_are_read_from_lines(line, step):
    assert rescore._step(line) == step
