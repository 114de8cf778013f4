from __future__ import annotations

import numpy as np


def test_best_first_by_probability_then_rank(candidates):
    c = candidates([0.5, 0.9, 0.5], rank=np.array([3, 2, 1]))
    assert c.best_first().tolist() == [1, 2, 0]
    assert c.best_first(np.array([1.0, 0.0, 1.0])).tolist() == [2, 0, 1]


def test_given_is_of_the_rows(candidates):
    c = candidates([0.5, 0.9], labels=np.array([4, 7], dtype=np.int32))
    assert c.given.tolist() == [4, 7]
    assert len(c) == 2
