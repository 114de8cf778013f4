import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from audits.alerts.journal import ROUND_PAUSES, ROUNDS, Journal
from audits.errors import AuditError, UsageError
from audits.locks import held

NOW = datetime(2026, 1, 2, tzinfo=UTC)
HOOK = "webhook:HOOK"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "alerts.jsonl"


@pytest.fixture
def journal(path):
    path.parent.mkdir()
    return Journal(path)


def _kinds(path):
    return [json.loads(line)["entry"] for line in path.read_text().splitlines()]


def test_a_fault_stays_open_until_its_subject_passes(journal, path, make_alert):
    first = journal.open(make_alert())
    assert journal.open(make_alert("flag rate 0.09 is above 0.05", run_id="run-2")) == first
    assert [f.alert for f in Journal(path).open_faults()] == [first]
    assert journal.resolve("zoo", "another:subject", NOW) == []
    assert journal.resolve("farm", first.subject, NOW) == []
    assert journal.resolve("zoo", first.subject, NOW) == [first]
    assert journal.open_faults() == []
    again = journal.open(make_alert(run_id="run-3"))
    assert again.run_id == "run-3"
    assert again.id != first.id
    assert _kinds(path) == ["opened", "resolved", "opened"]


def test_another_fault_of_a_subject_is_another_alert_and_both_pass(journal, make_alert):
    one, other = journal.open(make_alert("labels missing")), journal.open(make_alert("ids missing"))
    assert [f.alert for f in journal.open_faults("zoo")] == [one, other]
    assert journal.open_faults("farm") == []
    assert journal.resolve("zoo", one.subject, NOW) == [one, other]


def test_what_a_run_found_is_not_opened_again_after_it_passed(journal, make_alert):
    journal.open(make_alert())
    journal.resolve("zoo", make_alert().subject, NOW)
    journal.open(make_alert())  # the same run looked at once more
    assert journal.open_faults() == []


@pytest.mark.parametrize(
    ("done", "made", "over"),
    [
        ({"zoo__items", "zoo__scores"}, {"zoo/items", "zoo/scores"}, True),
        ({"zoo__scores"}, {"zoo/scores"}, False),  # a part that did not come by the failed step
        ({"zoo__items"}, {"zoo/items"}, True),  # a part that did
        ({"zoo__scores"}, {"zoo/scores", "zoo/new"}, True),  # the graph is another one
        ({"zoo__scores"}, {"zoo/items", "zoo/scores"}, True),  # a whole run; the step has gone
    ],
)
def test_a_run_closes_what_it_came_by(journal, make_alert, done, made, over):
    alert = make_alert(kind="run_failed", subject="run")
    journal.open(alert, steps=["zoo__items"], planned=["zoo/items", "zoo/scores"])
    assert journal.resolve_run("zoo", "run", NOW, done=done, made=made) == [alert] * over


def test_any_run_closes_one_that_died_without_a_failed_step(journal, make_alert):
    alert = journal.open(make_alert(kind="run_failed", subject="run"), planned=["zoo/items", "zoo/scores"])
    assert journal.resolve_run("zoo", "run", NOW, done=set(), made={"zoo/items"}) == [alert]


def test_an_attempt_is_on_disk_and_made_once(journal, path, make_alert):
    alert = journal.open(make_alert())
    assert journal.next(alert, HOOK, NOW) == "try"
    journal.note(alert, HOOK, "attempt", NOW)
    assert Journal(path).next(alert, HOOK, NOW) == "uncertain"
    assert journal.next(alert, "webhook:OTHER", NOW) == "try", "each target by itself"
    [told] = journal.uncertain(NOW)
    assert (told.alert, told.target, told.at) == (alert, HOOK, NOW)
    journal.note(alert, HOOK, "sent", NOW)
    assert journal.next(alert, HOOK, NOW) == "sent"
    assert journal.uncertain(NOW) == []


def test_what_is_under_way_is_not_uncertain(journal, path, make_alert):
    alert = journal.open(make_alert())
    journal.note(alert, HOOK, "attempt", NOW)
    with journal.held():
        assert Journal(path).uncertain(NOW) == []
    assert len(Journal(path).uncertain(NOW)) == 1


def test_uncertain_is_forgotten_a_week_after_the_fault_passed(journal, make_alert):
    alert = journal.open(make_alert())
    journal.note(alert, HOOK, "attempt", NOW)
    assert len(journal.uncertain(NOW + timedelta(days=300))) == 1, "open faults are not forgotten"
    journal.resolve("zoo", alert.subject, NOW)
    assert len(journal.uncertain(NOW + timedelta(days=6))) == 1
    assert journal.uncertain(NOW + timedelta(days=8)) == []


