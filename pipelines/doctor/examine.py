"""All checks, in order, and what they come to."""

from collections.abc import Callable, Mapping
from typing import Any

from audits.errors import AuditError, plain
from audits.workspace import Workspace
from pipelines.doctor import datasets, machine, nights, stores
from pipelines.doctor.finding import Finding, fault

Check = Callable[[Workspace], list[Finding]]

#: Every check by its name; a new one is a function and a line here.
CHECKS: Mapping[str, Check] = {
    "Python": machine.python,
    "packages": machine.packages,
    "time zones": machine.time_zones,
    "state": machine.writable,
    "locks": machine.locking,
    "disk": machine.room,
    "review store": stores.review_store,
    "Dagster's records": stores.dagster_records,
    "dagster.yaml": stores.dagster_settings,
    "datasets": datasets.configurations,
    "webhooks": datasets.webhooks,
    "up": nights.serving,
    "daemon": nights.daemon,
    "schedules": nights.schedules,
    "runs": nights.killed_runs,
    "holders": stores.left_locks,
    "alerts": stores.alert_journal,
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
            found.append(fault(name, str(e), "see the words"))
        except Exception as e:  # a workspace can be broken in ways that nobody thought of
            words = f"the check failed: {type(e).__name__}: {plain(e)}"
            found.append(fault(name, words, "see the words; if they do not help, report them as a defect"))
    return found


def to_json(found: list[Finding]) -> dict[str, Any]:
    """Findings as `labelaudit doctor --json` prints them."""
    return {
        "ok": all(f.state != "fault" for f in found),
        "checks": [{"name": f.name, "state": f.state, "words": f.words, "mend": f.mend} for f in found],
    }
