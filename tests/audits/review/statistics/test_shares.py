from __future__ import annotations

import pytest
from statsmodels.stats.proportion import proportion_confint

from audits.errors import UsageError
from audits.review.statistics.shares import Share, share, shares


@pytest.mark.parametrize(("count", "n"), [(84, 100), (0, 7), (7, 7), (1, 3), (2638, 7749)])
def test_the_interval_is_wilson_s(count, n):
    found = share(count, n)
    low, high = proportion_confint(count, n, method="wilson")
    assert (found.value, found.low, found.high) == pytest.approx((count / n, low, high), abs=1e-12)


def test_of_nothing_there_is_no_share():
    assert share(0, 0) == Share(0, 0, None, None)
    assert share(0, 0).value is None


def test_many_are_as_one_by_one():
    counts, sizes = [0, 3, 0, 9], [0, 5, 4, 9]
    assert shares(counts, sizes) == [share(c, n) for c, n in zip(counts, sizes, strict=True)]
    assert shares([], []) == []


@pytest.mark.parametrize(("count", "n"), [(-1, 3), (4, 3)])
def test_more_than_there_are_is_refused(count, n):
    with pytest.raises(UsageError, match="expected counts from 0 to n"):
        share(count, n)
