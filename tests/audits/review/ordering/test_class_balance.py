from __future__ import annotations

import numpy as np
import pytest

from audits.review.ordering import class_balance, probability


def test_by_hand(candidates):
    # class 0: 0.9, 0.9 stand at shares 0.25 and 0.75; class 1: 0.2 and 0.2 at 0.25 and 0.75; class 2: 0.4 at 0.5
    c = candidates([0.9, 0.9, 0.2, 0.2, 0.4], [0, 0, 1, 1, 2], rank=np.array([1, 2, 4, 5, 3]))
    assert class_balance.order(c).tolist() == [0, 2, 4, 1, 3]


def test_a_class_without_expected_errors_comes_last(candidates):
    c = candidates([0.0, 0.3, 0.0, 0.1], [0, 1, 0, 1], rank=np.array([1, 3, 2, 4]))
    assert class_balance.order(c).tolist() == [1, 3, 0, 2]


def test_one_class_is_the_order_by_probability(candidates):
    c = candidates(np.random.default_rng(1).random(50))
    assert class_balance.order(c).tolist() == probability.order(c).tolist()


def test_all_classes_get_on_at_the_same_pace(candidates):
    rng = np.random.default_rng(3)
    # a class that is rare and that nobody is sure of
    given = np.repeat([0, 1, 2], [600, 300, 60])
    p = rng.random(960) * np.array([1.0, 0.6, 0.15])[given]
    c = candidates(p, given)
    total = np.bincount(given, p)
    for n in (100, 300, 600, 900):
        shares = {
            f.NAME: np.bincount(given[f.order(c)[:n]], p[f.order(c)[:n]], minlength=3) / total
            for f in (class_balance, probability)
        }
        # one item more or less of a class is all that they are apart
        assert np.ptp(shares["class-balance"]) <= 2 * (p / total[given]).max()
        assert np.ptp(shares["probability"]) > np.ptp(shares["class-balance"])


@pytest.mark.parametrize("k", [531, 1000])
def test_on_the_public_votes_more_classes_are_reached(voted, k):
    c, wrong = voted
    reached = {}
    for policy in (class_balance, probability):
        first = policy.order(c)[:k]
        found = np.bincount(c.given[first], wrong[first], minlength=1000)
        of = np.bincount(c.given, wrong, minlength=1000)
        reached[policy.NAME] = (int((found > 0).sum()), float((found[of > 0] / of[of > 0]).mean()))
    # of 376 classes with an error, with the mean share of a class's errors that is found
    assert reached["class-balance"][0] > reached["probability"][0] + 30
    assert reached["class-balance"][1] > reached["probability"][1] + 0.015
