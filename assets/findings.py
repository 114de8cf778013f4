"""Signals of every audit, and the findings they come to."""

import dagster as dg
import pyarrow.compute as pc

from assets.ingest import PUBLISHED
from assets.resources import WorkspaceResource
from assets.stage import common, key, preview, stage
from audits.evidence import rank_findings
from audits.signals.registry import run_signals
from audits.stored import ingested_lineage, load_items, load_models

SIGNALS, FINDINGS = "signals", "findings"


def signals(dataset: str) -> dg.AssetsDefinition:
    """Run every audit that the YAML asks for."""

    @dg.asset(
        **common(dataset, SIGNALS, "cleanlab"),
        deps=[key(dataset, PUBLISHED)],
        description="One score and flag per audit, model and item.",
    )
    def _asset(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
        with stage(workspace, dataset, "running audits") as s:
            lineage = ingested_lineage(s.tables.current())
            items = load_items(s.tables, lineage)
            outputs = {name: m.outputs for name, m in load_models(s.tables, lineage).items()}
            table = run_signals(items.items, outputs, s.dataset.config.audits)
            ref = s.tables.write(SIGNALS, table, lineage)
            s.tables.publish({SIGNALS: ref}, context.run.run_id)
            counts = table.group_by(["signal", "model"]).aggregate([("flagged", "sum"), ("score", "mean")])
            return dg.MaterializeResult(
                metadata={"rows": table.num_rows, "flagged": preview(counts.to_pylist())},
                data_version=dg.DataVersion(ref.version),
            )

    return _asset


def findings(dataset: str) -> dg.AssetsDefinition:
    """Combine the signals into one ranking."""

    @dg.asset(
        **common(dataset, FINDINGS, "arrow"),
        deps=[key(dataset, SIGNALS)],
        description="One ranked table: score, flag, suggested label and the reason in words.",
    )
    def _asset(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
        with stage(workspace, dataset, "ranking findings") as s:
            signals_ref = s.tables.current_ref(SIGNALS)
            items = load_items(s.tables, signals_ref.lineage())
            table = rank_findings(
                items.items,
                s.tables.read(SIGNALS, signals_ref.version),
                items.classes,
                s.dataset.config.audits,
            )
            ref = s.tables.write(FINDINGS, table, signals_ref.lineage())
            s.tables.publish({FINDINGS: ref}, context.run.run_id)
            return dg.MaterializeResult(
                metadata={
                    "items": table.num_rows,
                    "flagged": pc.sum(table["flagged"]).as_py() or 0,
                    "likeliest errors": preview(table.slice(0, 5).to_pylist()),
                },
                data_version=dg.DataVersion(ref.version),
            )

    return _asset