def test_rounds_have_growing_pauses_and_an_end(journal, path, make_alert):
    alert, at = journal.open(make_alert()), NOW
    for n, pause in enumerate(ROUND_PAUSES, 1):
        assert journal.next(alert, HOOK, at) == "try"
        journal.note(alert, HOOK, "attempt", at)
        assert journal.note(alert, HOOK, "failed", at, "the answer was 500") == n
        assert journal.given_up(at) == []
        if pause:
            assert journal.next(alert, HOOK, at + pause - timedelta(seconds=1)) == "wait"
        at += pause
    journal.note(alert, HOOK, "attempt", at)
    assert journal.note(alert, HOOK, "failed", at, "the answer was 500") == ROUNDS
    assert Journal(path).next(alert, HOOK, at + timedelta(days=9)) == "given up"
    [told] = Journal(path).given_up(at)
    assert (told.alert, told.reason) == (alert, "the answer was 500")


def test_an_excuse_costs_no_round_and_is_written_once(journal, path, make_alert):
    alert = journal.open(make_alert())
    assert journal.excuse(alert, HOOK, NOW, "HOOK is not set")
    for _ in range(50):
        assert not journal.excuse(alert, HOOK, NOW, "HOOK is not set")
        assert journal.next(alert, HOOK, NOW) == "try"
    assert journal.excuse(alert, HOOK, NOW, "it failed a moment ago")
    assert _kinds(path) == ["opened", "excused", "excused"]


def test_half_a_line_at_the_end_hides_nothing(journal, path, make_alert):
    alert = journal.open(make_alert())
    with path.open("a") as f:
        f.write('{"entry": "resolved", "alert_id": "' + alert.id)
    other = Journal(path)
    assert [f.alert for f in other.open_faults()] == [alert]
    other.note(alert, HOOK, "sent", NOW)
    assert Journal(path).next(alert, HOOK, NOW) == "sent"


def test_a_reader_sees_what_another_writes(journal, path, make_alert):
    reader = Journal(path)
    assert (reader.position, reader.has_seen("run-1")) == (None, False)
    journal.seen("here", "run-1")
    assert (reader.position, reader.has_seen("run-1")) == ("here", True)
    journal.open(make_alert())
    assert len(reader.open_faults()) == 1
    path.unlink()
    assert (reader.position, reader.open_faults()) == (None, [])


def test_it_does_not_grow_without_end(path, make_alert):
    path.parent.mkdir()
    journal = Journal(path, compact_after=50)
    kept = journal.open(make_alert("stays"))
    journal.note(kept, HOOK, "sent", NOW)
    most = 0
    for n in range(60):
        alert = journal.open(make_alert(run_id=f"run-{n}", subject="a:b"))
        journal.note(alert, HOOK, "failed", NOW, "x")
        journal.resolve("zoo", "a:b", NOW)
        journal.seen(str(n))
        most = max(most, len(path.read_text().splitlines()))
    assert most <= 51
    assert [f.alert for f in Journal(path).open_faults()] == [kept]
    assert Journal(path).next(kept, HOOK, NOW) == "sent"
    assert Journal(path).position == "59"


def test_what_must_be_kept_is_not_rewritten_at_every_line(path, make_alert):
    path.parent.mkdir()
    journal = Journal(path, compact_after=10)
    inodes = set()
    for n in range(60):
        journal.open(make_alert(subject=f"a:{n}"))
        inodes.add(path.stat().st_ino)
    assert len(journal.open_faults()) == 60
    assert len(inodes) <= 5


def test_one_writer_at_a_time(journal, path, make_alert, monkeypatch):
    monkeypatch.setattr("audits.alerts.journal._WAIT_SECONDS", 0.1)
    hold = (
        "import sys; from pathlib import Path; from audits.locks import held\n"
        "with held(Path(sys.argv[1]), 'test', 'x'): print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", hold, str(journal.lock)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.getcwd()},
    )  # fmt: skip
    try:
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(
            UsageError, match=rf"journal of alerts .* is being written by process {process.pid}"
        ):
            journal.open(make_alert())
        assert journal.open_faults() == [], "reading needs no lock"
    finally:
        process.communicate(b"")
    journal.open(make_alert())


def test_a_journal_that_cannot_be_read_or_written_is_one_clear_error(path, make_alert):
    path.mkdir(parents=True)
    with pytest.raises(AuditError, match=r"alerts\.jsonl"):
        Journal(path).open_faults()
    path.rmdir()
    path.symlink_to(path.parent / "nowhere" / "file")
    with pytest.raises(AuditError, match="cannot be written"):
        Journal(path).open(make_alert())


def test_the_lock_is_no_datasets(journal, path):
    """A dataset may be named alerts, and has its lock in state/locks."""
    with journal.held(), held(path.parent / "locks" / "alerts.lock", "run", "x"):
        pass
