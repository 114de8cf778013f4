"""Checks of the journal of alerts: who was not told, who waits, and lines that cannot be read."""

import json
from pathlib import Path

from audits.alerts.entries import State
from audits.alerts.journal import ROUNDS, Journal
from audits.errors import AuditError, first_few
from audits.workspace import Workspace
from pipelines.doctor.finding import Finding, fault, ok, warn

_TARGET = "look at the target; each attempt is in state/alerts.jsonl"


def alert_journal(workspace: Workspace) -> list[Finding]:
    """Whether alerts were given up, may not have arrived or wait, and whether the journal can be read."""
    path = workspace.root / "state" / "alerts.jsonl"
    if not path.exists():
        return [ok("alerts", "none yet")]
    journal = Journal(path)
    try:
        waiting = _waiting(journal)
        unreadable = _unreadable(path)
    except (AuditError, OSError) as e:
        mend = f"let this user read {path}, or move it away; faults that last are told once more"
        return [fault("alerts", str(e), mend)]
    troubles = {"may not have arrived": journal.uncertain(), "were given up": journal.given_up()}
    found = [
        warn(
            "alerts",
            f"{len(told)} {what}: {first_few(f'{t.alert.title} at {t.target}' for t in told)}",
            _TARGET,
        )
        for what, told in troubles.items()
        if told
    ]
    if waiting:
        n, reason = waiting
        mend = "mend that; they are tried again by themselves while 'labelaudit up' runs"
        found.append(warn("alerts", f"{n} wait, because {reason}", mend))
    if unreadable:
        words = (
            f"{len(unreadable)} lines of {path} cannot be read and are passed over: {first_few(unreadable)}"
        )
        found.append(warn("alerts", words, "remove these lines while 'labelaudit up' does not run"))
    return found or [ok("alerts", "every one was delivered")]


def _waiting(journal: Journal) -> tuple[int, str] | None:
    """How many alerts of open faults wait for another attempt at a target, and why the latest of them does."""
    state = journal.state()
    sendings = [s for alert_id in state.open.values() for s in state.faults[alert_id].sendings.values()]
    waiting = [s for s in sendings if s.last == "excused" or (s.last == "failed" and s.failed < ROUNDS)]
    if not waiting:
        return None
    return len(waiting), max(waiting, key=lambda s: s.at).reason or "the last attempt failed"


def _unreadable(path: Path) -> list[int]:
    """Numbers of the lines that cannot be read, from 1."""
    found, state = [], State()
    with path.open(encoding="utf-8", errors="replace") as f:
        for number, line in enumerate(f, 1):
            try:
                state.add(json.loads(line))
            except (ValueError, TypeError, LookupError, AttributeError):
                found.append(number)
    return found
