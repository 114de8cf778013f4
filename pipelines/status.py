"""Where every dataset of a workspace stands."""

from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pyarrow.compute as pc

from audits.errors import AuditError
from audits.review.consensus import Rule
from audits.review.exchange import open_tasks
from audits.review.gold import gold_results
from audits.review.questions import questions_of
from audits.review.store import ReviewStore
from audits.stored import ITEMS, is_outputs_table, load_items, load_models
from audits.workspace import Workspace
from pipelines.definitions import job_name
from pipelines.instance import open_instance


def workspace_status(workspace: Workspace) -> dict[str, Any]:
    """Gather the state of all datasets, as `labelaudit status --json` prints it."""
    with ReviewStore(workspace.store_url) as store, open_instance(workspace) as instance:
        return {
            "workspace": str(workspace.root),
            "datasets": [_dataset(workspace, store, instance, n) for n in workspace.dataset_names()],
        }


def _dataset(
    workspace: Workspace, store: ReviewStore, instance: dg.DagsterInstance, name: str
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "dataset": name,
        "configuration": "ok",
        "items": None,
        "models": [],
        "flagged": None,
        "queue": {"open": 0, "complete": 0, "outdated": 0},
        "verdicts": 0,
        "gold": [],
        "last_run": _last_run(instance, name),
    }
    rule = None
    try:
        rule = Rule.from_config(workspace.dataset(name).config.review)
    except AuditError as e:
        found["configuration"] = str(e)
    tables = workspace.tables(name)
    refs = tables.current()
    verdicts = store.verdicts(name)
    found["verdicts"] = sum(not v.withdrawn for v in verdicts)
    if ITEMS not in refs:
        return found
    lineage = {t: r.version for t, r in refs.items() if t == ITEMS or is_outputs_table(t)}
    items = load_items(tables, lineage)
    found["items"] = items.items.num_rows
    found["models"] = list(load_models(tables, lineage))
    if "findings" in refs:
        found["flagged"] = pc.sum(tables.read("findings", refs["findings"].version)["flagged"]).as_py() or 0
    tasks = store.tasks(name)
    current = {q.hash for q in questions_of(items.items, name, items.classes)}
    asked = [t for t in tasks if t.question.hash in current]
    if rule is not None:
        waiting = len(open_tasks(store, name, items.items, items.classes, rule))
        found["queue"] = {
            "open": waiting,
            "complete": len(asked) - waiting,
            "outdated": len(tasks) - len(asked),
        }
    found["gold"] = gold_results(tasks, verdicts)
    return found


def _last_run(instance: dg.DagsterInstance, name: str) -> dict[str, Any] | None:
    records = instance.get_run_records(dg.RunsFilter(job_name=job_name(name)), limit=1)
    if not records:
        return None
    record = records[0]
    ended = record.end_time
    return {
        "run_id": record.dagster_run.run_id,
        "status": record.dagster_run.status.value,
        "ended_at": None
        if ended is None
        else datetime.fromtimestamp(ended, UTC).isoformat(timespec="seconds"),
    }
