"""One audit graph per dataset, built from its YAML."""

from dataclasses import dataclass

import dagster as dg

from assets.checks import dataset_checks
from assets.resources import WorkspaceResource
from assets.stage import common, stage
from assets.stages import stage_assets
from audits.config import Dataset

CONFIGURATION = "configuration"


@dataclass(frozen=True)
class AuditGraph:
    """The assets and checks of one dataset."""

    assets: list[dg.AssetsDefinition | dg.AssetSpec]
    checks: list[dg.AssetChecksDefinition]


def audit_graph(dataset: Dataset) -> AuditGraph:
    """Build the graph of a dataset whose YAML is sound."""
    return AuditGraph(stage_assets(dataset), dataset_checks(dataset))


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
