"""The lines of the journal of alerts, and what they come to."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from audits.alerts.alert import Alert

#: What became of an alert at one target. `excused` says that it was not even tried, and why.
Result = Literal["attempt", "sent", "failed", "excused"]

#: So many of the last runs are known to have been looked at.
_RUNS_KEPT = 200

Entry = dict[str, object]


@dataclass
class Sending:
    """What became of an alert at one target so far.

    Attributes
    ----------
    last : {'attempt', 'sent', 'failed', 'excused'}
        The latest entry. An `attempt` that stays the latest was cut off: nobody knows whether it arrived.
    at : datetime
        When that was.
    failed : int
        Rounds that failed.
    reason : str
        Why the last one failed or was not tried.
    pid : int
        The process of the last attempt.
    """

    last: Result
    at: datetime
    failed: int = 0
    reason: str = ""
    pid: int = 0


@dataclass
class Fault:
    """A fault that was found, and who has been told of it.

    Attributes
    ----------
    alert : Alert
        As the first run that had it found it.
    steps, planned : frozenset of str
        For a run: the steps that failed, and all assets it was to make.
    sendings : dict of str to Sending
        By target.
    resolved : datetime or None
        When a later run passed.
    """

    alert: Alert
    steps: frozenset[str] = frozenset()
    planned: frozenset[str] = frozenset()
    sendings: dict[str, Sending] = field(default_factory=dict)
    resolved: datetime | None = None


@dataclass
class State:
    """What all entries come to.

    Attributes
    ----------
    faults : dict of str to Fault
        Open ones and those resolved, by alert id, in the order they were found.
    open : dict of str to str
        Alert id by fault.
    runs : dict of str to None
        The last runs that were looked at, in order.
    position : str or None
        Up to where runs have been looked at, in the words of whoever looks.
    """

    faults: dict[str, Fault] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)
    runs: dict[str, None] = field(default_factory=dict)
    position: str | None = None

    def add(self, entry: Entry) -> None:
        """Take in one entry; one that is of no known kind, or about no known fault, changes nothing."""
        e = {k: v for k, v in entry.items() if isinstance(v, str)}
        kind, at = e["entry"], datetime.fromisoformat(e["at"])
        if kind == "seen":
            self.position = e["position"]
            if run := e.get("run_id"):
                self.runs[run] = None
            while len(self.runs) > _RUNS_KEPT:
                del self.runs[next(iter(self.runs))]
        elif kind == "opened":
            record = entry["alert"]
            if not isinstance(record, dict):
                raise TypeError(f"expected an alert's fields, got {type(record).__name__}")
            alert = Alert.from_record(record)
            steps, planned = (frozenset(_texts(entry.get(k))) for k in ("steps", "planned"))
            if alert.fault not in self.open and alert.id not in self.faults:
                self.faults[alert.id] = Fault(alert, steps, planned)
                self.open[alert.fault] = alert.id
        elif fault := self.faults.get(e.get("alert_id", "")):
            if kind == "resolved":
                fault.resolved = at
                self.open.pop(fault.alert.fault, None)
            elif kind in ("attempt", "sent", "failed", "excused"):
                before = fault.sendings.get(e["target"])
                pid = entry.get("pid")
                fault.sendings[e["target"]] = Sending(
                    kind,  # type: ignore[arg-type]
                    at,
                    (before.failed if before else 0) + (kind == "failed"),
                    e.get("reason", ""),
                    pid if isinstance(pid, int) else 0,
                )


def read(lines: Iterable[str]) -> tuple[State, int]:
    """Work out the state from a journal's lines, passing over those that cannot be read.

    Returns
    -------
    State, int
        The state and the number of lines, those that cannot be read too: a process that was killed may have
        left half a line, at the end or, once another has gone on, in the middle.
    """
    state, n = State(), 0
    for line in lines:
        n += 1
        with contextlib.suppress(ValueError, TypeError, LookupError, AttributeError):
            state.add(json.loads(line))
    return state, n


def compacted(state: State, keep_after: datetime) -> list[Entry]:
    """Entries that come to the same state, without the faults resolved before a time."""
    entries: list[Entry] = []
    for alert_id, fault in state.faults.items():
        if fault.resolved is not None and fault.resolved < keep_after:
            continue
        entries.append(opened(fault))
        for target, s in fault.sendings.items():
            same = {"alert_id": alert_id, "target": target, "at": s.at.isoformat(), "reason": s.reason}
            # the rounds that failed are counted by their entries
            entries += [{"entry": "failed", **same} for _ in range(s.failed - (s.last == "failed"))]
            entries.append({"entry": s.last, **same, "pid": s.pid})
        if fault.resolved is not None:
            entries.append({"entry": "resolved", "alert_id": alert_id, "at": fault.resolved.isoformat()})
    if state.position is not None:
        at = datetime.min.isoformat()
        runs: list[str | None] = [*state.runs] or [None]
        entries += [{"entry": "seen", "run_id": r, "position": state.position, "at": at} for r in runs]
    return entries


def opened(fault: Fault) -> Entry:
    """The entry that opens a fault."""
    return {
        "entry": "opened",
        "alert_id": fault.alert.id,
        "at": fault.alert.at.isoformat(),
        "alert": fault.alert.record(),
        "steps": sorted(fault.steps),
        "planned": sorted(fault.planned),
    }


def _texts(value: object) -> list[str]:
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []
