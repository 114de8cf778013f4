"""The review queue: which items go to people, in which order, and which decisions are asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from audits.review.gold import read_gold
from audits.review.ordering import diversity, rank_impact
from audits.review.records import STRATA
from audits.review.renewal import Known, renewal
from audits.stages.finding import FINDINGS
from audits.stages.store_mark import mark
from audits.stored import ITEMS, is_outputs_table, load_items, load_models, neighbours_table
from audits.stored_inputs import load_neighbours
from audits.work import Made, Outcome, Work

#: What of the review policy the queue does not depend on: when an item is decided is asked anew in every run that
#: has something else to do.
_NO_MATTER = {"verdicts_per_item", "agree", "policy", "rescore"}


def review_queue(work: Work) -> Outcome:
    """Route flagged items, the control sample, the exploration and gold items to people, and put all in order."""
    ref = work.tables.current_ref(FINDINGS)
    lineage = ref.lineage()
    policy = work.dataset.config.review
    gold = policy.gold
    files = work.files(gold=gold.path if gold else None)
    new = reopened = 0

    def make() -> Made:
        nonlocal new, reopened
        items = load_items(work.tables, lineage)
        made = renewal(
            work.store,
            work.dataset.name,
            items.items,
            work.tables.read(FINDINGS, ref.version),
            items.classes,
            policy,
            read_gold(work.dataset, gold) if gold else {},
            _known(work, policy.order, lineage),
        )
        work.unchanged(files, gold=gold.path if gold else None)
        new, reopened = work.store.renew_queue(
            work.dataset.name, made.tasks, made.priorities, made.decisions, made.reopened
        )
        strata: dict[str, int] = {x: sum(t.stratum == x for t in made.tasks) for x in STRATA}
        return Made(
            facts={
                "routed": len(made.tasks),
                **strata,
                "tasks in the store": mark(work).tasks,
            }
        )

    inputs = {
        **files,
        "findings": ref.version,
        "items": ref.inputs[ITEMS],
        "order": _looked_at(work, policy.order, lineage),
        "settings": policy.model_dump(mode="json", exclude=_NO_MATTER),
    }

    mark(work)
    made = work.memo("review_queue", inputs, make)
    # where nothing was routed nothing is new, whatever the kept result came to when it was made
    return replace(
        work.outcome(made.facts), facts={**made.facts, "newly queued": new, "asked again": reopened}
    )


def _known(work: Work, order: str, lineage: Mapping[str, str]) -> Known:
    """What an order looks at beside the findings; nothing else is opened."""
    if order == rank_impact.NAME:
        models = load_models(work.tables, lineage)
        return Known(predicted={name: m.outputs.predicted() for name, m in models.items() if m.scored})
    if order == diversity.NAME:
        names = [f.name for f in work.dataset.config.features if neighbours_table(f.name) in lineage]
        return Known(neighbours={name: load_neighbours(work.tables, lineage, name) for name in names})
    return Known()


def _looked_at(work: Work, order: str, lineage: Mapping[str, str]) -> dict[str, str]:
    """Versions of the tables that an order looks at beside the findings."""
    if order == rank_impact.NAME:
        return {t: v for t, v in lineage.items() if is_outputs_table(t)}
    if order == diversity.NAME:
        tables = [neighbours_table(f.name) for f in work.dataset.config.features]
        return {t: lineage[t] for t in tables if t in lineage}
    return {}
