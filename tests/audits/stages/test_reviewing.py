"""Routing to the store: once for each state of findings, items and policy, and again where the store lost it."""

from __future__ import annotations

from typing import get_args

import pytest

from audits.errors import InputError, StoreError, UsageError
from audits.queue_config import OrderName
from audits.review.records import Mark
from audits.review.store import ReviewStore
from audits.stages import reviewing
from audits.stages.reviewing import mark, review_queue


def counted(outcome):
    return {k: outcome.facts[k] for k in ("routed", "newly queued", "flagged", "control", "gold")}


def test_what_is_routed_and_what_of_it_is_new(full, store):
    full.review["control_rate"] = 1.0
    full.write()
    outcome = full.run(store)["review_queue"]
    assert counted(outcome) == {"routed": 12, "newly queued": 9, "flagged": 2, "control": 9, "gold": 1}
    assert outcome.facts["tasks in the store"] == len(store.tasks("pets")) == 12
    again = full.run(store)["review_queue"]
    assert counted(again) == counted(outcome) | {"newly queued": 0}
    assert again.version == outcome.version


@pytest.mark.parametrize("order", get_args(OrderName))
def test_every_order_runs_and_puts_all_tasks_in_their_places(full, store, order):
    full.review["order"] = order
    full.write()
    outcome = full.run(store)["review_queue"]
    assert outcome.recomputed == (order != "probability")
    positions = {p.position for p in store.priorities("pets").values()}
    assert len(store.priorities("pets")) == len(store.tasks("pets")) == 3
    assert positions >= {1, 2}
    assert not full.run(store)["review_queue"].recomputed


def test_an_order_that_looks_at_predictions_is_made_anew_with_them_alone(full, store):
    full.review["order"] = "rank-impact"
    full.write()
    full.run(store)
    with full.work(store) as work:
        lineage = work.tables.current_ref("findings").lineage()
        assert set(reviewing._looked_at(work, "rank-impact", lineage)) == {
            "outputs.linear",
            "outputs.other",
            "outputs.prompted",
            "outputs.tree",
        }
        assert reviewing._looked_at(work, "probability", lineage) == {}
        known = reviewing._known(work, "rank-impact", lineage)
        assert set(known.predicted) == {"linear", "other", "prompted", "tree"}
        assert all(len(p) == 12 for p in known.predicted.values())


def test_exploration_is_a_stratum_of_its_own(full, store):
    full.review |= {"budget": 4, "exploration": 1.0}
    full.write()
    facts = full.run(store)["review_queue"].facts
    assert (facts["flagged"], facts["gold"], facts["control"]) == (0, 1, 0)
    explored = [t for t in store.tasks("pets") if t.stratum == "exploration"]
    assert facts["exploration"] >= len(explored) > 0  # those flagged before keep their stratum
    assert {t.inclusion_probability for t in explored} == {4 / 11}


def test_the_rule_and_when_to_score_are_no_business_of_the_queue(full, store):
    full.review |= {"verdicts_per_item": 5, "agree": 3, "rescore": {"after_verdicts": 2}}
    full.write()
    assert not full.run(store)["review_queue"].recomputed


def test_tasks_of_other_datasets_do_not_hide_that_ours_are_gone(full, store):
    with full.work(store) as work:
        assert mark(work).tasks == 3
    for path in full.workspace.state.glob("review.sqlite*"):
        path.unlink()
    with ReviewStore(full.workspace.store_url) as other:
        with full.work(other) as work, pytest.raises(StoreError, match="0 of 3 review tasks"):
            review_queue(work)
        with full.work(other, force=True) as work:
            assert mark(work) == Mark()
            outcome = review_queue(work)
        assert outcome.facts["newly queued"] == 3


def test_gold_items_that_change_while_they_are_read_queue_nothing(full, store, monkeypatch):
    real = reviewing.read_gold

    def slow(*arguments):
        read = real(*arguments)
        full.path("gold.csv").write_text("item_id,label\ni3,c\n")
        return read

    full.gold["i2"] = "h"
    full.write()
    monkeypatch.setattr(reviewing, "read_gold", slow)
    tasks = store.tasks("pets")
    with pytest.raises(InputError, match=r"^gold\.csv: changed while it was read"):
        full.run(store)
    assert store.tasks("pets") == tasks


def test_before_there_are_findings(small, verdict_store):
    small.write()
    with pytest.raises(UsageError, match="has no table 'findings' yet"):
        review_queue(small.work(verdict_store))
