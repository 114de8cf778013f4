"""Resamples of items and of groups."""

from __future__ import annotations

import math

import numpy as np

from benchmarks.detection.bootstrap import interval, resampled


def test_items_of_a_group_are_drawn_together():
    groups = np.array([3, 3, 7, 7, 7, 1])
    counts = resampled(6, 50, 0, groups)
    assert (counts[:, 0] == counts[:, 1]).all()
    assert (counts[:, 2] == counts[:, 4]).all()
    assert (counts[:, [0, 2, 5]].sum(axis=1) == 3).all()


def test_the_same_items_are_drawn_for_every_method():
    assert (resampled(30, 5, 1) == resampled(30, 5, 1)).all()
    assert (resampled(30, 5, 1) != resampled(30, 5, 2)).any()


def test_without_replicates_there_is_no_interval():
    found = interval(0.3, np.empty(0))
    assert found.value == 0.3
    assert math.isnan(found.low)
    assert math.isnan(found.high)
