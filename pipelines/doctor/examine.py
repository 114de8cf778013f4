"""All checks, in order, and what they come to."""

import os
from collections.abc import Mapping
from typing import Any

from audits.errors import AuditError, plain
from audits.workspace import Workspace
from pipelines.doctor import alerts, datasets, machine, nights, settings, stores, tables
from pipelines.doctor.finding import Check, Finding, fault

#: Every check by its name; a new one is a function and a line here.
CHECKS: Mapping[str, Check] = {
    "Python": machine.python,
    "packages": machine.packages,
    "time zones": machine.time_zones,
    "state": machine.writable,
    "locks": machine.locking,
    "disk": machine.room,
    "labelaudit.yaml": settings.workspace_settings,
    "review store": stores.review_store,
    "dagster.yaml": stores.dagster_settings,
    "Dagster's records": stores.dagster_records,
    "datasets": datasets.configurations,
    "tables": tables.tables,
    "webhooks": datasets.webhooks,
    "up": nights.serving,
    "daemon": nights.daemon,
    "schedules": nights.schedules,
    "runs": nights.killed_runs,
    "holders": stores.left_locks,
    "alerts": alerts.alert_journal,
}


def examine(workspace: Workspace, checks: Mapping[str, Check] = CHECKS) -> list[Finding]:
    """Run all checks. One that fails is a fault with the error's words, and does not stop the others.

    Nothing is changed but what a check needs to try out, and definitions are not loaded.
    """
    found = []
    for name, check in checks.items():
        try:
            found += check(workspace)
        except AuditError as e:
            found.append(fault(name, str(e), _mend(workspace)))
        except Exception as e:  # a workspace can be broken in ways that nobody thought of
            words = f"the check failed: {type(e).__name__}: {plain(e)}"
            found.append(fault(name, words, "report it with these words as a defect of labelaudit"))
    return found


def _mend(workspace: Workspace) -> str:
    """The mend of a check that could not look: most that it asks for lies in the state folder."""
    state = workspace.root / "state"
    if not state.is_dir():
        return f"move {state} away where it is a file, and let this user make the folder"
    folders = [f for f in (state, state / "locks", state / "dagster", state / "logs") if f.is_dir()]
    if refused := [f for f in folders if not os.access(f, os.R_OK | os.W_OK | os.X_OK)]:
        return f"let this user write in {refused[0]}"
    return "mend the file or folder named, or let this user read and write it"


def to_json(found: list[Finding]) -> dict[str, Any]:
    """Findings as `labelaudit doctor --json` prints them."""
    return {
        "ok": all(f.state != "fault" for f in found),
        "checks": [{"name": f.name, "state": f.state, "words": f.words, "mend": f.mend} for f in found],
    }
