"""Check of the workspace's own settings, labelaudit.yaml."""

from audits.errors import ConfigError
from audits.review.backends import where
from audits.workspace import Workspace
from audits.workspace_config import FILE
from pipelines.doctor.finding import Finding, fault, ok
from pipelines.instance import storage_settings


def workspace_settings(workspace: Workspace) -> list[Finding]:
    """Whether labelaudit.yaml is sound, and the environment variables that it names are set."""
    if not (workspace.root / FILE).exists():
        return [ok(FILE, "none; everything is kept in the workspace")]
    try:
        storage_settings(workspace)  # refuses what Dagster would misread
        config = workspace.config
        told = [
            f"{what} at {where(database.resolved())}"
            for what, database in (
                ("review store", config.review_store),
                ("Dagster's records", config.dagster_storage),
            )
            if database is not None
        ]
    except ConfigError as e:
        return [fault(FILE, str(e), f"correct {FILE}, or set the variable for whoever runs labelaudit")]
    return [ok(FILE, "; ".join(told) or "sound")]
