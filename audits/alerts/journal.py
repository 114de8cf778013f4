"""The journal of alerts: which faults are open, and who has been told of them.

Append-only lines, each flushed to disk before what it announces is done. An ``attempt`` is written before a
post, so after a kill in between the post is not made again: no alert twice, and `Journal.uncertain` names it.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from audits.alerts.alert import Alert
from audits.alerts.entries import Entry, Fault, Result, Sending, State, compacted, opened, read
from audits.disk import append_line, intact, write_atomic, writing
from audits.locks import held, is_held, owner_of

#: Pauses after the rounds that failed; after one more round the alert is given up. Together about three hours.
ROUND_PAUSES = (timedelta(0), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))

#: How many rounds an alert is tried at a target.
ROUNDS = len(ROUND_PAUSES) + 1

#: How long a fault is remembered after it was resolved.
REMEMBERED = timedelta(days=7)

#: Lines after which the journal is rewritten without what is over, at most once for so many new lines.
COMPACT_AFTER = 5_000

_WAIT_SECONDS = 5.0

#: What may be done with an alert at a target.
Next = Literal["try", "wait", "sent", "uncertain", "given up"]


@dataclass(frozen=True)
class Told:
    """An alert, a target, and what became of it there."""

    alert: Alert
    target: str
    at: datetime
    reason: str


class Journal:
    """The journal of one workspace.

    Reading needs no lock. Every method that writes takes it, waiting a few seconds; `held` keeps it for
    several.

    Parameters
    ----------
    path : Path
        The file, e.g. ``state/alerts.jsonl``; need not exist.
    compact_after : int
        Lines after which it is rewritten without what is over.
    """

    def __init__(self, path: Path, compact_after: int = COMPACT_AFTER) -> None:
        self.path = path
        self._compact_after = compact_after
        self._state, self._lines, self._rewrite_at = State(), 0, compact_after
        self._read_as: tuple[int, int, int] | None = None

    @property
    def lock(self) -> Path:
        """The lock's file."""
        return self.path.with_suffix(".lock")

    @contextlib.contextmanager
    def held(self, what: str = "alerts") -> Iterator[None]:
        """Be the only writer within the block; the thread that has it may take it again.

        Raises
        ------
        UsageError
            When another process keeps it for longer than a few seconds.
        """
        refusal = f"the journal of alerts {self.path} is being written"
        with held(self.lock, what, refusal, wait_seconds=_WAIT_SECONDS):
            yield

    def state(self) -> State:
        """What the journal says now; not to be changed."""
        with intact(self.path):
            try:
                stat = self.path.stat()
            except FileNotFoundError:
                self._state, self._lines, self._read_as = State(), 0, None
                return self._state
            now = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
            if now != self._read_as:
                with self.path.open(encoding="utf-8", errors="replace") as f:
                    self._state, self._lines = read(f)
                self._read_as = now
        return self._state

    # ---- runs

    @property
    def position(self) -> str | None:
        """Up to where runs have been looked at, as `seen` was told; None: nowhere."""
        return self.state().position

    def has_seen(self, run_id: str) -> bool:
        """Whether a run has been looked at, as far as remembered."""
        return run_id in self.state().runs

    def seen(self, position: str, run_id: str | None = None) -> None:
        """Note up to where runs have been looked at, and which was the last."""
        with self.held():
            self._append({"entry": "seen", "run_id": run_id, "position": position, "at": _now().isoformat()})

    # ---- faults

    def open_faults(self, dataset: str | None = None) -> list[Fault]:
        """The faults that are open, of one dataset or of all, in the order they were found."""
        state = self.state()
        found = [state.faults[i] for i in state.open.values()]
        return [f for f in found if dataset is None or f.alert.dataset == dataset]

    def open(self, alert: Alert, *, steps: Collection[str] = (), planned: Collection[str] = ()) -> Alert:
        """Note a fault, unless it is open, or this very run's was noted and has been resolved since.

        Parameters
        ----------
        alert : Alert
        steps, planned : collection of str
            For a run: the steps that failed, and all assets it was to make. See `resolve_run`.

        Returns
        -------
        Alert
            The one under which the fault is open: this, or that of the run that found it first.
        """
        with self.held():
            state = self.state()
            known = state.open.get(alert.fault)
            if known is None and alert.id not in state.faults:
                self._append(opened(Fault(alert, frozenset(steps), frozenset(planned))))
            return state.faults[known].alert if known else alert

    def resolve(self, dataset: str, subject: str, at: datetime) -> list[Alert]:
        """Close all faults of a subject that has passed; returns them."""
        return self._close([f for f in self.open_faults(dataset) if f.alert.subject == subject], at)

    def resolve_run(
        self, dataset: str, subject: str, at: datetime, *, done: Collection[str], made: Collection[str]
    ) -> list[Alert]:
        """Close the faults of runs that a run which ended well shows to be over; returns them.

        A run of a part of the graph that did not come by the failed steps shows nothing about them: without
        this, every rescoring would close the night's fault and the next night would tell it again.

        Parameters
        ----------
        dataset, subject : str
        at : datetime
        done : collection of str
            Steps that ended well.
        made : collection of str
            Assets it was to make.
        """

        def over(fault: Fault) -> bool:
            return fault.steps <= set(done) or not set(made) < fault.planned

        faults = [f for f in self.open_faults(dataset) if f.alert.subject == subject]
        return self._close([f for f in faults if over(f)], at)

    def _close(self, faults: list[Fault], at: datetime) -> list[Alert]:
        with self.held():
            for fault in faults:
                self._append({"entry": "resolved", "alert_id": fault.alert.id, "at": at.isoformat()})
        return [f.alert for f in faults]

    # ---- who was told

    def next(self, alert: Alert, target: str, now: datetime) -> Next:
        """What may be done with an alert at a target."""
        sending = self._sending(alert, target)
        if sending is None or sending.last == "excused":
            return "try"
        if sending.last == "sent":
            return "sent"
        if sending.last == "attempt":
            return "uncertain"
        if sending.failed >= ROUNDS:
            return "given up"
        return "try" if now >= sending.at + ROUND_PAUSES[sending.failed - 1] else "wait"

    def note(
        self,
        alert: Alert,
        target: str,
        result: Literal["attempt", "sent", "failed"],
        now: datetime,
        reason: str = "",
    ) -> int:
        """Write what becomes of an alert at a target; on disk when this returns.

        Returns
        -------
        int
            How many rounds have failed.
        """
        with self.held():
            self._note(alert, target, result, now, reason)
            sending = self._sending(alert, target)
            return sending.failed if sending else 0

    def excuse(self, alert: Alert, target: str, now: datetime, reason: str) -> bool:
        """Write that an alert was not even tried at a target; False when just that was written last."""
        with self.held():
            sending = self._sending(alert, target)
            if sending and sending.last == "excused" and sending.reason == reason:
                return False
            self._note(alert, target, "excused", now, reason)
            return True

    def _note(self, alert: Alert, target: str, result: Result, now: datetime, reason: str) -> None:
        entry: Entry = {"entry": result, "alert_id": alert.id, "target": target, "at": now.isoformat()}
        self._append({**entry, "reason": reason, "pid": os.getpid()})

    def _sending(self, alert: Alert, target: str) -> Sending | None:
        fault = self.state().faults.get(alert.id)
        return fault.sendings.get(target) if fault else None

    def uncertain(self, now: datetime | None = None) -> list[Told]:
        """Alerts of which nobody knows whether they arrived: a process ended between an attempt and its outcome.

        Those of faults that were resolved more than a week ago are left out, and so is what is under way.
        """
        owner = owner_of(self.lock) if is_held(self.lock) else None
        return [t for t, s in self._told(now) if s.last == "attempt" and (not owner or s.pid != owner.pid)]

    def given_up(self, now: datetime | None = None) -> list[Told]:
        """Alerts that a target did not take in any round, as long as the fault is remembered."""
        return [t for t, s in self._told(now) if s.last == "failed" and s.failed >= ROUNDS]

    def _told(self, now: datetime | None) -> Iterator[tuple[Told, Sending]]:
        after = (now or _now()) - REMEMBERED
        for fault in self.state().faults.values():
            if fault.resolved is None or fault.resolved >= after:
                for target, s in fault.sendings.items():
                    yield Told(fault.alert, target, s.at, s.reason), s

    # ---- the file

    def _append(self, entry: Entry) -> None:
        state = self.state()
        append_line(self.path, json.dumps(entry))
        with intact(self.path):
            state.add(entry)
            stat = self.path.stat()
            self._read_as = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
        self._lines += 1
        if self._lines > self._rewrite_at:
            self.compact()

    def compact(self, now: datetime | None = None) -> None:
        """Rewrite the journal in one step without the faults resolved more than a week ago."""
        with self.held():
            entries = compacted(self.state(), (now or _now()) - REMEMBERED)
            with writing(self.path):
                write_atomic(self.path, "".join(json.dumps(e) + "\n" for e in entries).encode())
            # where all of it has to be kept, not again for the very next line
            self._rewrite_at = max(self._compact_after, 2 * len(entries))


def _now() -> datetime:
    return datetime.now(UTC)
