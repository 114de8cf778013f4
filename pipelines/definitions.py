"""All definitions of a workspace: one audit graph and one job per dataset."""

import os
from pathlib import Path

import dagster as dg

from assets.factory import audit_graph, broken_graph
from assets.resources import WorkspaceResource
from assets.stage import graph_name
from audits.errors import ConfigError
from audits.workspace import Workspace

#: Environment variable that names the workspace.
WORKSPACE_VARIABLE = "LABELAUDIT_WORKSPACE"


def job_name(dataset: str) -> str:
    """Name of the job that runs a dataset's whole graph."""
    return f"audit_{graph_name(dataset)}"


def build(root: Path) -> dg.Definitions:
    """Build the definitions of a workspace.

    A folder that is no workspace gives none, so that the code location loads before `labelaudit init`.
    """
    try:
        workspace = Workspace(root)
    except ConfigError:
        return dg.Definitions()
    graphs = {}
    for name in workspace.dataset_names():
        try:
            graphs[name] = audit_graph(workspace.dataset(name))
        except ConfigError:
            graphs[name] = broken_graph(name)
    return dg.Definitions(
        assets=[a for g in graphs.values() for a in g.assets],
        asset_checks=[c for g in graphs.values() for c in g.checks],
        jobs=[
            dg.define_asset_job(
                job_name(name),
                selection=dg.AssetSelection.groups(graph_name(name)),
                description=f"The whole audit of {name}.",
            )
            for name in graphs
        ],
        resources={"workspace": WorkspaceResource(path=str(workspace.root))},
        # Three empty steps take 0.6 s in process and 9.7 s with a process each.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Definitions of the workspace that the environment names, by default the current directory."""
    return build(Path(os.environ.get(WORKSPACE_VARIABLE, ".")))
