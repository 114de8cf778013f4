"""All definitions of a workspace: an audit graph and a schedule per dataset, one job, and the sensors."""

import os
from collections.abc import Collection
from pathlib import Path

import dagster as dg

from assets.factory import CONFIGURATION, audit_graph, broken_graph
from assets.resources import WorkspaceResource
from audits.errors import ConfigError
from audits.stages.graph import stages_of
from audits.workspace import Workspace
from pipelines.alert_sensor import alert_sensor
from pipelines.orphans import orphan_sensor
from pipelines.run_requests import JOB
from pipelines.schedules import nightly
from pipelines.verdict_sensor import verdict_sensor

#: Environment variable that names the workspace.
WORKSPACE_VARIABLE = "LABELAUDIT_WORKSPACE"


def build(root: Path, only: Collection[str] | None = None) -> dg.Definitions:
    """Build the definitions of a workspace.

    A folder that is no workspace gives none, so that the code location loads before `labelaudit init`.

    Parameters
    ----------
    root : Path
        The workspace.
    only : collection of str, optional
        Names of the datasets to define; left out, all.
    """
    try:
        workspace = Workspace(root)
    except ConfigError:
        return dg.Definitions()
    graphs, schedules, by_itself, told = [], [], False, False
    for name in workspace.dataset_names():
        if only is not None and name not in only:
            continue
        try:
            dataset = workspace.dataset(name)
        except ConfigError:  # it is due all the same, and its run says what is wrong with it
            graphs.append(broken_graph(name))
            schedule, stages = workspace.schedule(name), [CONFIGURATION]
            alerts = workspace.alerts(name)
        else:
            graphs.append(audit_graph(dataset))
            schedule, stages = dataset.config.schedule, stages_of(dataset)
            alerts = dataset.config.alerts
            by_itself |= dataset.config.review.rescore is not None
        if schedule is not None:
            schedules.append(nightly(workspace, name, schedule, stages))
        by_itself |= schedule is not None
        told |= alerts is not None
    return dg.Definitions(
        assets=[a for g in graphs for a in g.assets],
        asset_checks=[c for g in graphs for c in g.checks],
        jobs=[dg.define_asset_job(JOB, description="The whole audit of one dataset, or of all.")],
        schedules=schedules,
        sensors=[
            verdict_sensor(workspace, running=by_itself),
            alert_sensor(workspace.root, running=told),
            orphan_sensor(workspace),
        ],
        resources={"workspace": WorkspaceResource(path=str(workspace.root))},
        # Three empty steps take 0.6 s in process and 9.7 s with a process each.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Definitions of the workspace that the environment names, by default the current directory."""
    return build(Path(os.environ.get(WORKSPACE_VARIABLE, ".")))
