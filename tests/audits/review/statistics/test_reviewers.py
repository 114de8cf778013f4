from __future__ import annotations

import pytest

from audits.review.records import DECISIONS
from audits.review.statistics.reviewers import NOT_NAMED, reviewers
from audits.review.statistics.shares import share
from tests.audits.review.statistics.made import START, hash_of, says


def report(verdicts, gold=None, who="ann", fast_seconds=1.0):
    found = reviewers(verdicts, gold or {}, fast_seconds=fast_seconds)
    (one,) = [r for r in found.reports if r.reviewer == who]
    return one


def test_rates_of_each_decision():
    verdicts = [says(i, f"i{i}", "keep") for i in range(6)]
    verdicts += [says(10 + i, f"j{i}", "relabel", "d") for i in range(3)]
    verdicts += [says(20, "k", "unsure"), says(21, "i0", "none", reviewer="bob")]
    found = report(verdicts)
    assert found.n == 10
    assert found.rates["keep"] == share(6, 10)
    assert found.rates["relabel"] == share(3, 10)
    assert found.rates["unsure"] == share(1, 10)
    assert set(found.rates) == set(DECISIONS)
    assert sum(s.count for s in found.rates.values()) == found.n


def test_only_the_newest_answer_to_a_question_counts_and_no_withdrawn_one():
    verdicts = [
        says(1, "a", "keep", seconds=0.1),
        says(2, "a", "none", seconds=5.0),
        says(3, "b", "keep", seconds=0.1, withdrawn_at=START),
    ]
    found = report(verdicts)
    assert (found.n, found.rates["none"].count, found.seconds, found.fast) == (1, 1, 5.0, 0)


def test_accuracy_on_gold_items_leaves_unsure_out():
    gold = {hash_of("right"): "c", hash_of("wrong"): "d", hash_of("other"): "d"}
    verdicts = [
        says(1, "right", "keep"),
        says(2, "wrong", "relabel", "d"),
        says(3, "other", "relabel", "e"),
        says(4, "plain", "keep"),
    ]
    assert report(verdicts, gold).gold == share(2, 3)
    assert report([*verdicts, says(5, "other", "unsure")], gold).gold == share(2, 2)
    assert report([says(1, "wrong", "multiple", "c", "d")], gold).gold == share(0, 1)
    assert report([says(4, "plain", "keep")], gold).gold.value is None


def test_following_the_suggestion_is_told_apart_by_what_was_shown():
    verdicts = [
        says(1, "a", "relabel", "d", suggested="d", shown="open"),
        says(2, "b", "keep", suggested="d", shown="open"),
        says(3, "c", "relabel", "d", suggested="d", shown="blind"),
        # neither of these is a suggestion to follow
        says(4, "d", "keep", suggested="c", shown="open"),
        says(5, "e", "keep", suggested=None, shown="open"),
        says(6, "f", "relabel", "d", suggested="d", shown=None),
    ]
    found = report(verdicts)
    assert found.followed_open == share(1, 2)
    assert found.followed_blind == share(1, 1)


def test_answers_that_took_less_than_was_asked_for_are_listed_newest_first():
    times = (0.99, 1.0, 0.0, None, 30.0, 0.5)
    verdicts = [says(i, f"i{i}", "keep", seconds=t) for i, t in enumerate(times)]
    found = reviewers(verdicts, {}, fast_seconds=1.0)
    assert [v.id for v in found.fast] == [5, 2, 0]
    assert found.reports[0].fast == 3
    assert (found.seconds, found.reports[0].seconds, found.reports[0].timed) == (0.99, 0.99, 5)
    assert reviewers(verdicts, {}, fast_seconds=0.0).fast == ()


def test_those_with_most_answers_stand_first_and_who_is_not_known_is_told_so():
    verdicts = [says(1, "a", "keep", reviewer="cem"), says(2, "a", "keep", reviewer="ann")]
    verdicts += [says(3 + i, "a", "keep", reviewer=None) for i in range(2)]
    found = reviewers(verdicts, {}, fast_seconds=1.0)
    assert [r.name for r in found.reports] == [NOT_NAMED, "ann", "cem"]
    assert found.seconds is None


@pytest.mark.parametrize("verdicts", [[], [says(1, "a", "keep", withdrawn_at=START)]])
def test_nobody(verdicts):
    found = reviewers(verdicts, {}, fast_seconds=1.0)
    assert (found.reports, found.seconds, found.fast) == ((), None, ())
