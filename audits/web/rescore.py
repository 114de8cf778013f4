"""New scores on a wish: by the sensor where a daemon lives, else by a process whose progress is shown."""

from __future__ import annotations

import fcntl
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal
from weakref import WeakKeyDictionary

from audits.disk import made, writing
from audits.errors import AuditError, LockedError
from audits.locks import is_held
from audits.rescore_record import RescoreRecord, awaited, folder, read_record, write_record
from audits.review.desk.desk import Desk
from audits.review.records import Mark
from audits.review.store import ReviewStore
from audits.web.room import Room
from audits.workspace import Workspace

#: How `labelaudit` is called: in a process of its own, by the name of its module, since this floor knows nothing of
#: the command. -P: a workspace may hold folders that are named like modules.
COMMAND = (sys.executable, "-P", "-m", "pipelines.cli")

#: How long the process waits for another run of the dataset, in seconds.
WAIT_SECONDS = 3600

#: How much of the end of its log is read, in bytes, and how many lines of it are shown.
_TAIL, _LINES = 1 << 14, 12

#: Statuses of the process with which the scores are there; 3: a gate of the YAML does not hold.
_SCORED, _GATE = (0, 3), 3

_log = logging.getLogger("labelaudit.web")

Phase = Literal["never", "waiting", "running", "done", "failed"]


@dataclass(frozen=True)
class RescoreState:
    """Where the re-score of a dataset stands.

    Attributes
    ----------
    phase : {"never", "waiting", "running", "done", "failed"}
        waiting: for the daemon's next look.
    words : str
        The same in a sentence.
    record : RescoreRecord or None
        What was asked last.
    new : int
        Verdicts and withdrawals that the scores of the last run do not know.
    lines : tuple of str
        What the process said last.
    step, steps : int
        How far it is; 0 of 0 before it says so.
    """

    phase: Phase
    words: str
    record: RescoreRecord | None = None
    new: int = 0
    lines: tuple[str, ...] = ()
    step: int = 0
    steps: int = 0

    @property
    def under_way(self) -> bool:
        """Whether new scores will come without anybody's doing."""
        return self.phase in ("waiting", "running")


