import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from audits.alerts.alert import Alert
from audits.alerts.entries import Fault, State, compacted, opened, read

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def _alert(subject, run):
    return Alert("zoo", "check_failed", f"items:{subject}", "bad", NOW, run)


def _lines(steps):
    """Any history: subjects fail and pass in turn, targets are tried."""
    lines, at = [], NOW
    for n, (what, subject, target) in enumerate(steps):
        at += timedelta(hours=1)
        alert = _alert(subject, f"run-{n // 3}")
        entry = opened(Fault(alert, frozenset({"a"}), frozenset({"a", "b"})))
        if what != "opened":
            entry = {"entry": what, "alert_id": alert.id, "at": at.isoformat(), "target": target}
            entry |= {"reason": "r", "pid": n, "position": str(n), "run_id": f"run-{n}"}
        lines.append(json.dumps(entry))
    return lines


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["opened", "opened", "attempt", "sent", "failed", "excused", "resolved", "seen"]),
        st.sampled_from("xy"),
        st.sampled_from(["log", "webhook:A"]),
    ),
    max_size=40,
)


@given(STEPS)
def test_compacting_keeps_the_state(steps):
    state, n = read(_lines(steps))
    assert n == len(steps)
    entries = compacted(state, NOW - timedelta(days=1))
    assert read(json.dumps(e) for e in entries)[0] == state


@given(STEPS)
def test_compacting_drops_what_is_over_and_nothing_else(steps):
    state, _ = read(_lines(steps))
    late = NOW + timedelta(days=30)
    kept = read(json.dumps(e) for e in compacted(state, late))[0]
    assert kept.open == state.open
    assert kept.faults == {i: f for i, f in state.faults.items() if f.resolved is None}
    assert (kept.runs, kept.position) == (state.runs, state.position)


def test_lines_that_cannot_be_read_are_passed_over():
    good = json.dumps(opened(Fault(_alert("x", "run-1"))))
    bad = [
        good[:30], "", "[]", "null", "{}", '{"entry": "seen", "at": "x"}', "1" * 5000,
        '{"entry": "opened", "at": "2026-01-01", "alert": 3}',
        '{"entry": "opened", "at": "2026-01-01", "alert": {"dataset": "zoo"}}',
        '{"entry": "sent", "at": "2026-01-01", "alert_id": "nobody", "target": "log"}',
        '{"entry": "later", "at": "2026-01-01"}',
    ]  # fmt: skip
    state, n = read([*bad, good, *bad])
    assert n == 2 * len(bad) + 1
    assert [f.alert for f in state.faults.values()] == [_alert("x", "run-1")]


def test_runs_are_not_remembered_without_end():
    state = State()
    for n in range(500):
        state.add({"entry": "seen", "at": "2026-01-01", "position": str(n), "run_id": f"run-{n}"})
    assert len(state.runs) == 200
    assert "run-499" in state.runs
    assert state.position == "499"
