"""All that is known of one item, gathered from every room."""

from __future__ import annotations

import difflib
import math
from dataclasses import replace
from datetime import date, time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audits.benchmark.versions import label_versions
from audits.cleaned import decided
from audits.errors import UsageError
from audits.review.consensus import Rule
from audits.review.questions import questions_of
from audits.review.store import ReviewStore
from audits.stored import DUPLICATES, StoredItems, load_items, load_models, load_signals
from audits.table_store import TableStore


def finding_rows(
    tables: TableStore, *, flagged_only: bool = False, limit: int | None = None
) -> list[dict[str, Any]]:
    """Findings of the last run as plain rows, likeliest error first.

    Parameters
    ----------
    tables : TableStore
    flagged_only : bool
        Leave out items that no audit flags.
    limit : int, optional
        How many rows at the most.

    Returns
    -------
    list of dict
        `item_id`, `given_label`, `suggested_label` (class ids), `score` (in [0, 1], lower is worse), `probability`
        (in [0, 1], higher is worse; None until it is learned from verdicts),
        `flagged`, `reasons`, `rank`, `given_name`, `suggested_name`.

    Raises
    ------
    UsageError
        When the dataset was never run.
    """
    ref = tables.current_ref("findings")
    classes = load_items(tables, ref.lineage()).classes
    table = tables.read("findings", ref.version)
    if flagged_only:
        table = table.filter(table["flagged"])
    if limit is not None:
        table = table.slice(0, limit)
    return [
        {
            "item_id": r["item_id"],
            "given_label": classes.id_of(r["given_label"]),
            "suggested_label": classes.id_of(r["suggested_label"]),
            "score": r["score"],
            "probability": r["probability"],
            "flagged": r["flagged"],
            "reasons": r["reasons"],
            "rank": r["rank"],
            "given_name": classes.display(r["given_label"]),
            "suggested_name": classes.display(r["suggested_label"]),
        }
        for r in table.to_pylist()
    ]


def item_view(tables: TableStore, store: ReviewStore, rule: Rule, item_id: str) -> dict[str, Any]:
    """Gather everything about an item: content, labels, model outputs, signals, finding, verdicts.

    Parameters
    ----------
    tables : TableStore
    store : ReviewStore
    rule : Rule
        The consensus rule in force.
    item_id : str

    Returns
    -------
    dict
        Plain data, as `labelaudit show --json` prints it.

    Raises
    ------
    UsageError
        When the dataset was never run or has no such item; the nearest id is named.
    """
    ref = tables.current_ref("findings")
    lineage = ref.lineage()
    items = load_items(tables, lineage)
    row = _row_of(items, item_id, tables.dataset)
    classes = items.classes
    references = None if items.references is None else items.references.slice(row, 1)
    one = replace(items, items=items.items.slice(row, 1), further=items.further.slice(row, 1))
    question = questions_of(one.items, tables.dataset, classes)[0]
    findings = tables.read("findings", ref.version)
    finding = findings.filter(_equals(findings, item_id))
    found = finding.to_pylist()[0]
    decision = decided(one, tables.dataset, store, rule)
    consensus = decision.to_pylist()
    sets = rule.policy == "set-valued"
    versions = label_versions(one.items, finding, decision, references, sets=sets).to_pylist()
    return {
        "dataset": tables.dataset,
        "item_id": item_id,
        "content": plain_value(one.further.to_pylist()[0]) if one.further.num_columns else {},
        "given_label": classes.id_of(found["given_label"]),
        "given_name": classes.display(found["given_label"]),
        "finding": {
            "rank": found["rank"],
            "score": found["score"],
            "probability": found["probability"],
            "held_out": found["held_out"],
            "flagged": found["flagged"],
            "suggested_label": classes.id_of(found["suggested_label"]),
            "suggested_name": classes.display(found["suggested_label"]),
            "reasons": found["reasons"],
        },
        "models": _models(tables, lineage, items, row),
        "signals": _signals(tables, lineage, items, item_id),
        "duplicates": _duplicates(tables, lineage, items, item_id),
        "question": question.hash,
        "task": _task(store, tables.dataset, question.hash),
        "verdicts": [
            {
                "id": v.id,
                "reviewer": v.reviewer,
                "decision": v.decision,
                "labels": list(v.labels),
                "label_names": [classes.display(classes.positions.get(x)) or x for x in v.labels],
                "comment": v.comment,
                "seconds": v.seconds,
                "decided_at": v.decided_at.isoformat(),
                "source": v.source,
                "role": v.role,
                "category": v.category,
                "severity": v.severity,
                "withdrawn": v.withdrawn,
                "answers_current_question": v.question.hash == question.hash,
            }
            for v in store.item_history(tables.dataset, item_id)
        ],
        "consensus": None
        if not consensus
        else {
            "rule": str(rule),
            "outcome": consensus[0]["outcome"],
            "label": classes.id_of(consensus[0]["label"]),
            "label_name": classes.display(consensus[0]["label"]),
            "labels": [classes.id_of(label) for label in consensus[0]["labels"]],
            "votes": consensus[0]["votes"],
            "agreeing": consensus[0]["agreeing"],
        },
        "label_versions": [
            {
                "version": v["version"],
                "label": classes.id_of(v["label"]),
                "label_name": classes.display(v["label"]),
                "labels": [classes.id_of(label) for label in v["labels"] or ()],
                "label_names": [classes.display(label) for label in v["labels"] or ()],
                "state": v["state"],
                "reason": v["reason"],
            }
            for v in versions
        ],
    }


