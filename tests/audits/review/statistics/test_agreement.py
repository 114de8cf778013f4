from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa, to_table

from audits.annotators.agreement import krippendorff
from audits.errors import UsageError
from audits.review.statistics.agreement import MOST_PAIRS, Kappa, agreement, cohen_kappa
from audits.signals.inputs import Annotations
from tests.audits.review.statistics.made import says


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("classes", [2, 4, 9])
def test_kappa_and_its_interval_are_those_of_other_libraries(seed, classes):
    rng = np.random.default_rng(seed)
    one = rng.integers(classes, size=80)
    other = np.where(rng.random(80) < 0.7, one, rng.integers(classes, size=80))
    found = cohen_kappa(one.tolist(), other.tolist())
    assert found.value == pytest.approx(cohen_kappa_score(one, other), abs=1e-12)
    table, _ = to_table(np.column_stack([one, other]), bins=classes)
    wanted = cohens_kappa(table)
    assert found.low == pytest.approx(max(wanted.kappa_low, -1), abs=1e-9)
    assert found.high == pytest.approx(min(wanted.kappa_upp, 1), abs=1e-9)


def test_kappa_does_not_depend_on_who_is_first_or_on_the_order_of_items():
    one, other = list("aabbcacb"), list("abbbcacc")
    found = cohen_kappa(one, other)
    turned = cohen_kappa(other, one)
    shuffled = cohen_kappa(one[::-1], other[::-1])
    assert (found.value, found.low) == pytest.approx((turned.value, turned.low))
    assert (found.value, found.high) == pytest.approx((shuffled.value, shuffled.high))


def test_worked_by_hand():
    # 20 and 15 of 50 agree; chance: 25/50 * 30/50 + 25/50 * 20/50 = 0.5
    one = ["yes"] * 20 + ["yes"] * 5 + ["no"] * 10 + ["no"] * 15
    other = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert cohen_kappa(one, other).value == pytest.approx(0.4)


def test_where_there_is_no_kappa_it_says_why():
    assert cohen_kappa([], []) == Kappa(None, reason="no item in common")
    assert cohen_kappa("aaa", "aaa").reason == "both give the same one answer to all items"
    assert cohen_kappa("ab", "ab") == Kappa(1.0)
    # one says the same of all: as by chance, and no interval follows from it
    found = cohen_kappa("aaaa", "aabb")
    assert (found.value, found.low, found.high, found.reason) == (0.0, None, None, None)
    with pytest.raises(UsageError, match="as many answers of both, got 2 and 1"):
        cohen_kappa("ab", "a")


def three_people():
    """ann and bob on 6 items, 4 alike; bob and cem on 2, both alike; what is no independent answer beside it."""
    answers = {
        "ann": ["keep", "keep", "d", "d", "e", "keep"],
        "bob": ["keep", "d", "d", "d", "keep", "keep"],
        "cem": ["keep", "d"],
    }
    found, id_ = [], 0
    for who, given in answers.items():
        for i, answer in enumerate(given):
            id_ += 1
            decision = ("keep",) if answer == "keep" else ("relabel", answer)
            role = "second" if who == "bob" else "reviewer"
            found.append(says(id_, f"i{i}", *decision, reviewer=who, role=role))
    beside = [
        says(50, "i0", "none", reviewer="dee", role="adjudicator"),
        says(51, "i0", "none", reviewer="ann", role="repeat"),
        says(52, "i1", "none", reviewer=None),
        says(53, "i2", "unsure", reviewer="cem"),
        says(54, "alone", "keep", reviewer="ann"),
    ]
    return [*found, *beside]


def test_pairs_of_people_on_the_items_that_both_answered():
    found = agreement(three_people())
    assert [(p.one, p.other, p.same.count, p.same.n) for p in found.pairs] == [
        ("ann", "bob", 4, 6),
        ("ann", "cem", 1, 2),
        ("bob", "cem", 2, 2),
    ]
    assert found.pairs_in_all == 3
    assert (found.same.count, found.same.n) == (7, 10)
    assert found.unsure == 1
    assert found.pairs[0].kappa.value == pytest.approx(
        cohen_kappa_score(["c", "c", "d", "d", "e", "c"], ["c", "d", "d", "d", "c", "c"])
    )


def test_alpha_over_all_is_that_of_the_annotators_room():
    found = agreement(three_people())
    rows = [0, 1, 2, 3, 4, 5] * 2 + [0, 1]
    who = [0] * 6 + [1] * 6 + [2] * 2
    labels = [0, 0, 1, 1, 2, 0, 0, 1, 1, 1, 0, 0, 0, 1]
    arrays = (np.array(x, dtype=np.int32) for x in (rows, who, labels))
    wanted = krippendorff(Annotations(*arrays, ("ann", "bob", "cem")), 3)
    assert found.labels.alpha == pytest.approx(wanted.alpha)
    assert (found.labels.items, found.labels.annotations) == (6, 14)
    assert found.labels.low <= found.labels.alpha <= found.labels.high
    # whether the label is right: the labels that differ are d and e alike
    assert found.changed.alpha != found.labels.alpha


def test_nobody_in_common():
    found = agreement([says(1, "a", "keep"), says(2, "b", "keep", reviewer="bob")])
    assert (found.pairs, found.same.n, found.labels.alpha) == ((), 0, None)
    assert found.labels.reason == "no item has two annotations"


def test_an_answer_that_became_unsure_is_compared_no_more():
    verdicts = [says(1, "a", "keep"), says(2, "a", "keep", reviewer="bob"), says(3, "a", "unsure")]
    assert agreement(verdicts).same.n == 0


def test_of_many_people_the_pairs_with_most_in_common_are_told():
    people = [f"p{i:02}" for i in range(12)]
    verdicts = [
        says(100 * i + j, f"i{j}", "keep" if (i + j) % 5 else "none", reviewer=who)
        for i, who in enumerate(people)
        for j in range(20 - i)
    ]
    found = agreement(verdicts)
    assert (len(found.pairs), found.pairs_in_all) == (MOST_PAIRS, 66)
    sizes = [p.same.n for p in found.pairs]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 19
