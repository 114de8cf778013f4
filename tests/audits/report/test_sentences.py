from __future__ import annotations

import subprocess
import sys

import pytest

from audits.report.lettering import ELLIPSIS
from audits.report.sentences import confusion_sentence, effort_sentence, trend_sentence, yield_sentence
from audits.review.statistics.shares import share
from audits.review.statistics.yields import Yield, Yields
from tests.audits.report.conftest import ODD_NAMES
from tests.audits.report.reviewed import confusions_of, effort_of, runs_of, yields_of


def test_errors_found_and_those_to_come():
    assert effort_sentence(effort_of(1400, 3000, 1000)) == (
        "1,400 of 3,000 reviewed items had a wrong label; 10 more are expected among the 1,000 left (6 to 17)"
    )


def test_items_without_a_probability_are_not_among_those_left():
    assert "among the 40 left" in effort_sentence(effort_of(40, 100, 50, unknown=10))


def test_nothing_left_and_nothing_forecast_are_two_things():
    assert effort_sentence(effort_of(40, 100, 0)).endswith("had a wrong label; nothing is left to review")
    assert effort_sentence(effort_of(40, 100, 5, unknown=5)) == "40 of 100 reviewed items had a wrong label"
    assert effort_sentence(effort_of(0, 0, 5)) == "No item is reviewed yet"


def test_the_signal_that_yields_most():
    assert yield_sentence(yields_of(["strong", "weak"])) == (
        "43 of 100 reviewed items had a wrong label; of those that strong flags, 75 of 100"
    )
    assert yield_sentence(yields_of(["alone"])) == "43 of 100 reviewed items had a wrong label"
    assert yield_sentence(Yields(Yield("all", share(0, 0)), (), (), ())) == "No item is reviewed yet"


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([("a", "b", 5), ("b", "a", 2)], "The label a is most often corrected to b: 5 times of 7"),
        ([("a", "b", 1)], "The label a is most often corrected to b: 1 time of 1"),
        (
            [("a", "b", 3), ("b", "a", 3), ("b", "c", 1)],
            "The label a is most often corrected to b: 3 times of 7, and 1 other pair as often",
        ),
        (
            [("a", "b", 2), ("b", "a", 2), ("b", "c", 2)],
            "6 labels were corrected, no pair of classes more often than another",
        ),
        ([], "No label is corrected to another one yet"),
    ],
)
def test_the_pair_most_often_corrected(pairs, said):
    assert confusion_sentence(confusions_of(pairs)) == said


def test_classes_are_called_by_their_names():
    assert "The label ant is" in confusion_sentence(
        confusions_of([("a", "b", 5), ("b", "a", 1)]), {"a": "ant", "b": "bee"}.get
    )


def test_how_it_went_on():
    assert trend_sentence(runs_of(3)) == (
        "Over 3 runs, open items went from 300 to 100 and decided ones from 0 to 200; an estimated 8.7 % of the labels "
        "are wrong"
    )
    assert trend_sentence(runs_of(1, rate=None)) == "After one run 300 items are open and 0 decided"
    assert trend_sentence([]) == "There was no run yet"


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_stay_on_one_line_and_short(name):
    for said in (
        yield_sentence(yields_of([name, "b"])),
        confusion_sentence(confusions_of([(name, "b", 5), ("b", "a", 1)])),
    ):
        assert said.isprintable()
        assert len(said) < 200
        assert len(name) < 100 or ELLIPSIS in said


def test_nothing_that_draws_is_loaded():
    script = "import sys, audits.report.sentences\nassert not {'altair', 'vl_convert'} & set(sys.modules)\n"
    subprocess.run([sys.executable, "-c", script], check=True)
