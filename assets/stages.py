"""The assets of a dataset: what each stage is called, what it follows, and what it is described as."""

from dataclasses import dataclass

import dagster as dg

from assets.naming import graph_name, key
from assets.resources import WorkspaceResource
from assets.stage import common, metadata, stage
from audits.config import Dataset
from audits.stages.graph import STAGES, stages_of

ITEMS_CANDIDATE, OUTPUTS_CANDIDATE = "items_candidate", "model_outputs_candidate"
ANNOTATIONS_CANDIDATE, FEATURES_CANDIDATE = "annotations_candidate", "features_candidate"
COMPARISON, VERDICTS = "comparison", "verdicts"


@dataclass(frozen=True)
class StageAsset:
    """How a stage appears in Dagster."""

    doing: str
    description: str
    kind: str
    follows: tuple[str, ...] = ()


#: By name of the stage.
STAGE_ASSETS: dict[str, StageAsset] = {
    ITEMS_CANDIDATE: StageAsset("reading items", "Items as read, not judged yet.", "arrow"),
    OUTPUTS_CANDIDATE: StageAsset(
        "reading model outputs",
        "Model outputs joined to the items by id, not judged yet.",
        "numpy",
        (ITEMS_CANDIDATE,),
    ),
    ANNOTATIONS_CANDIDATE: StageAsset(
        "reading annotations", "Annotations in long form, not judged yet.", "arrow", (ITEMS_CANDIDATE,)
    ),
    FEATURES_CANDIDATE: StageAsset(
        "reading features",
        "What items are compared by, and training dynamics, in items order, not judged yet.",
        "numpy",
        (ITEMS_CANDIDATE,),
    ),
    "published": StageAsset(
        "publishing",
        "The ingested tables in force: candidates that passed their checks, all in one step.",
        "arrow",
        (ITEMS_CANDIDATE, OUTPUTS_CANDIDATE, ANNOTATIONS_CANDIDATE, FEATURES_CANDIDATE),
    ),
    "signals": StageAsset(
        "running audits", "One score and flag per audit, model and item.", "cleanlab", ("published",)
    ),
    "findings": StageAsset(
        "ranking findings",
        "One ranked table: score, flag, suggested label and the reason in words.",
        "arrow",
        ("signals",),
    ),
    "review_queue": StageAsset(
        "routing to review",
        "Review tasks; an item is queued again only when its question changed.",
        "sqlite",
        ("findings",),
    ),
    "label_versions": StageAsset(
        "building label versions",
        "original, corrected (by verdicts) and flagged-removed (unreviewed).",
        "arrow",
        ("findings", "review_queue", VERDICTS),
    ),
    "scores": StageAsset(
        "scoring models",
        "One row per model, label version, item set and metric.",
        "scikitlearn",
        ("label_versions",),
    ),
    COMPARISON: StageAsset(
        "comparing",
        "Ranks under original and corrected labels, and the pairs of models that change places.",
        "arrow",
        ("scores",),
    ),
}


def stage_assets(dataset: Dataset) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """The assets of a dataset, in the order of its stages, with the verdicts that come in from outside."""
    names = stages_of(dataset)
    assets: list[dg.AssetsDefinition | dg.AssetSpec] = [_asset(dataset, n, {*names, VERDICTS}) for n in names]
    return [*assets, _verdicts(dataset.name)]


def _asset(dataset: Dataset, name: str, there: set[str]) -> dg.AssetsDefinition:
    shown, run = STAGE_ASSETS[name], STAGES[name]
    schedule = dataset.config.schedule
    last = name == COMPARISON and schedule is not None

    @dg.asset(
        **common(dataset.name, name, shown.kind),
        deps=[key(dataset.name, s) for s in shown.follows if s in there],
        description=shown.description,
        freshness_policy=dg.FreshnessPolicy.time_window(schedule.fresh_for()) if last else None,
    )
    def _stage(workspace: WorkspaceResource) -> dg.MaterializeResult:
        with stage(workspace, dataset.name, shown.doing) as work:
            outcome = run(work)
        workspace.computed(dataset.name, name, len(outcome.computed))
        return dg.MaterializeResult(metadata=metadata(outcome), data_version=dg.DataVersion(outcome.version))

    return _stage


def _verdicts(dataset: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        key(dataset, VERDICTS),
        deps=[key(dataset, "review_queue")],
        group_name=graph_name(dataset),
        kinds={"sqlite"},
        description="Append-only verdicts in the review store; people give them, no run makes them.",
    )
