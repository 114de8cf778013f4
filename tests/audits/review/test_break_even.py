from __future__ import annotations

from datetime import UTC, datetime

import pytest

from audits.review.break_even import break_even
from audits.review.records import Question, Task


@pytest.fixture
def gold(vote):
    """Tasks and verdicts on gold items from a word a kind: r keeps, o overturns, m mends, ? is unsure."""

    def build(right="", wrong=""):
        tasks, verdicts = [], []
        for label, word in (("c", right), ("d", wrong)):
            for k, sign in enumerate(word):
                q = Question("pets", f"{label}{k}", "x", "c", "abc")
                tasks.append(
                    Task(
                        len(tasks) + 1,
                        q,
                        "gold",
                        1.0,
                        None,
                        None,
                        (),
                        label,
                        datetime(2026, 1, 1, tzinfo=UTC),
                    )
                )
                said = {
                    "r": ("keep",),
                    "o": ("relabel", "h"),
                    "m": ("relabel", "d"),
                    "?": ("unsure",),
                    "n": ("none",),
                }
                verdicts.append(vote(len(tasks), *said[sign], question=q))
        return tasks, verdicts

    return build


def test_by_hand(gold):
    # f = 1/10, t g = 8/10: stop where fewer than one label in nine is wrong
    found = break_even(*gold("rrrrrrrrro", "mmmmmmmmor"))
    assert (found.on_right, found.on_wrong) == (10, 10)
    assert (found.overturned_right, found.mended_wrong) == (0.1, 0.8)
    assert found.share == pytest.approx(0.1 / 0.9)
    # Wilson's upper end for 1 of 10 is 0.4042
    assert found.high == pytest.approx(0.4042 / (0.4042 + 0.8), abs=1e-4)


def test_the_rule_of_the_derivation_holds_at_the_share():
    p, tg = 0.2, 0.8
    f = p * tg / (1 - p)  # the f at which review is worth nothing
    assert f / (f + tg) == pytest.approx(p)


def test_unsure_and_other_items_do_not_count(gold):
    tasks, verdicts = gold("r?", "m?n")
    found = break_even(tasks, verdicts)
    assert (found.on_right, found.on_wrong, found.mended_wrong) == (1, 2, 0.5)
    assert (found.share, found.reason) == (0.0, None)
    assert found.high is not None
    assert found.high > 0.5


def test_reasons_where_there_is_none(gold):
    assert break_even([], []).reason == "no verdicts yet on gold items whose given label is right and wrong"
    assert break_even(*gold("r", "")).reason == "no verdicts yet on gold items whose given label is wrong"
    none = break_even(*gold("r", "r"))
    assert none.share is None
    assert none.reason == "no right label was overturned and no wrong one mended"
