"""Runs whose process died: their end was not recorded by them, so it is recorded for them."""

import time
from datetime import UTC, datetime, timedelta

import dagster as dg

from assets.naming import DATASET, LAUNCHED_BY
from audits.locks import is_held, is_held_here, remove
from audits.workspace import Workspace

_UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

#: A run that was launched takes its lock within this time; loading many definitions takes a while.
_LAUNCH_TIME = timedelta(minutes=10)

#: A run that is just beginning or ending may hold no lock for a moment, so it is looked at twice.
_MOMENT_SECONDS = 0.5

#: How often is looked for dead runs, in seconds.
_INTERVAL = 60


def close_orphans(instance: dg.DagsterInstance, workspace: Workspace) -> list[str]:
    """Mark runs as failed whose process is gone.

    A run holds a lock while its process lives. One that has none yet is given time to get it, unless it is of
    the command, whose process holds the dataset's lock before the run begins.

    Returns
    -------
    list of str
        Ids of these runs.
    """
    dead = _dead(instance, workspace)
    if any(not _is_ours(workspace, run) for run in dead):
        time.sleep(_MOMENT_SECONDS)
        still = {run.run_id for run in _dead(instance, workspace)}
        dead = [run for run in dead if run.run_id in still]
    for run in dead:
        instance.report_run_failed(run, "The process that ran this was ended before it was done.")
        remove(workspace.run_alive_file(run.run_id))
    return [run.run_id for run in dead]


def orphan_sensor(workspace: Workspace) -> dg.SensorDefinition:
    """Build the sensor that looks for such runs while the daemon is there; it runs unless it is stopped."""

    @dg.sensor(
        name="dead_runs",
        minimum_interval_seconds=_INTERVAL,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Marks runs as failed whose process died.",
    )
    def _sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        closed = close_orphans(context.instance, workspace)
        return dg.SkipReason(f"Marked as failed: {', '.join(closed)}." if closed else "Every run is alive.")

    return _sensor


def _dead(instance: dg.DagsterInstance, workspace: Workspace) -> list[dg.DagsterRun]:
    records = instance.get_run_records(dg.RunsFilter(statuses=_UNFINISHED))
    # since it was last heard of: it may have waited in the queue for hours before it was launched
    return [r.dagster_run for r in records if _is_dead(workspace, r.dagster_run, r.update_timestamp)]


def _is_dead(workspace: Workspace, run: dg.DagsterRun, heard_of: datetime) -> bool:
    path = workspace.run_alive_file(run.run_id)
    if path.exists():
        return not is_held(path)
    if run.tags.get(LAUNCHED_BY) == "command":
        return _is_ours(workspace, run) or not is_held(workspace.run_lock_file(run.tags.get(DATASET, "")))
    return datetime.now(UTC) - heard_of > _LAUNCH_TIME


def _is_ours(workspace: Workspace, run: dg.DagsterRun) -> bool:
    """Whether it is of the command, and this thread holds its dataset: then it cannot be alive."""
    return run.tags.get(LAUNCHED_BY) == "command" and is_held_here(
        workspace.run_lock_file(run.tags.get(DATASET, ""))
    )
