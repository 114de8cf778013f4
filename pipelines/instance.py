"""The workspace's Dagster instance."""

import contextlib
from collections.abc import Iterator

import dagster as dg

from audits.disk import write_atomic
from audits.workspace import Workspace

_SETTINGS = """\
# Written by labelaudit when it first needed a Dagster instance; yours to change.
# Runs, events and schedules are kept in SQLite files beside this one.
telemetry:
  enabled: false
"""


@contextlib.contextmanager
def open_instance(workspace: Workspace) -> Iterator[dg.DagsterInstance]:
    """Open the instance that lives in a workspace, writing its settings when there are none."""
    home = workspace.dagster_home
    settings = home / "dagster.yaml"
    if not settings.exists():
        write_atomic(settings, _SETTINGS.encode())
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance
