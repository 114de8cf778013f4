"""Signals of every audit, and the findings they come to."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from audits import contracts
from audits.classes import ClassList
from audits.evidence import rank_findings
from audits.fingerprints import digest
from audits.outputs import ModelOutputs
from audits.signals.registry import Part, run_part, signal_parts
from audits.stages.preview import ROWS, rows_of
from audits.stored import (
    ingested_lineage,
    is_outputs_table,
    items_summary,
    load_items,
    load_models,
    load_signals,
    outputs_table,
    signal_table_name,
)
from audits.table_store import TableRef
from audits.work import Made, Outcome, Work

SIGNALS, FINDINGS = "signals", "findings"


def signals(work: Work) -> Outcome:
    """Run every audit that the YAML asks for, each on the models whose outputs or labels changed."""
    lineage = ingested_lineage(work.tables.current())
    summary = items_summary(work.tables, lineage)
    audits = work.dataset.config.audits

    def make() -> Made:
        items = load_items(work.tables, lineage).items
        outputs = {name: m.outputs for name, m in load_models(work.tables, lineage).items()}
        parts = signal_parts({name: o.kind for name, o in outputs.items()}, audits)
        versions: dict[str, str] = {}
        rows = []
        for part in parts:
            made = _one_part(work, part, items, outputs, lineage, summary.labels_hash)
            versions |= made[0]
            rows.append(made[1])
        table = pa.Table.from_pylist(rows, schema=contracts.SIGNAL_SUMMARY)
        ref = work.tables.write(SIGNALS, table, {})
        return Made({**versions, SIGNALS: ref.version}, {"rows": summary.rows * len(parts), "flagged": rows})

    inputs = {
        "labels": summary.labels_hash,
        "outputs": {t: v for t, v in lineage.items() if is_outputs_table(t)},
        "settings": audits.model_dump(mode="json"),
    }
    made = work.memo(SIGNALS, inputs, make)
    parts_made = {t: v for t, v in made.tables.items() if t != SIGNALS}
    ref = TableRef(SIGNALS, made.tables[SIGNALS], {**lineage, **parts_made})
    work.publish([ref])
    return work.outcome(made.facts, [ref])


def _one_part(
    work: Work,
    part: Part,
    items: pa.Table,
    outputs: dict[str, ModelOutputs],
    lineage: dict[str, str],
    labels_hash: str,
) -> tuple[dict[str, str], dict[str, object]]:
    name = signal_table_name(part.signal, part.model)
    audits = work.dataset.config.audits

    def make() -> Made:
        table = run_part(part, items, outputs, audits)
        counts = {
            "signal": part.signal,
            "model": part.model,
            "flagged": pc.sum(table["flagged"]).as_py() or 0,
            "mean_score": pc.mean(table["score"]).as_py(),
        }
        return Made({name: work.tables.write(name, table, {}).version}, counts)

    inputs = {
        "labels": labels_hash,
        "outputs": [lineage[outputs_table(m)] for m in part.models],
        "settings": getattr(audits, part.signal).model_dump(mode="json"),
    }
    made = work.memo(SIGNALS, inputs, make, part=str(part))
    return dict(made.tables), dict(made.facts)


def findings(work: Work) -> Outcome:
    """Combine the signals into one ranking."""
    signals_ref = work.tables.current_ref(SIGNALS)
    lineage = signals_ref.lineage()
    summary = items_summary(work.tables, lineage)
    audits = work.dataset.config.audits

    def make() -> Made:
        items = load_items(work.tables, lineage)
        table = rank_findings(
            items.items, load_signals(work.tables, lineage), ClassList(summary.ids, summary.names), audits
        )
        flagged = pc.sum(table["flagged"]).as_py() or 0
        facts = {
            "items": table.num_rows,
            "flagged": flagged,
            "flag rate": flagged / table.num_rows,
            "likeliest errors": rows_of(_shown(table, summary.ids)),
        }
        return Made({FINDINGS: work.tables.write(FINDINGS, table, {}).version}, facts)

    inputs = {
        "labels": summary.labels_hash,
        "signals": {t: v for t, v in lineage.items() if t.startswith(f"{SIGNALS}.")},
        "classes": digest([summary.ids, summary.names]),
        "settings": audits.model_dump(mode="json"),
    }
    made = work.memo(FINDINGS, inputs, make)
    ref = TableRef(FINDINGS, made.tables[FINDINGS], lineage)
    work.publish([ref])
    return work.outcome(made.facts, [ref])


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
