"""The review queue: which items go to people."""

from __future__ import annotations

from dataclasses import replace

from audits.errors import StoreError
from audits.review.gold import read_gold
from audits.review.questions import questions_of
from audits.review.records import STRATA, Mark
from audits.review.routing import route
from audits.review.store_loss import lost
from audits.stages.finding import FINDINGS
from audits.stored import ITEMS, load_items
from audits.work import Made, Outcome, Work


def review_queue(work: Work) -> Outcome:
    """Route flagged items, the control sample and gold items to people."""
    ref = work.tables.current_ref(FINDINGS)
    policy = work.dataset.config.review
    gold = policy.gold
    files = work.files(gold=gold.path if gold else None)
    new = 0

    def make() -> Made:
        nonlocal new
        items = load_items(work.tables, ref.lineage())
        tasks = route(
            work.tables.read(FINDINGS, ref.version),
            questions_of(items.items, work.dataset.name, items.classes),
            items.classes,
            policy,
            read_gold(work.dataset, gold) if gold else {},
        )
        work.unchanged(files, gold=gold.path if gold else None)
        new = work.store.queue(tasks)
        strata: dict[str, int] = {x: sum(t.stratum == x for t in tasks) for x in STRATA}
        return Made(
            facts={
                "routed": len(tasks),
                **strata,
                "tasks in the store": mark(work).tasks,
            }
        )

    inputs = {
        **files,
        "findings": ref.version,
        "items": ref.inputs[ITEMS],
        "settings": policy.model_dump(mode="json", exclude={"verdicts_per_item", "agree", "rescore"}),
    }

    mark(work)
    made = work.memo("review_queue", inputs, make)
    # where nothing was routed nothing is new, whatever the kept result came to when it was made
    return replace(work.outcome(made.facts), facts={**made.facts, "newly queued": new})


def mark(work: Work) -> Mark:
    """How far the review store has come for the dataset.

    Raises
    ------
    StoreError
        When it holds less than earlier runs found, unless everything is to be computed anew.
    """
    name = work.dataset.name
    found = work.store.marks(name).get(name, Mark())
    if not work.force and (loss := lost(work.results, found, name)) is not None:
        raise StoreError(loss)
    return found
