"""Planted noise of four kinds."""

from __future__ import annotations

import numpy as np
import pytest

from audits.errors import UsageError
from benchmarks.detection.datasets import noise


@pytest.mark.parametrize("kind", noise.KINDS)
@pytest.mark.parametrize("count", [0, 1, 60, 200])
def test_exactly_so_many_become_wrong_and_stay_classes_that_occur(kind, count):
    labels = np.repeat(np.array([0, 2, 3, 7], dtype=np.int32), 100)
    noisy = noise.KINDS[kind](labels, 9, count, np.random.default_rng(1))
    assert (noisy != labels).sum() == count
    assert set(noisy.tolist()) <= {0, 2, 3, 7}
    assert noisy.dtype == np.int32


def test_a_pair_goes_one_way():
    labels = np.repeat(np.array([0, 2, 7], dtype=np.int32), 50)
    noisy = noise.pair(labels, 9, 60, np.random.default_rng(0))
    assert {(a, b) for a, b in zip(labels.tolist(), noisy.tolist(), strict=True) if a != b} == {
        (0, 2),
        (2, 7),
        (7, 0),
    }


def test_rates_of_classes_differ_but_none_is_mostly_wrong():
    labels = np.repeat(np.arange(8, dtype=np.int32), 500)
    noisy = noise.class_dependent(labels, 8, 800, np.random.default_rng(3))
    rates = (noisy != labels).reshape(8, 500).mean(axis=1)
    assert rates.max() > 2 * rates.min()
    assert rates.max() < 0.6


def test_an_instance_is_taken_for_what_a_judge_would_give():
    labels = np.zeros(100, dtype=np.int32)
    other = np.where(np.arange(100) < 60, 1, 0).astype(np.int32)
    doubt = np.r_[np.full(30, 1.0), np.zeros(70)]
    noisy = noise.instance_dependent(labels, other, doubt, 30, np.random.default_rng(0))
    assert (noisy == np.r_[np.ones(30), np.zeros(70)]).all()
    with pytest.raises(UsageError, match="31 labels cannot be made wrong: 30 can"):
        noise.instance_dependent(labels, other, doubt, 31, np.random.default_rng(0))


def test_one_class_cannot_be_mistaken():
    with pytest.raises(UsageError, match="at least 2 classes"):
        noise.symmetric(np.zeros(5, dtype=np.int32), 3, 1, np.random.default_rng(0))
