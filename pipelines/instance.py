"""The workspace's Dagster instance."""

import contextlib
from collections.abc import Iterator
from urllib.parse import unquote

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from audits.disk import write_atomic
from audits.errors import AuditError, ConfigError
from audits.review.database import reason
from audits.workspace import Workspace

_SETTINGS = """\
# Written by labelaudit when it first needed a Dagster instance; yours to change.
# Runs, events and schedules are kept in SQLite files beside this one.
telemetry:
  enabled: false
"""


@contextlib.contextmanager
def open_instance(workspace: Workspace) -> Iterator[dg.DagsterInstance]:
    """Open the instance that lives in a workspace, writing its settings when there are none.

    Raises
    ------
    ConfigError
        When Dagster would read the workspace's path as another one.
    AuditError
        When Dagster cannot write what it records.
    """
    root = str(workspace.root)
    if "?" in root or unquote(root) != root:
        # Dagster puts the path into a URL as it is; its files would land outside of the workspace
        raise ConfigError(f"{root}: Dagster cannot keep its files in a folder with '?' or '%20' in its path")
    home = workspace.dagster_home
    settings = home / "dagster.yaml"
    if not settings.exists():
        write_atomic(settings, _SETTINGS.encode())
    try:
        with dg.DagsterInstance.from_config(str(home)) as instance:
            yield instance
    except SQLAlchemyError as e:  # a full disk, a missing permission: no defect here, so no traceback
        raise AuditError(f"{home}: Dagster's record of runs cannot be kept: {reason(e)}") from e
