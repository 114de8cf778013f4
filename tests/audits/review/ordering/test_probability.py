from __future__ import annotations

import numpy as np

from audits.review.ordering.probability import order


def test_the_likeliest_first_and_no_order_expects_more_errors(some):
    for seed in range(5):
        c = some(seed)
        p = c.probability[order(c)]
        assert (np.diff(p) <= 0).all()
        other = c.probability[np.random.default_rng(seed).permutation(len(c))]
        assert (np.cumsum(p) >= np.cumsum(other) - 1e-9).all()
