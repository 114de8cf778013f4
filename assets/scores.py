"""Label versions from verdicts, every model's score on each, and the comparison."""

import dagster as dg
import pyarrow as pa

from assets.findings import FINDINGS
from assets.resources import WorkspaceResource
from assets.review import REVIEW_QUEUE, VERDICTS
from assets.stage import common, key, preview, stage
from audits.benchmark.comparison import compare, table_rows
from audits.benchmark.scores import score_versions
from audits.benchmark.versions import VERSIONS, summary, version_names
from audits.cleaned import clean, contestants
from audits.review.consensus import Rule
from audits.stored import load_items

LABEL_VERSIONS, SCORES, COMPARISON = "label_versions", "scores", "comparison"


def label_versions(dataset: str) -> dg.AssetsDefinition:
    """Derive the label versions from findings and verdicts."""

    @dg.asset(
        **common(dataset, LABEL_VERSIONS, "arrow"),
        deps=[key(dataset, FINDINGS), key(dataset, REVIEW_QUEUE), key(dataset, VERDICTS)],
        description="original, corrected (by verdicts) and flagged-removed (unreviewed).",
    )
    def _asset(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
        with stage(workspace, dataset, "building label versions") as s, workspace.open_store() as store:
            cleaned = clean(s.tables, store, Rule.from_config(s.dataset.config.review))
            lineage = s.tables.current_ref(FINDINGS).lineage()
            consensus = s.tables.write("consensus", cleaned.consensus, lineage)
            ref = s.tables.write(LABEL_VERSIONS, cleaned.versions, {**lineage, **consensus.lineage()})
            s.tables.publish({"consensus": consensus, LABEL_VERSIONS: ref}, context.run.run_id)
            rows = [_counts(cleaned.versions, v) for v in version_names(cleaned.versions)]
            return dg.MaterializeResult(
                metadata={
                    "decided or pending items": cleaned.consensus.num_rows,
                    "versions": preview(rows),
                },
                data_version=dg.DataVersion(ref.version),
            )

    return _asset


def _counts(versions: pa.Table, version: str) -> dict[str, object]:
    counted = summary(versions, version)
    return {
        "version": version,
        "reviewed": VERSIONS[version].reviewed,
        "items": counted.items,
        "relabelled": counted.relabelled,
        "pending": counted.pending,
        "left out": sum(counted.left_out.values()),
    }


def scores(dataset: str) -> dg.AssetsDefinition:
    """Score every model on every label version."""

    @dg.asset(
        **common(dataset, SCORES, "scikitlearn"),
        deps=[key(dataset, LABEL_VERSIONS)],
        description="One row per model, label version, item set and metric.",
    )
    def _asset(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
        with stage(workspace, dataset, "scoring models") as s:
            versions_ref = s.tables.current_ref(LABEL_VERSIONS)
            lineage = versions_ref.lineage()
            table = score_versions(
                contestants(s.tables, lineage),
                s.tables.read(LABEL_VERSIONS, versions_ref.version),
                load_items(s.tables, lineage).ids,
                s.dataset.config.metrics,
            )
            ref = s.tables.write(SCORES, table, lineage)
            s.tables.publish({SCORES: ref}, context.run.run_id)
            metric = s.dataset.config.metrics[0]
            rows = [r for r in table.to_pylist() if (r["metric"], r["items"]) == (metric, "all")]
            return dg.MaterializeResult(
                metadata={"scores": table.num_rows, f"{metric} on all items": preview(rows)},
                data_version=dg.DataVersion(ref.version),
            )

    return _asset


def comparison(dataset: str) -> dg.AssetsDefinition:
    """Set the corrected scores beside the original ones."""

    @dg.asset(
        **common(dataset, COMPARISON, "arrow"),
        deps=[key(dataset, SCORES)],
        description="Ranks under original and corrected labels, and the pairs of models that change places.",
    )
    def _asset(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
        with stage(workspace, dataset, "comparing") as s:
            scores_ref = s.tables.current_ref(SCORES)
            lineage = scores_ref.lineage()
            rule = Rule.from_config(s.dataset.config.review)
            compared = compare(
                dataset,
                s.tables.read(LABEL_VERSIONS, lineage[LABEL_VERSIONS]),
                s.tables.read(SCORES, scores_ref.version),
                agree=rule.agree,
                verdicts_per_item=rule.of,
            )
            ranks = s.tables.write("ranks", compared.ranks, lineage)
            flips = s.tables.write("flips", compared.flips, lineage)
            s.tables.publish({"ranks": ranks, "flips": flips}, context.run.run_id)
            metric = s.dataset.config.metrics[0]
            rows = [vars(r) for r in table_rows(compared, "common", metric)]
            return dg.MaterializeResult(
                metadata={"flips": compared.flips.num_rows, f"{metric} on common items": preview(rows)},
                data_version=dg.DataVersion(f"{ranks.version}-{flips.version}"),
            )

    return _asset
