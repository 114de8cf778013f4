"""What the other items of a group say."""

from __future__ import annotations

import numpy as np
import pytest

from audits.evidence.clusters import PRIOR_ITEMS, others_rate


def log_odds(p):
    return np.log(p / (1 - p))


def test_a_case_worked_by_hand():
    values, groups = np.array([1.0, 0.0, 0.5, 0.1]), np.array([0, 0, 0, 1])
    mean = 0.4
    rates = [(0.5 + 5 * mean) / 7, (1.5 + 5 * mean) / 7, (1.0 + 5 * mean) / 7, (0 + 5 * mean) / 5]
    expected = [log_odds(r) - log_odds(mean) for r in rates]
    assert PRIOR_ITEMS == 5
    np.testing.assert_allclose(others_rate(values, groups), expected, atol=1e-12)
    assert others_rate(values, groups)[3] == pytest.approx(
        0, abs=1e-12
    )  # alone in its group: nothing is known


def test_an_item_does_not_speak_for_itself():
    rng = np.random.default_rng(0)
    values, groups = rng.random(40), rng.integers(4, size=40)
    before = others_rate(values, groups)
    changed = values.copy()
    changed[7], changed[8] = values[8], values[7]  # the overall mean stays
    groups[8] = 9  # a group of its own, so that nothing else moves
    before = others_rate(values, groups)
    after = others_rate(changed, groups)
    assert after[7] == pytest.approx(before[7], abs=1e-12)
    others = (groups == groups[7]) & (np.arange(40) != 7)
    assert (np.sign(after - before)[others] == np.sign(changed[7] - values[7])).all()


def test_groups_without_a_difference_say_nothing():
    np.testing.assert_allclose(others_rate(np.full(12, 0.3), np.arange(12) % 3), 0, atol=1e-12)


def test_items_in_no_group_say_nothing_and_count_nowhere():
    values = np.array([0.9, 0.1, 0.2, 0.8, 0.4])
    groups = np.array([0, 0, 1, 1, -1])
    found = others_rate(values, groups)
    assert found[4] == 0
    np.testing.assert_array_equal(found[:4], others_rate(values[:4], groups[:4]))
    np.testing.assert_array_equal(others_rate(values, np.full(5, -1)), 0)
    assert len(others_rate(np.empty(0), np.empty(0, dtype=np.int32))) == 0


def test_small_groups_are_drawn_to_the_mean_more_than_large_ones():
    small, large = np.full(3, 0.9), np.full(60, 0.9)
    values = np.concatenate([small, large, np.full(200, 0.1)])
    groups = np.concatenate([np.zeros(3, int), np.ones(60, int), np.full(200, 2)])
    found = others_rate(values, groups)
    assert 0 < found[0] < found[3]
    assert found[3] < log_odds(0.9) - log_odds(values.mean())
    assert found[-1] < 0


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_values_at_the_ends_stay_finite(value):
    found = others_rate(np.full(10, value), np.arange(10) % 2)
    np.testing.assert_allclose(found, 0, atol=1e-9)
    mixed = others_rate(np.array([0.0] * 5 + [1.0] * 5), np.arange(10) // 5)
    assert np.isfinite(mixed).all()
    assert (mixed[:5] < 0).all()
    assert (mixed[5:] > 0).all()


def test_the_order_of_items_and_the_numbers_of_groups_do_not_matter():
    rng = np.random.default_rng(1)
    values, groups = rng.random(50), rng.integers(-1, 6, size=50)
    found, order = others_rate(values, groups), rng.permutation(50)
    np.testing.assert_allclose(others_rate(values[order], groups[order]), found[order], atol=1e-12)
    renamed = np.where(groups >= 0, 11 - 2 * groups, -1)
    np.testing.assert_allclose(others_rate(values, renamed), found, atol=1e-12)
