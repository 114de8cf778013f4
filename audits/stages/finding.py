"""The findings that signals and verdicts come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audits.classes import ClassList
from audits.evidence.estimate import LEAST_VERDICTS, Evidence, Reviewed, with_verdicts, without_verdicts
from audits.evidence.ranking import rank_findings
from audits.evidence.reasons import title_of
from audits.fingerprints import digest
from audits.ingest.groups import groups_of
from audits.review.consensus import Rule
from audits.review.reviewed import reviewed_items
from audits.signals.inputs import Inputs
from audits.stages.preview import ROWS, rows_of
from audits.stages.signalling import SIGNALS, detector_inputs
from audits.stages.store_mark import mark
from audits.stored import ITEMS, StoredItems, is_outputs_table, items_summary, load_items, load_signals
from audits.table_store import TableRef
from audits.work import Made, Outcome, Work

FINDINGS = "findings"


def findings(work: Work) -> Outcome:
    """Combine the signals into one ranking, learning what they are worth from the verdicts there are."""
    signals_ref = work.tables.current_ref(SIGNALS)
    lineage = signals_ref.lineage()
    summary = items_summary(work.tables, lineage)
    config = work.dataset.config
    rule = Rule.from_config(config.review)
    store_mark = mark(work)
    learns = store_mark.verdicts - store_mark.withdrawals >= LEAST_VERDICTS

    def make() -> Made:
        items = load_items(work.tables, lineage)
        signals = load_signals(work.tables, lineage)
        evidence = _evidence(work, items, signals, lineage, rule if learns else None)
        table = rank_findings(
            items.items, signals, ClassList(summary.ids, summary.names), config.audits, evidence
        )
        flagged = pc.sum(table["flagged"]).as_py() or 0
        facts = {
            "items": table.num_rows,
            "flagged": flagged,
            "flag rate": flagged / table.num_rows,
            "verdicts learned from": evidence.verdicts,
            "what counts": _what_counts(evidence),
            "likeliest errors": rows_of(_shown(table, summary.ids)),
        }
        return Made({FINDINGS: work.tables.write(FINDINGS, table, {}).version}, facts)

    inputs: dict[str, Any] = {
        "labels": summary.labels_hash,
        "signals": {t: v for t, v in lineage.items() if t.startswith(f"{SIGNALS}.")},
        "outputs": {t: v for t, v in lineage.items() if is_outputs_table(t)},
        "classes": digest([summary.ids, summary.names]),
        "settings": config.audits.model_dump(mode="json"),
    }
    if config.audits.suggestion is not None and "suggestion" in summary.beside:
        inputs["suggestion"] = summary.beside["suggestion"]
    if config.items.groups:
        inputs["groups"] = [lineage[ITEMS], *config.items.groups]
    if learns:  # fewer verdicts teach nothing, so that the first ones change no ranking
        # what was queued since is no matter: a night that only queues must not ask for another
        inputs["verdicts"] = [store_mark.verdicts, store_mark.last_verdict, store_mark.withdrawals]
        inputs["items"] = lineage[ITEMS]  # a question is of what an item says, not of its label alone
        inputs["rule"] = rule.inputs()
    made = work.memo(FINDINGS, inputs, make)
    ref = TableRef(FINDINGS, made.tables[FINDINGS], lineage)
    work.publish([ref])
    return work.outcome(made.facts, [ref])


def _evidence(
    work: Work, items: StoredItems, signals: pa.Table, lineage: Mapping[str, str], rule: Rule | None
) -> Evidence:
    config = work.dataset.config
    inputs: Inputs = detector_inputs(work.tables, lineage)
    groups = {name: groups_of(items.further[name]).codes for name in config.items.groups}
    inputs = replace(inputs, groups=groups)
    if config.audits.suggestion is None:
        inputs = replace(inputs, suggestions=None)
    if rule is None:
        return without_verdicts(inputs, signals)
    found = reviewed_items(work.store, work.dataset.name, items.items, items.classes, rule)
    # an item that nobody was asked about by a draw, such as one of imported votes, counts as a flagged one
    inclusion = np.nan_to_num(found.inclusion_probability, nan=1.0)
    return with_verdicts(inputs, signals, Reviewed(found.rows, found.wrong, inclusion))


def _what_counts(evidence: Evidence) -> list[dict[str, object]]:
    """The sources of the evidence, by how far each moves the log odds of an item on average."""
    moved = {name: float(np.mean(np.abs(part))) for name, part in evidence.parts.items()}
    return [
        {"source": title_of(name), "mean log odds": moved[name]}
        for name in sorted(moved, key=lambda name: -moved[name])
        if moved[name] > 0
    ]


def _shown(table: pa.Table, class_ids: Sequence[str]) -> pa.Table:
    """What a page shows of the first findings: class ids, since positions in the class list stay inside."""
    top, ids = table.slice(0, ROWS), pa.array(class_ids, pa.string())
    return pa.table(
        {
            "item_id": top["item_id"],
            "score": top["score"],
            "given": ids.take(top["given_label"]),
            "suggested": ids.take(top["suggested_label"]),
            "reason": [reasons[0] if reasons else None for reasons in top["reasons"].to_pylist()],
        }
    )
