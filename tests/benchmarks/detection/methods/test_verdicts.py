"""Samples of verdicts and their chances."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.detection.methods import verdicts


def test_every_chance_is_the_share_of_draws():
    rng = np.random.default_rng(0)
    probability = np.linspace(0.0, 1.0, 40) ** 3
    often, chances = np.zeros(40), np.zeros(40)
    for _ in range(4000):
        picked = verdicts.explored(probability, 12, rng)
        assert len(np.unique(picked.places)) == 12
        often[picked.places] += 1
        chances[picked.places] = picked.inclusion
    assert chances.sum() == pytest.approx(12)
    assert often / 4000 == pytest.approx(chances, abs=4 * 0.5 / math.sqrt(4000))
    assert (np.diff(chances) >= -1e-12).all()


def test_a_control_sample_stands_for_the_rest():
    score = np.arange(100.0)
    picked = verdicts.with_control(score, 20, np.random.default_rng(0))
    assert picked.places[:16].tolist() == list(range(99, 83, -1))
    assert (picked.places[16:] < 84).all()
    # weights by the inverse of the chance come to the number of items
    assert (1 / picked.inclusion).sum() == pytest.approx(100)


def test_a_naive_queue_takes_the_top_for_a_random_sample():
    picked = verdicts.from_the_top(np.array([0.1, 0.9, 0.5, 0.7]), 2)
    assert picked.places.tolist() == [1, 3]
    assert picked.inclusion.tolist() == [0.5, 0.5]
    drawn = verdicts.at_random(10, 5, np.random.default_rng(0))
    assert len(set(drawn.places.tolist())) == 5
    assert (drawn.inclusion == 0.5).all()
