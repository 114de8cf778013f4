"""`state/up.json`: where `labelaudit up` serves a workspace, for people, other commands and a second `up`."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from audits.disk import write_atomic, writing
from audits.locks import is_held
from audits.workspace import Workspace


@dataclass(frozen=True)
class UpRecord:
    """Where and as what `up` runs.

    Attributes
    ----------
    address : str
        What to open in a browser.
    host : str
    port : int
    pid : int
        Process of `labelaudit up`; ending it ends the others.
    since : str
        When it was started, ISO 8601 in UTC.
    children : dict of str to int
        Processes by name.
    webhooks : dict of str to bool
        Names of the environment variables that webhooks want, and whether they are set for these processes.
    review : str
        Address of the review app.
    """

    address: str
    host: str
    port: int
    pid: int
    since: str
    children: dict[str, int]
    webhooks: dict[str, bool] = field(default_factory=dict)
    review: str = ""


def lock_path(workspace: Workspace) -> Path:
    """The lock that `up` holds."""
    return workspace.state / "locks" / "up.lock"


def guard_lock_path(workspace: Workspace) -> Path:
    """The lock that the guard of `up` holds, also when `up` is dead and what it started is being ended."""
    return workspace.state / "locks" / "up-guard.lock"


def record_path(workspace: Workspace) -> Path:
    """Where the record lies."""
    return workspace.state / "up.json"


def write_record(workspace: Workspace, record: UpRecord) -> None:
    """Write the record; raises AuditError when the disk refuses it."""
    path = record_path(workspace)
    with writing(path):
        write_atomic(path, json.dumps(asdict(record), indent=1).encode() + b"\n")


def read_record(workspace: Workspace) -> UpRecord | None:
    """What was recorded last, by a living `up` or a dead one; None when there is nothing of use."""
    try:
        return UpRecord(**json.loads(record_path(workspace).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def running(workspace: Workspace) -> UpRecord | None:
    """Where the workspace is served at this moment; None when it is not, or not yet."""
    return read_record(workspace) if is_held(lock_path(workspace)) else None
