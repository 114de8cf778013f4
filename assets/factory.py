"""One audit graph per dataset, built from its YAML."""

from dataclasses import dataclass

import dagster as dg

from assets import checks, findings, ingest, review, scores
from assets.resources import WorkspaceResource
from assets.stage import common, stage
from audits.config import Dataset

CONFIGURATION = "configuration"


@dataclass(frozen=True)
class AuditGraph:
    """The assets and checks of one dataset."""

    assets: list[dg.AssetsDefinition | dg.AssetSpec]
    checks: list[dg.AssetChecksDefinition]


def audit_graph(dataset: Dataset) -> AuditGraph:
    """Build the graph of a dataset whose YAML is sound."""
    name = dataset.name
    assets: list[dg.AssetsDefinition | dg.AssetSpec] = [
        ingest.items_candidate(name),
        ingest.model_outputs_candidate(name),
        ingest.published(dataset),
        findings.signals(name),
        findings.findings(name),
        review.review_queue(name),
        review.verdicts(name),
        scores.label_versions(name),
        scores.scores(name),
        scores.comparison(name),
    ]
    graph_checks = [
        checks.items_valid(name),
        checks.items_usable(name),
        checks.outputs_valid(name),
        checks.outputs_usable(name),
    ]
    if dataset.config.annotations is not None:
        assets.insert(2, ingest.annotations_candidate(name))
        graph_checks += [checks.annotations_valid(name), checks.annotations_usable(name)]
    return AuditGraph(assets, graph_checks)


def broken_graph(name: str) -> AuditGraph:
    """Build the graph of a dataset whose YAML is not sound: one asset that fails with what is wrong.

    The dataset stays visible and its run fails, instead of being left out in silence or taking the other
    datasets down with it.
    """

    @dg.asset(
        **common(name, CONFIGURATION, "yaml"), description="The dataset's YAML file, which is not sound."
    )
    def _asset(workspace: WorkspaceResource) -> dg.MaterializeResult:
        with stage(workspace, name, "reading the configuration"):
            return dg.MaterializeResult(metadata={"note": "the file has been mended; reload the definitions"})

    return AuditGraph([_asset], [])