class Rescorer:
    """Has the scores of a workspace's datasets made anew. Safe to use from several threads, and processes.

    Parameters
    ----------
    workspace : Workspace
    store : ReviewStore
    command : sequence of str
        How `labelaudit` is called.
    """

    def __init__(self, workspace: Workspace, store: ReviewStore, command: Sequence[str] = COMMAND) -> None:
        self._workspace, self._store, self._command = workspace, store, tuple(command)
        self._guard = threading.Lock()
        self._watched: dict[str, threading.Thread] = {}
        self._again: dict[str, str] = {}

    def ask(self, dataset: str, by: str, *, here: bool = False) -> None:
        """Ask for new scores.

        Parameters
        ----------
        dataset : str
        by : str
            Who asks, or what.
        here : bool
            Start a process also where a daemon lives.

        Raises
        ------
        LockedError
            When they are being made already.
        DiskError, AuditError
            When what is asked cannot be written, or no process can be started.
        """
        mark = self._mark(dataset)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        if not here and self.daemon_lives and self._sensor_is_on(dataset):
            write_record(
                self._workspace, dataset, RescoreRecord(by, now, "sensor", mark.verdicts, mark.withdrawals)
            )
        else:
            self._start(dataset, RescoreRecord(by, now, "process", mark.verdicts, mark.withdrawals))

    def ask_when_behind(self, dataset: str, by: str) -> None:
        """Ask for new scores unless those in force know all verdicts; once more where they are being made."""
        with self._guard:
            if dataset in self._watched:
                self._again[dataset] = by
                return
        if self._new(dataset) and not self.state(dataset).under_way:
            self.ask(dataset, by)

    def state(self, dataset: str) -> RescoreState:
        """Where the re-score of a dataset stands; raises DamagedError when its record cannot be read."""
        record, new = read_record(self._workspace, dataset), self._new(dataset)
        if record is None:
            return RescoreState("never", "Nobody has asked for new scores yet.", new=new)
        found = (
            self._by_sensor(dataset, record) if record.how == "sensor" else self._by_process(dataset, record)
        )
        return replace(found, record=record, new=new)

    def wait(self, dataset: str, seconds: float | None = None) -> None:
        """Wait until the process that this one started for a dataset has ended."""
        with self._guard:
            thread = self._watched.get(dataset)
        if thread is not None:
            thread.join(seconds)

    @property
    def daemon_lives(self) -> bool:
        """Whether `labelaudit up` serves the workspace: its lock is held."""
        return is_held(self._workspace.state / "locks" / "up.lock")

    def _sensor_is_on(self, dataset: str) -> bool:
        """Whether the sensor of verdicts surely runs: the dataset asks for something that Dagster does by itself."""
        config = self._workspace.dataset(dataset).config
        return config.schedule is not None or config.review.rescore is not None

    def _mark(self, dataset: str) -> Mark:
        return self._store.marks(dataset).get(dataset, Mark())

    def _new(self, dataset: str) -> int:
        scored = self._workspace.scored_mark(dataset)
        if scored is None:
            return 0  # it has no model to score
        mark = self._mark(dataset)
        return max(mark.verdicts - scored[0], 0) + max(mark.withdrawals - scored[1], 0)

    def _by_sensor(self, dataset: str, record: RescoreRecord) -> RescoreState:
        if awaited(self._workspace, dataset) is None:
            return RescoreState("done", "New scores are in force.")
        if is_held(self._workspace.run_lock_file(dataset)):
            return RescoreState("running", "The daemon is running the dataset.")
        last = self._workspace.run_log(dataset).last()
        if last is not None and last.status in ("failed", "killed") and last.ended_at >= record.at:
            why = f"run {last.run_id} failed" if last.status == "failed" else "the run was killed"
            return RescoreState("failed", f"There are no new scores: {why}; Dagster's page has more.")
        return RescoreState("waiting", "The daemon makes them at its next look, within a minute.")

    def _by_process(self, dataset: str, record: RescoreRecord) -> RescoreState:
        lines = _tail(self._log_path(dataset))
        with self._guard:
            watched = dataset in self._watched
        if watched or is_held(self._lock_path(dataset)):
            step, steps = next((s for s in map(_step, reversed(lines)) if s is not None), (0, 0))
            return RescoreState("running", "New scores are being made.", lines=lines, step=step, steps=steps)
        status = record.exit_status
        if status is None:  # the app ended before the process did
            last = self._workspace.run_log(dataset).last()
            scored = (
                last is not None and last.ended_at >= record.at and last.status not in ("failed", "killed")
            )
            status = 0 if scored else -1
        if status == _GATE:
            return RescoreState(
                "done", "New scores are in force; a gate of the YAML does not hold.", lines=lines
            )
        if status in _SCORED:
            return RescoreState("done", "New scores are in force.", lines=lines)
        how = (
            f"was ended by signal {-status}"
            if status < -1
            else f"ended with {status}"
            if status > 0
            else "broke off"
        )
        return RescoreState("failed", f"There are no new scores: the process {how}.", lines=lines)

    def _log_path(self, dataset: str) -> Path:
        return folder(self._workspace) / f"{dataset}.log"

    def _lock_path(self, dataset: str) -> Path:
        return made(self._workspace.state / "locks") / f"rescore-{dataset}.lock"

    def _start(self, dataset: str, record: RescoreRecord) -> None:
        words = [*self._command, "-w", str(self._workspace.root), "run", dataset, "--only-scores"]
        with self._guard:
            # the process inherits the lock, so it is held until that process ends, whatever becomes of this one
            lock = _locked(self._lock_path(dataset), dataset)
            try:
                write_record(self._workspace, dataset, record)
                path = self._log_path(dataset)
                with writing(path):
                    log = path.open("wb")
                with log:
                    process = self._process([*words, "--wait", str(WAIT_SECONDS)], log, lock)
            except AuditError:
                # else an earlier run that ended in this second would be taken for this one's end
                write_record(self._workspace, dataset, replace(record, ended_at=record.at, exit_status=-1))
                raise
            finally:
                os.close(lock)
            watch = threading.Thread(
                target=self._watch, args=(dataset, record, process), name=f"rescore {dataset}", daemon=True
            )
            self._watched[dataset] = watch
            watch.start()

    def _process(self, words: Sequence[str], log: BinaryIO, lock: int) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603  the command of this installation, with a dataset's name
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._workspace.root,
                pass_fds=(lock,),
                start_new_session=True,  # Ctrl-C ends the app, not the scores
            )
        except OSError as e:
            raise AuditError(f"no process can be started for new scores: {e}") from e

    def _watch(self, dataset: str, record: RescoreRecord, process: subprocess.Popen[bytes]) -> None:
        status = process.wait()
        ended = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            write_record(self._workspace, dataset, replace(record, ended_at=ended, exit_status=status))
        except AuditError:
            _log.exception("the end of the re-score of %s, status %d, cannot be kept", dataset, status)
        with self._guard:
            del self._watched[dataset]
            again = self._again.pop(dataset, None)
        if again is not None:
            _ask_quietly(self, dataset, again)


