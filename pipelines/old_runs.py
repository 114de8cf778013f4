"""Removing Dagster's record of runs that ended long ago."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from audits.workspace import Workspace
from pipelines.instance import open_instance

_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def remove_runs(workspace: Workspace, days: int, *, dry_run: bool) -> int:
    """Remove the runs that ended more than so many days ago, with their events; says how many.

    The plots over time in Dagster's page then begin later; nothing of the workspace's own is touched.
    """
    before = datetime.now(UTC) - timedelta(days=days)
    with open_instance(workspace) as instance:
        ids = [
            r.dagster_run.run_id
            for r in instance.get_run_records(dg.RunsFilter(statuses=_ENDED, created_before=before))
            if r.end_time is not None and r.end_time < before.timestamp()
        ]
        if not dry_run:
            for run_id in ids:
                instance.delete_run(run_id)
        return len(ids)
