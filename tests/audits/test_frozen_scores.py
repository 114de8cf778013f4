"""Frozen slices by hand: accuracy on chosen items under both versions, whatever becomes of their labels."""

from __future__ import annotations

import shutil

import pytest

from audits.cleaned import contest
from audits.contracts import SLICES
from audits.frozen_scores import BY_FROZEN, frozen_members, frozen_scores
from audits.review.consensus import Rule
from audits.review.frozen import freeze
from audits.review.records import NewVerdict
from audits.review.store import ReviewStore
from tests.audits.web.flipped import IDS, NAME, flipped, questions, say_cow
from tests.conftest import MadeUp

ONE = Rule(1, 1)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    return flipped(tmp_path_factory.mktemp("ran")).root


@pytest.fixture
def barn(ran, tmp_path):
    return MadeUp(shutil.copytree(ran, tmp_path / "barn", dirs_exist_ok=True))


@pytest.fixture
def scored(barn):
    def score(frozen):
        with ReviewStore(barn.workspace.store_url) as store:
            table = frozen_scores(contest(barn.workspace.tables(NAME), store, ONE), frozen)
        assert table.schema.equals(SLICES)
        assert set(table["by"].to_pylist()) <= {BY_FROZEN}
        assert set(table["metric"].to_pylist()) <= {"accuracy"}
        return {(r["slice"], r["model"], r["version"]): (r["value"], r["n"]) for r in table.to_pylist()}

    return score


def test_by_hand(barn, scored):
    say_cow(barn)
    found = scored({"cows": IDS[:3], "ends": [IDS[0], IDS[-1]]})
    assert found["cows", "steady", "original"] == (1.0, 3)
    assert found["cows", "keen", "original"] == (0.0, 3)
    assert found["cows", "steady", "corrected"] == (0.0, 3)
    assert found["cows", "keen", "corrected"] == (1.0, 3)
    # of the first item steady is right by its given label alone; of the last it is wrong, and keen right
    assert found["ends", "steady", "original"] == (0.5, 2)
    assert found["ends", "keen", "original"] == (0.5, 2)
    assert found["ends", "steady", "corrected"] == (0.0, 2)
    assert found["ends", "keen", "corrected"] == (1.0, 2)


def test_an_item_that_left_the_set_is_not_scored(barn, scored):
    q = questions(barn)[0]
    with ReviewStore(barn.workspace.store_url) as store:
        store.add_verdicts([NewVerdict("v1", q, "ann", "unusable")])
    found = scored({"cows": IDS[:3]})
    assert found["cows", "steady", "original"] == (1.0, 3)
    assert found["cows", "steady", "corrected"] == (1.0, 2)


def test_ids_that_are_gone_and_empty_slices(scored):
    found = scored({"gone": ["no such item", IDS[1]], "empty": []})
    assert found["gone", "steady", "original"] == (1.0, 1)
    assert found["empty", "steady", "original"] == (None, 0)
    assert scored({}) == {}


def test_every_comparison_scores_what_is_frozen_on_its_own(barn):
    assert barn.json("compare", NAME)["frozen"] == []
    assert "frozen" not in barn.ok("compare", NAME)
    with ReviewStore(barn.workspace.store_url) as store:
        asked = [t.question for t in store.tasks(NAME)][:3]
        freeze(store, NAME, "major mistakes", [q.hash for q in asked], "ann")
        assert frozen_members(store, NAME) == {"major mistakes": [q.item_id for q in asked]}
    rows = barn.json("compare", NAME)["frozen"]
    assert {(r["slice"], r["version"], r["n"]) for r in rows} == {
        ("major mistakes", version, 3) for version in ("original", "corrected")
    }
    assert "accuracy on frozen slices" in barn.ok("compare", NAME)
