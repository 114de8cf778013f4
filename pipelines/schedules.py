"""The nightly schedules: a tick looks whether anything changed before it asks for a run."""

from collections.abc import Sequence

import dagster as dg

from assets.naming import graph_name
from audits.errors import AuditError
from audits.night_config import ScheduleConfig
from audits.stages.graph import Standing
from audits.workspace import Workspace
from pipelines.run_requests import JOB, run_request
from pipelines.unchanged import look_over, record_unchanged


def schedule_name(dataset: str) -> str:
    """Name of a dataset's schedule."""
    return f"{graph_name(dataset)}_nightly"


def nightly(
    workspace: Workspace, dataset: str, config: ScheduleConfig, stages: Sequence[str]
) -> dg.ScheduleDefinition:
    """Build the schedule of a dataset, which asks for a run of these stages.

    It runs unless somebody stops it in Dagster's page.
    """

    @dg.schedule(
        name=schedule_name(dataset),
        job_name=JOB,
        cron_schedule=config.cron,
        execution_timezone=config.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Audits {dataset}, unless nothing changed since the last audit.",
    )
    def _tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        reason = tick(workspace, dataset, context.instance)
        if reason is None:
            return dg.SkipReason(f"Nothing changed in {dataset} since it was last audited.")
        return run_request(dataset, stages, "schedule", reason)

    return _tick


def tick(workspace: Workspace, dataset: str, instance: dg.DagsterInstance) -> str | None:
    """Say why a dataset wants a run; None when nothing changed, which is then recorded."""
    try:
        with workspace.run_lock(dataset, "the nightly tick"):
            found = look_over(workspace, dataset)
            if not isinstance(found, Standing):
                return found
            record_unchanged(instance, workspace, dataset, found, "schedule")
            return None
    except AuditError as e:
        # Something is wrong, or another run holds the dataset. The run says what, or waits for the other.
        return str(e)
