from __future__ import annotations

import numpy as np
import pytest

from audits.errors import UsageError
from audits.review.forecast import effort_curve
from audits.review.statistics.ahead import GROUPS, ahead


def drawn(n, seed=0):
    rng = np.random.default_rng(seed)
    p = np.sort(rng.beta(0.8, 2.5, n))[::-1]
    return p, rng.random(n) < p


def test_item_by_item_it_expects_what_the_effort_curve_does():
    p, wrong = drawn(300)
    curve = effort_curve(p[100:], p[:100], wrong[:100], points=20)
    found = ahead(p[100:], p[:100], wrong[:100], points=20)
    assert (100 + found.items).tolist() == curve.reviewed.tolist()
    assert curve.found[-1] + found.expected == pytest.approx(curve.expected)
    # other draws of the same counts
    assert curve.found[-1] + found.low == pytest.approx(curve.low, abs=4)
    assert curve.found[-1] + found.high == pytest.approx(curve.high, abs=4)


def test_groups_of_a_long_queue_stand_for_their_items():
    p, wrong = drawn(30_000)
    places = 10
    assert 25_000 / places > GROUPS
    curve = effort_curve(p[5000:], p[:5000], wrong[:5000], points=places)
    found = ahead(p[5000:], p[:5000], wrong[:5000], points=places)
    before = curve.found[-1]
    assert before + found.expected == pytest.approx(curve.expected, rel=0.002)
    assert before + found.low == pytest.approx(curve.low, rel=0.03)
    assert before + found.high == pytest.approx(curve.high, rel=0.03)


def test_it_rises_and_stays_between_none_and_all():
    p, wrong = drawn(500, 1)
    found = ahead(p[100:], p[:100], wrong[:100])
    for line in (found.expected, found.low, found.high):
        assert (np.diff(line) >= 0).all()
        assert (line >= 0).all()
        assert (line <= found.items).all()
    assert (found.low <= found.expected).all()
    assert (found.expected <= found.high).all()
    assert found.items[-1] == 400


def test_the_order_within_the_queue_decides_only_how_soon_errors_come():
    p, wrong = drawn(300, 2)
    forward = ahead(p[100:], p[:100], wrong[:100])
    backward = ahead(p[:99:-1], p[:100], wrong[:100])
    assert forward.expected[-1] == pytest.approx(backward.expected[-1])
    assert (forward.expected[:-1] > backward.expected[:-1]).all()


@pytest.mark.parametrize(("queue", "seen"), [([], [0.5]), ([0.5], []), ([], [])])
def test_nothing_to_expect(queue, seen):
    found = ahead(queue, seen, [True] * len(seen))
    assert len(found) == 0
    assert found.expected.shape == found.low.shape == found.high.shape == (0,)


def test_what_is_no_probability_is_refused():
    with pytest.raises(UsageError, match="not in"):
        ahead([1.5], [0.5], [True])
