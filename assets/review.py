"""The review queue, and the verdicts that come in from outside the graph."""

import dagster as dg

from assets.findings import FINDINGS
from assets.resources import WorkspaceResource
from assets.stage import common, key, preview, stage
from audits.review.gold import read_gold
from audits.review.questions import questions_of
from audits.review.routing import route
from audits.stored import load_items

REVIEW_QUEUE, VERDICTS = "review_queue", "verdicts"


def review_queue(dataset: str) -> dg.AssetsDefinition:
    """Route flagged items, the control sample and gold items to people."""

    @dg.asset(
        **common(dataset, REVIEW_QUEUE, "sqlite"),
        deps=[key(dataset, FINDINGS)],
        description="Review tasks; an item is queued again only when its question changed.",
    )
    def _asset(workspace: WorkspaceResource) -> dg.MaterializeResult:
        with stage(workspace, dataset, "routing to review") as s, workspace.open_store() as store:
            ref = s.tables.current_ref(FINDINGS)
            items = load_items(s.tables, ref.lineage())
            policy = s.dataset.config.review
            tasks = route(
                s.tables.read(FINDINGS, ref.version),
                questions_of(items.items, dataset, items.classes),
                items.classes,
                policy,
                read_gold(s.dataset, policy.gold) if policy.gold else {},
            )
            new = store.queue(tasks)
            strata = {x: sum(t.stratum == x for t in tasks) for x in ("flagged", "control", "gold")}
            return dg.MaterializeResult(
                metadata={"routed": len(tasks), "newly queued": new, "strata": preview([strata])}
            )

    return _asset


def verdicts(dataset: str) -> dg.AssetSpec:
    """People's verdicts, which come in outside the graph."""
    return dg.AssetSpec(
        key(dataset, VERDICTS),
        deps=[key(dataset, REVIEW_QUEUE)],
        group_name=dataset,
        kinds={"sqlite"},
        description="Append-only verdicts in the review store; people give them, no run makes them.",
    )
