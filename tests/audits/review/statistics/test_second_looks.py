from __future__ import annotations

import math

import pytest

from audits.review.statistics.second_looks import Pair, pairs_of, second_looks
from audits.review.statistics.shares import share
from tests.audits.review.statistics.made import START, says

KEEP, DOG, EEL, UNSURE = ("keep",), ("relabel", "d"), ("relabel", "e"), ("unsure",)


def pairs(number, first, second, *, same_person=False):
    return [Pair(says(1, "a", *first), says(2, "a", *second), same_person)] * number


@pytest.fixture(scope="module")
def published():
    """9,000 answers asked twice, 1,251 of them of the same person, as the published counts have them."""
    others = [
        *pairs(2266, KEEP, KEEP),
        *pairs(6698 - 2266, DOG, DOG),
        *pairs(308, KEEP, DOG),
        *pairs(687 - 308, DOG, EEL),
        *pairs(64, UNSURE, KEEP),
        *pairs(364 - 64, DOG, UNSURE),
    ]
    own = [
        *pairs(1212, DOG, DOG, same_person=True),
        *pairs(8, DOG, KEEP, same_person=True),
        *pairs(31, UNSURE, UNSURE, same_person=True),
    ]
    return second_looks([*others, *own])


def cut_off(found):
    """In percent with two decimals, cut off as the published ones are."""
    return math.floor(10_000 * found.value) / 100


def test_the_published_shares_of_pairs_by_different_people(published):
    assert published.others.n == 7749
    assert cut_off(published.others.certain) == 86.43
    assert cut_off(published.others.uncertain) == 4.69
    # published as 8.96 %, which is the unknown ones of all 9,000 pairs over these 7,749
    assert cut_off(published.others.unknown) == 8.86
    assert cut_off(share(published.all.unknown.count, published.others.n)) == 8.96


def test_the_published_shares_of_all_pairs(published):
    looks = published.all
    assert looks.n == 9000
    assert [cut_off(s) for s in (looks.certain, looks.unknown, looks.uncertain)] == [87.88, 7.72, 4.38]


def test_the_published_shares_of_what_the_given_label_has_to_do_with_it(published):
    assert cut_off(published.kept) == 33.83
    assert (published.half_kept.count, published.half_kept.n) == (308, 687)
    assert cut_off(published.half_kept) == 44.83
    assert cut_off(published.certain_then) == 90.41
    assert published.any_kept.count == 2638
    assert cut_off(published.any_kept) == 34.04


def test_people_agree_with_themselves_in_so_many_of_their_own_pairs(published):
    assert (published.self_agreement.count, published.self_agreement.n) == (1212, 1251)


def test_the_three_kinds_are_all_there_is(published):
    for looks in (published.others, published.all):
        assert looks.certain.count + looks.unknown.count + looks.uncertain.count == looks.n


def test_without_pairs_there_is_no_share():
    found = second_looks([])
    assert found.all.n == 0
    assert found.self_agreement.value is None
    assert found.certain_then.value is None


def test_the_first_answer_is_paired_with_the_second_look_and_with_what_the_same_person_said_again():
    verdicts = [
        says(1, "a", "keep", reviewer="ann"),
        says(2, "a", "none", reviewer="bob"),
        says(3, "a", "relabel", "d", reviewer="cem", role="second"),
        says(4, "a", "unsure", reviewer="ann", role="repeat"),
        says(5, "b", "keep", reviewer="ann"),
    ]
    found = [(p.first.id, p.second.id, p.same_person) for p in pairs_of(verdicts)]
    assert found == [(1, 3, False), (1, 4, True)]


def test_without_a_second_look_the_next_person_asked_in_turn_is_the_second():
    verdicts = [says(i, "a", "keep", reviewer=who) for i, who in enumerate(("bob", "ann", "cem"))]
    assert [(p.first.id, p.second.id) for p in pairs_of(verdicts)] == [(0, 1)]


@pytest.mark.parametrize(
    "second",
    [
        {"reviewer": "bob", "role": "adjudicator"},
        {"reviewer": None},
        {"reviewer": "bob", "withdrawn_at": START},
        {"reviewer": "bob", "role": "repeat"},
        {"reviewer": "ann"},
    ],
)
def test_no_pair_is_made_of_somebody_who_was_not_asked_blind(second):
    assert pairs_of([says(1, "a", "keep"), says(2, "a", "keep", **second)]) == []


def test_an_answer_that_was_replaced_is_paired_as_it_stands_now():
    verdicts = [says(1, "a", "keep"), says(2, "a", "none", reviewer="bob"), says(3, "a", "none")]
    (pair,) = pairs_of(verdicts)
    assert {pair.first.decision, pair.second.decision} == {"none"}
