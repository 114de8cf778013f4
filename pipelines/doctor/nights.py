"""Checks of what runs by itself: `labelaudit up`, Dagster's daemon, the schedules, runs that were killed."""

import time
from datetime import datetime

import dagster as dg

from assets.naming import DATASET, graph_name
from audits.config import DatasetConfig
from audits.errors import first_few
from audits.locks import is_held
from audits.workspace import Workspace
from pipelines.doctor.datasets import sound
from pipelines.doctor.finding import Finding, fault, ok, warn
from pipelines.doctor.stores import has_instance, needs_instance
from pipelines.instance import open_instance
from pipelines.up.record import UpRecord, lock_path, read_record, running
from pipelines.up.webserver import answers

#: The daemon says every 30 s that it lives; after so many seconds without a word it does not.
_SILENT = 180.0

#: A run that was launched takes its lock within this time; loading many definitions takes a while.
_LAUNCH_SECONDS = 600.0

_UP = "start 'labelaudit up'"


def serving(workspace: Workspace) -> list[Finding]:
    """Whether `labelaudit up` runs, and answers, or was killed."""
    record, alive = read_record(workspace), is_held(lock_path(workspace))
    if alive and record is None:
        return [ok("up", "is starting or stopping at this moment")]
    if record is None:
        return [ok("up", "is not running")]
    who = f"process {record.pid}, since {record.since}"
    if not alive:
        words = f"was killed ({who}) without stopping in order"
        return [warn("up", words, f"{_UP} again, which removes what it left")]
    if not answers(record.address):
        words = f"runs ({who}), but {record.address} does not answer"
        return [
            fault("up", words, "look into state/logs/up, end the process, and start 'labelaudit up' again")
        ]
    return [ok("up", f"runs at {record.address} ({who})")]


@needs_instance("daemon")
def daemon(workspace: Workspace) -> list[Finding]:
    """Whether Dagster's daemon lives, where a dataset relies on it.

    What it said counts only while `labelaudit up` runs, and only since that was started: the word of one
    that was ended stays on record.
    """
    if is_held(lock_path(workspace)):
        if (record := running(workspace)) is None:
            return [ok("daemon", "labelaudit up is starting or stopping at this moment")]
        silent = sorted(_silent_daemons(workspace, record)) if has_instance(workspace) else ["all"]
        if not silent:
            return [ok("daemon", "all parts of Dagster's daemon live")]
        words = f"labelaudit up runs, but parts of the daemon have been silent: {', '.join(silent)}"
        return [
            warn("daemon", words, "wait three minutes; if they stay silent, see state/logs/up/daemon.log")
        ]
    if relying := [d.name for d in sound(workspace) if _relies(d.config)]:
        words = f"Dagster's daemon does not run, so nothing runs by itself; wanted by {first_few(relying)}"
        return [fault("daemon", words, _UP)]
    return [ok("daemon", "does not run, and no dataset wants it")]


def _relies(config: DatasetConfig) -> bool:
    return bool(config.schedule or config.review.rescore or config.alerts)


def _silent_daemons(workspace: Workspace, record: UpRecord) -> list[str]:
    with open_instance(workspace) as instance:
        statuses = instance.get_daemon_statuses()
    oldest = max(time.time() - _SILENT, datetime.fromisoformat(record.since).timestamp())
    return [
        name
        for name, status in statuses.items()
        if status.last_heartbeat is None or status.last_heartbeat.timestamp < oldest
    ]


@needs_instance("schedules")
def schedules(workspace: Workspace) -> list[Finding]:
    """Whether the schedule of every dataset that has one is switched on in Dagster.

    What the daemon has not seen yet is told only while it runs: `daemon` says when it does not.
    """
    wanted = [d.name for d in sound(workspace) if d.config.schedule is not None]
    if not wanted:
        return [ok("schedules", "no dataset has one")]
    states = {}
    if has_instance(workspace):
        with open_instance(workspace) as instance:
            states = {
                s.instigator_name: s.status.value
                for s in instance.all_instigator_state()
                if s.instigator_type.value == "SCHEDULE"
            }
    by_schedule = {f"{graph_name(name)}_nightly": name for name in wanted}
    off = [s for s in by_schedule if states.get(s) == "STOPPED"]
    unseen = [name for s, name in by_schedule.items() if s not in states]
    words, mend = "it was switched off in Dagster's UI", "switch it on there, under Automation"
    found = [warn(f"schedule {s}", words, mend) for s in off]
    if running(workspace) is None:
        return [
            ok("schedules", f"{len(wanted)} datasets have one; they run while 'labelaudit up' does"),
            *found,
        ]
    if unseen:
        words = f"Dagster's daemon has not seen those of {first_few(unseen)}"
        found.append(warn("schedules", words, "wait a minute; then see state/logs/up/daemon.log"))
    on = len(wanted) - len(off) - len(unseen)
    return [*([ok("schedules", f"{on} of {len(wanted)} are on")] if on else []), *found]


@needs_instance("runs")
def killed_runs(workspace: Workspace) -> list[Finding]:
    """Whether runs are recorded as under way that nobody works at."""
    if not has_instance(workspace):
        return [ok("runs", "none yet")]
    under_way = [
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ]
    with open_instance(workspace) as instance:
        runs = instance.get_runs(dg.RunsFilter(statuses=under_way))
        # what `up` has launched takes its lock when it gets going
        starting = running(workspace) is not None
        left = [r for r in runs if not _worked_at(workspace, r) and not (starting and _is_new(instance, r))]
    if left:
        shown = ", ".join(f"{r.run_id[:8]} of {r.tags.get(DATASET, r.job_name)}" for r in left[:5])
        words = f"{len(left)} are recorded as under way, and nobody works at them: {shown}"
        return [warn("runs", words, f"{_UP}, or run the dataset: either marks them as failed")]
    return [ok("runs", f"{len(runs)} under way")]


def _is_new(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    record = instance.get_run_record_by_id(run.run_id)
    return record is not None and time.time() - record.create_timestamp.timestamp() < _LAUNCH_SECONDS


def _worked_at(workspace: Workspace, run: dg.DagsterRun) -> bool:
    """Whether a process that works at the run lives: it holds the run's own lock, or that of its dataset."""
    alive = workspace.run_alive_file(run.run_id)
    if alive.exists():
        return is_held(alive)
    dataset = run.tags.get(DATASET)
    return dataset is not None and is_held(workspace.run_lock_file(dataset))
