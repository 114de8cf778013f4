from __future__ import annotations

import math

import numpy as np
import pytest

from audits.inference.proportion import wilson
from audits.review.statistics.error_rate import error_rate
from audits.review.statistics.gathered import Gathered
from audits.review.statistics.outcomes import Found
from audits.review.statistics.rows import ReviewRows
from tests.audits.review.statistics.made import asks, says, stand


def decided(prefix, n, wrong, **more):
    """Items of a stratum that people decided, the first `wrong` of them wrong."""
    base = {"f": 0, "c": 10_000, "g": 20_000}.get(prefix, 30_000)
    questions = [asks(f"{prefix}{k}", task_id=base + k, **more) for k in range(n)]
    verdicts = [says(base + k, f"{prefix}{k}", "none" if k < wrong else "keep") for k in range(n)]
    return questions, verdicts


def together(*parts):
    return stand([q for questions, _ in parts for q in questions], [v for _, vs in parts for v in vs])


FLAGGED = decided("f", 100, 60)
CONTROL = decided("c", 50, 2, stratum="control", rank=None)
FLAGS = {f"f{k}": None for k in range(100)}


def by_name(found):
    return {p.name: p for p in found.parts}


def test_worked_by_hand():
    found = error_rate(together(FLAGGED, CONTROL), 1000, FLAGS)
    # 60 are known; 2 of 50 drawn stand for 900 items
    assert found.rate == pytest.approx((60 + 900 * 2 / 50) / 1000)
    assert (found.items, found.found) == (1000, 62)
    worth = 50 * 900 / (900 - 50)
    ends = wilson(worth * 2 / 50, worth)
    assert found.low == pytest.approx((60 + 900 * float(ends.low)) / 1000)
    assert found.high == pytest.approx((60 + 900 * float(ends.high)) / 1000)
    parts = by_name(found)
    assert (parts["known"].items, parts["known"].wrong) == (100, 60)
    assert (parts["not flagged"].drawn, parts["not flagged"].drawn_wrong) == (50, 2)
    assert parts["flagged"].items == 0


def test_every_item_is_in_one_part():
    queue = [asks(f"q{k}", task_id=500 + k, probability=0.5) for k in range(7)]
    seen = [q._replace(probability=0.6) for q in FLAGGED[0]], FLAGGED[1]
    gold = decided("g", 4, 1, stratum="gold", gold_label="c")
    imported = decided("x", 6, 3, stratum=None)
    flags = {**FLAGS, **{f"q{k}": 0.5 for k in range(7)}, "beyond the budget": 0.4}
    found = error_rate(together(seen, CONTROL, (queue, []), gold, imported), 1000, flags)
    assert sum(p.items for p in found.parts) == found.items == 1000
    assert by_name(found)["flagged"].items == 8
    assert by_name(found)["known"].items == 110


def test_flagged_items_that_nobody_decided_count_by_their_probability():
    rng = np.random.default_rng(0)
    p = rng.random(400)
    questions = [asks(f"f{k}", task_id=k, probability=float(p[k])) for k in range(400)]
    verdicts = [says(k, f"f{k}", "none" if rng.random() < p[k] else "keep") for k in range(200)]
    found = error_rate(
        together((questions, verdicts), CONTROL), 1400, {f"f{k}": float(p[k]) for k in range(400)}
    )
    part = by_name(found)["flagged"]
    assert part.items == 200
    assert part.low < p[200:].sum() < part.high
    assert part.wrong == pytest.approx(p[200:].sum(), rel=0.15)
    # ends of the sum by the distances of the ends of the parts
    rest = by_name(found)["not flagged"]
    below = math.hypot(part.wrong - part.low, rest.wrong - rest.low)
    assert 1400 * found.low == pytest.approx(1400 * found.rate - below)


def test_gold_items_count_with_the_label_that_is_known():
    questions, verdicts = decided("g", 3, 3, stratum="gold", gold_label="c")
    questions.append(asks("g9", stratum="gold", gold_label="d", task_id=20_099))
    found = error_rate(together((questions, verdicts), CONTROL), 904, {})
    assert (by_name(found)["known"].items, by_name(found)["known"].wrong) == (4, 1)


def test_unusable_items_are_in_no_part():
    questions, verdicts = decided("f", 10, 5)
    verdicts[9] = says(9, "f9", "unusable")
    found = error_rate(together((questions, verdicts), CONTROL), 910, {f"f{k}": None for k in range(10)})
    assert found.items == 909
    assert sum(p.items for p in found.parts) == 909


def test_an_item_that_was_drawn_and_is_flagged_today_says_nothing_of_those_that_are_not():
    found = error_rate(together(FLAGGED, CONTROL), 1000, {**FLAGS, "c0": None})
    assert by_name(found)["not flagged"].drawn == 49
    assert by_name(found)["known"].items == 101


def test_an_item_that_was_asked_as_flagged_counts_as_such_while_it_waits():
    questions = [asks("old", task_id=700, probability=0.25)]
    seen = [q._replace(probability=0.6) for q in FLAGGED[0]], FLAGGED[1]
    found = error_rate(together(seen, CONTROL, (questions, [])), 1000, FLAGS)
    assert by_name(found)["flagged"].items == 1


def test_where_all_items_were_looked_at_the_rate_is_known():
    found = error_rate(together(FLAGGED, CONTROL), 150, FLAGS)
    assert (found.rate, found.low, found.high) == pytest.approx((62 / 150,) * 3)


def test_without_a_sample_there_is_no_estimate_but_a_lower_bound():
    found = error_rate(together(FLAGGED), 1000, FLAGS)
    assert (found.rate, found.low, found.high, found.found) == (None, None, None, 60)
    assert found.reason == (
        "none of the 900 items that no audit flags was drawn at random and decided; 'review.control_rate' draws some"
    )


def test_without_probabilities_flagged_items_that_wait_cannot_be_estimated():
    found = error_rate(together(FLAGGED, CONTROL), 1000, {**FLAGS, "waits": None})
    assert found.rate is None
    assert found.reason.startswith("1 flagged items are not decided, and the newest run gives no probability")


def test_no_items():
    found = error_rate(stand([]), 0, {})
    assert (found.rate, found.reason) == (None, "there are no items")


def test_the_interval_holds_as_often_as_it_says():
    """2,000 datasets of 1,500 items with 8 % wrong labels, flagged ones known, a tenth of the others drawn."""
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(2000):
        wrong = rng.random(1500) < 0.08
        flagged = rng.random(1500) < np.where(wrong, 0.6, 0.03)
        drawn = ~flagged & (rng.random(1500) < 0.1)
        questions, found = [], {}
        for k in np.flatnonzero(flagged | drawn).tolist():
            q = asks(f"i{k}", stratum="flagged" if flagged[k] else "control", task_id=k)
            questions.append(q)
            found[q.hash] = Found("none" if wrong[k] else "kept", (), k)
        rows = ReviewRows(tuple(questions), (), {}, ())
        flags = {f"i{k}": None for k in np.flatnonzero(flagged).tolist()}
        rate = error_rate(Gathered(rows, tuple(questions), found), 1500, flags)
        held += rate.low <= wrong.mean() <= rate.high
    assert 0.93 <= held / 2000 <= 0.99