def _row_of(items: StoredItems, item_id: str, dataset: str) -> int:
    if item_id in items.rows:
        return items.rows[item_id]
    near = difflib.get_close_matches(item_id[:200], items.rows, n=1, cutoff=0.0)
    hint = f"; the nearest id is {near[0]!r}" if near else ""
    raise UsageError(f"dataset {dataset!r} has no item {item_id!r}{hint}")


def plain_value(value: object) -> Any:
    """A value of a further column as JSON can hold it: columns may be dates, decimals, bytes or lists."""
    if isinstance(value, dict):
        return {str(k): plain_value(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_value(v) for v in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, (date, time)):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)


def _equals(table: pa.Table, item_id: str) -> pa.Array:
    return pc.equal(table["item_id"], item_id)


def _models(
    tables: TableStore, lineage: dict[str, str], items: StoredItems, row: int
) -> list[dict[str, Any]]:
    out = []
    given = items.labels[row : row + 1]
    for name, model in load_models(tables, lineage).items():
        one = model.outputs.take(np.array([row], dtype=np.intp))
        predicted = one.predicted()
        p_given, confidence = one.probability_of(given), one.confidence()
        index = int(predicted[0])
        out.append(
            {
                "model": name,
                "predicted_label": items.classes.id_of(index) if index >= 0 else None,
                "predicted_name": items.classes.display(index) if index >= 0 else None,
                "p_predicted": None if confidence is None else float(confidence[0]),
                "p_given": None if p_given is None else float(p_given[0]),
                "agrees": index == int(given[0]),
            }
        )
    return out


def _signals(
    tables: TableStore, lineage: dict[str, str], items: StoredItems, item_id: str
) -> list[dict[str, Any]]:
    table = load_signals(tables, lineage)
    return [
        {
            "signal": r["signal"],
            "model": r["model"],
            "score": r["score"],
            "flagged": r["flagged"],
            "rank": r["rank"],
            "suggested_label": items.classes.id_of(r["suggested_label"]),
            "n_agree": r["n_agree"],
            "n_models": r["n_models"],
            "p_given": r["p_given"],
            "p_suggested": r["p_suggested"],
            "reason": r["reason"],
        }
        for r in table.filter(_equals(table, item_id)).to_pylist()
    ]


def _duplicates(
    tables: TableStore, lineage: dict[str, str], items: StoredItems, item_id: str
) -> list[dict[str, Any]]:
    """The other items that are duplicates of this one, those in conflict first, then the nearest."""
    if DUPLICATES not in lineage:
        return []
    table = tables.read(DUPLICATES, lineage[DUPLICATES])
    found = table.filter(pc.or_(_equals(table, item_id), pc.equal(table["other_id"], item_id))).to_pylist()
    rows = []
    for r in found:
        own = r["item_id"] == item_id
        label = r["other_label"] if own else r["label"]
        rows.append(
            {
                "item_id": r["other_id"] if own else r["item_id"],
                "features": r["features"],
                "exact": r["exact"],
                "distance": r["distance"],
                "label": items.classes.id_of(label),
                "label_name": items.classes.display(label),
                "conflict": r["conflict"],
                "split": r["other_split"] if own else r["split"],
            }
        )
    return sorted(rows, key=lambda r: (not r["conflict"], not r["exact"], r["distance"] or 0.0, r["item_id"]))


def _task(store: ReviewStore, dataset: str, question: str) -> dict[str, Any] | None:
    tasks = store.tasks(dataset, [question])
    if not tasks:
        return None
    task = tasks[0]
    priority = store.priorities(dataset).get(question)
    reopened = [r.at for r in store.reopenings(dataset) if r.question_hash == question and r.at is not None]
    return {
        "stratum": task.stratum,
        "inclusion_probability": task.inclusion_probability,
        "queued_at": task.created_at.isoformat(),
        "verdicts": task.verdicts,
        "position": None if priority is None else priority.position,
        "probability": None if priority is None else priority.probability,
        "reopened": max(reopened).isoformat() if reopened else None,
    }