#: One for each room, for as long as it is served.
_RESCORERS: WeakKeyDictionary[Room, Rescorer] = WeakKeyDictionary()
_GUARD = threading.Lock()


def rescorer_of(room: Room) -> Rescorer:
    """What makes the scores of a room's datasets anew."""
    with _GUARD:
        if (found := _RESCORERS.get(room)) is None:
            found = _RESCORERS[room] = Rescorer(room.workspace, room.store)
        return found


def after_decision(room: Room, desk: Desk) -> None:
    """Have new scores made when nothing is left to decide, where the room is served so."""
    if room.settings.rescore_when_cleared:
        left = desk.progress("")
        if left.open == left.disputed == 0:
            queue_cleared(room, desk.dataset)


def queue_cleared(room: Room, dataset: str, by: str = "the cleared queue") -> None:
    """Have new scores made, since a decision has cleared a dataset's queue; nothing where they know all verdicts.

    What goes wrong is told in the log and on the page of the scores: the decision is stored and stands.

    Parameters
    ----------
    room : Room
    dataset : str
    by : str
        What the page says of who asked.
    """
    _ask_quietly(rescorer_of(room), dataset, by)


def _ask_quietly(rescorer: Rescorer, dataset: str, by: str) -> None:
    try:
        rescorer.ask_when_behind(dataset, by)
    except AuditError as e:
        _log.warning("no new scores of %s, which %s asked for: %s", dataset, by, e)


def _locked(path: Path, dataset: str) -> int:
    """A descriptor that holds a lock which `locks.is_held` sees."""
    with writing(path):
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            os.close(lock)
            raise LockedError(f"new scores of {dataset!r} are being made already") from e
        return lock


def _tail(path: Path) -> tuple[str, ...]:
    try:
        with path.open("rb") as f:
            f.seek(max(0, f.seek(0, os.SEEK_END) - _TAIL))
            text = f.read().decode("utf-8", "replace")
    except OSError:
        return ()
    return tuple(text.splitlines()[-_LINES:])


def _step(line: str) -> tuple[int, int] | None:
    """How far a line such as '[2/3] scores' says that the run is."""
    head, bracket, _ = line.removeprefix("[").partition("]")
    step, slash, steps = head.partition("/")
    there = line.startswith("[") and bracket and slash and step.isdecimal() and steps.isdecimal()
    return (int(step), int(steps)) if there else None
