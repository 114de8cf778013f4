"""Routing to the store: once for each state of findings, items and policy, and again where the store lost it."""

from __future__ import annotations

import pytest

from audits.errors import InputError, StoreError, UsageError
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
