from __future__ import annotations

import json

import pytest

from audits.errors import UsageError
from audits.evidence.estimate import LEAST_VERDICTS
from audits.evidence_view import evidence_view
from audits.results import ResultStore
from audits.review.consensus import Rule
from audits.review.store import ReviewStore
from tests import learnt

#: Wrong labels are every fifth, gold items the first ten.
REVIEWED = range(70)


def view(made_up, store, **options):
    tables = made_up.workspace.tables("zoo")
    out = evidence_view(tables, ResultStore(tables.root / "results"), store, Rule(1, 1), **options)
    # what is shown must be JSON without NaN, as the command prints it
    assert json.loads(json.dumps(out, allow_nan=False)) == out
    return out


@pytest.fixture
def zoo(made_up):
    learnt.add(made_up)
    return made_up


@pytest.fixture
def store(zoo):
    with ReviewStore(zoo.workspace.store_url) as opened:
        yield opened


def test_before_the_first_run(zoo, store):
    with pytest.raises(UsageError, match="zoo"):
        view(zoo, store)


def test_without_verdicts(zoo, store):
    learnt.run(zoo, store)
    out = view(zoo, store)
    assert out["dataset"] == "zoo"
    assert out["verdicts_learned_from"] == 0
    ran = [(s["signal"], s["model"]) for s in out["signals"] if s["absent"] is None]
    assert sorted(ran, key=str) == [
        ("confident_learning", "m0"),
        ("confident_learning", "m1"),
        ("model_agreement", None),
    ]
    assert all(s["flagged"] >= 0 and 0 <= s["mean_score"] <= 1 for s in out["signals"] if s["absent"] is None)
    (absent,) = [s for s in out["signals"] if s["absent"] is not None]
    assert (absent["signal"], absent["flagged"], absent["mean_score"]) == ("annotator_consensus", None, None)
    assert "annotations" in absent["absent"]
    moved = [c["mean_log_odds"] for c in out["what_counts"]]
    assert moved == sorted(moved, reverse=True)
    assert min(moved) > 0
    forecast = out["forecast"]
    assert (forecast["expected"], forecast["low"], forecast["high"]) == (None, None, None)
    assert (
        forecast["reason"] == "it takes 50 verdicts, 5 of either kind, to learn how likely a label is wrong"
    )
    assert (forecast["reviewed"], forecast["found_wrong"]) == (0, 0)
    even = forecast["break_even"]
    assert (even["on_right"], even["on_wrong"], even["share"]) == (0, 0, None)
    assert even["reason"] == "no verdicts yet on gold items whose given label is right and wrong"


def test_too_few_verdicts_teach_nothing_but_gold_ones_give_the_break_even(zoo, store):
    learnt.run(zoo, store)
    learnt.say(zoo, store, range(LEAST_VERDICTS - 1))
    learnt.run(zoo, store)
    out = view(zoo, store)
    assert out["verdicts_learned_from"] == 0
    assert out["forecast"]["expected"] is None
    assert out["forecast"]["reason"].startswith("it takes 50 verdicts")
    assert (out["forecast"]["reviewed"], out["forecast"]["found_wrong"]) == (39, 8)
    even = out["forecast"]["break_even"]
    # rows 0 and 5 of the ten gold ones are wrong, and were mended; of the eight right ones one was overturned
    assert (even["on_right"], even["on_wrong"]) == (8, 2)
    assert (even["overturned_right"], even["mended_wrong"]) == (1 / 8, 1.0)
    assert even["share"] == pytest.approx((1 / 8) / (1 / 8 + 1))
    assert even["share"] < even["high"] < 1
    assert even["reason"] is None


def test_enough_verdicts(zoo, store):
    learnt.run(zoo, store)
    before = view(zoo, store)
    learnt.say(zoo, store, REVIEWED)
    learnt.run(zoo, store)
    out = view(zoo, store, upcoming=7)
    # gold items are no part of what is learned from: what their label is is known
    assert out["verdicts_learned_from"] == len(REVIEWED) - learnt.GOLD
    assert out["signals"] == before["signals"], "verdicts change no signal"
    assert out["what_counts"] != before["what_counts"]
    forecast = out["forecast"]
    assert (forecast["upcoming"], forecast["level"], forecast["reason"]) == (7, 0.95, None)
    assert 0 <= forecast["low"] <= forecast["expected"] <= forecast["high"] <= 7
    # row 1 is gold; of rows 10 to 69 every fifth is wrong
    assert (forecast["reviewed"], forecast["found_wrong"]) == (60, 12)
    assert 0 < forecast["after"] < 60, "those of which the queue has a probability"
    whole = view(zoo, store, upcoming=10_000)["forecast"]
    waiting = [t for t in store.tasks("zoo") if t.verdicts == 0 and t.stratum != "gold"]
    assert whole["upcoming"] == len(waiting), "all of a shorter queue"
