"""Ingest: files become candidates, the checks judge them, and a publish step makes them current."""

import dagster as dg
import pyarrow as pa

from assets.resources import WorkspaceResource
from assets.stage import Stage, common, key, preview, stage
from audits.config import Dataset
from audits.errors import InputError
from audits.ingest.annotations import ingest_annotations
from audits.ingest.items import ingest_items
from audits.ingest.model_outputs import ingest_outputs
from audits.progress import report
from audits.publishing import publish_candidates
from audits.stored import ANNOTATIONS, load_items, save_items, save_model

ITEMS_CANDIDATE = "items_candidate"
OUTPUTS_CANDIDATE = "model_outputs_candidate"
ANNOTATIONS_CANDIDATE = "annotations_candidate"
PUBLISHED = "published"


def items_candidate(dataset: str) -> dg.AssetsDefinition:
    """Read the items file."""

    @dg.asset(**common(dataset, ITEMS_CANDIDATE, "arrow"), description="Items as read, not judged yet.")
    def _asset(workspace: WorkspaceResource) -> dg.MaterializeResult:
        with stage(workspace, dataset, "reading items") as s:
            ingested = ingest_items(s.dataset)
            ref = save_items(s.tables, ingested, s.dataset.classes)
            s.tables.set_candidate(ref)
            return dg.MaterializeResult(
                metadata={
                    "items": ingested.items.num_rows,
                    "classes": len(s.dataset.classes),
                    "labels_as": ingested.labels_as,
                    "preview": preview(ingested.items.slice(0, 5).to_pylist()),
                },
                data_version=dg.DataVersion(ref.version),
            )

    return _asset


def model_outputs_candidate(dataset: str) -> dg.AssetsDefinition:
    """Read every model's outputs and join them to the candidate items."""

    @dg.asset(
        **common(dataset, OUTPUTS_CANDIDATE, "numpy"),
        deps=[key(dataset, ITEMS_CANDIDATE)],
        description="Model outputs joined to the items by id, not judged yet.",
    )
    def _asset(workspace: WorkspaceResource) -> dg.MaterializeResult:
        with stage(workspace, dataset, "reading model outputs") as s:
            rows = _ingest_models(s)
            return dg.MaterializeResult(
                metadata={"models": len(rows), "outputs": preview(rows)},
                data_version=dg.DataVersion("-".join(str(r["version"])[:8] for r in rows) or "none"),
            )

    return _asset


def _ingest_models(s: Stage) -> list[dict[str, object]]:
    """Make every model's outputs a candidate; a row a model. The problems of all models are told at once."""
    items_ref = s.tables.candidates()["items"]
    ids = load_items(s.tables, items_ref.lineage()).ids
    rows: list[dict[str, object]] = []
    problems = []
    for model in s.dataset.config.models:
        report(f"outputs of {model.name}")
        try:
            ingested = ingest_outputs(s.dataset, model, ids)
        except InputError as e:
            problems.append(str(e))
            continue
        ref = save_model(s.tables, ingested, model, items_ref.lineage())
        s.tables.set_candidate(ref)
        rows.append(
            {
                "model": model.name,
                "kind": ingested.outputs.kind,
                "clipped": ingested.clipped,
                "unanswered": ingested.unanswered,
                "version": ref.version,
            }
        )
    if problems:
        raise InputError("\n".join(problems))
    return rows


def annotations_candidate(dataset: str) -> dg.AssetsDefinition:
    """Read the annotations."""

    @dg.asset(
        **common(dataset, ANNOTATIONS_CANDIDATE, "arrow"),
        deps=[key(dataset, ITEMS_CANDIDATE)],
        description="Annotations in long form, not judged yet.",
    )
    def _asset(workspace: WorkspaceResource) -> dg.MaterializeResult:
        with stage(workspace, dataset, "reading annotations") as s:
            config = s.dataset.config.annotations
            if config is None:
                raise InputError(f"dataset {dataset!r} no longer has annotations; reload the definitions")
            items_ref = s.tables.candidates()["items"]
            table: pa.Table = ingest_annotations(
                s.dataset, config, load_items(s.tables, items_ref.lineage()).ids
            )
            ref = s.tables.write(ANNOTATIONS, table, items_ref.lineage())
            s.tables.set_candidate(ref)
            return dg.MaterializeResult(
                metadata={"annotations": table.num_rows, "preview": preview(table.slice(0, 5).to_pylist())},
                data_version=dg.DataVersion(ref.version),
            )

    return _asset


def published(dataset: Dataset) -> dg.AssetsDefinition:
    """Make the judged candidates current, all in one step."""
    stages = [ITEMS_CANDIDATE, OUTPUTS_CANDIDATE]
    if dataset.config.annotations is not None:
        stages.append(ANNOTATIONS_CANDIDATE)

    @dg.asset(
        **common(dataset.name, PUBLISHED, "arrow"),
        deps=[key(dataset.name, s) for s in stages],
        description="The ingested tables in force: candidates that passed their checks, all in one step.",
    )
    def _asset(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
        with stage(workspace, dataset.name, "publishing") as s:
            refs = publish_candidates(s.tables, s.dataset, context.run.run_id)
            return dg.MaterializeResult(
                metadata={"tables": preview([{"table": r.table, "version": r.version} for r in refs])},
                data_version=dg.DataVersion("-".join(r.version[:8] for r in refs)),
            )

    return _asset
