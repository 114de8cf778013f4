"""Shares of models."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.detection.datasets import load
from benchmarks.detection.methods import plain
from tests.benchmarks.detection.made import N, everything, few, figure, labels_alone


def test_shares_by_hand():
    models = [
        labels_alone(str(i), row) for i, row in enumerate([[0, 1, 1], [2, 1, -1], [2, 0, -1], [1, 1, -1]])
    ]
    other, share, given = plain.shares(models, np.array([0, 1, 1], dtype=np.int32))
    assert other.tolist() == [2, 0, -1]
    assert share.tolist() == [0.5, 0.25, 0]
    assert given.tolist() == [0.25, 0.75, 0.25]
    by = {r.method: r.draws[0].score for r in plain.plain_rankings(few(models, [0, 1, 1]), everything)}
    assert by["plain_margin"].tolist() == [0.25, -0.5, -0.25]
    assert by["share_minus_probability"].tolist() == [0.25, -0.5, -0.25]


def test_ties_at_random_keep_the_order_of_the_margin(folder):
    audited = load(folder)
    by = {r.method: r for r in plain.plain_rankings(audited, everything)}
    margin = by["plain_margin"].draws[0].score
    for draw in by["plain_margin_ties_at_random"].draws:
        assert (np.diff(margin[np.argsort(draw.score)]) >= -1e-12).all()
        assert len(np.unique(draw.score)) == N


def test_plain_rules_give_the_figures_that_are_known(public_data):
    expected = {"tacred-dev": 0.62, "mmlu-redux-half": 0.40}
    for name, value in expected.items():
        audited = load(name, public_data)
        (ranking,) = plain.plain_rankings(audited, "plain_margin".__eq__)
        assert figure(audited, ranking, "average_precision") == pytest.approx(value, abs=0.005)
    audited = load("imagenet-half-reassessed", public_data)
    (ranking,) = plain.plain_rankings(audited, "share_minus_probability".__eq__)
    assert figure(audited, ranking, "recall_in_first_10_percent") == pytest.approx(0.46, abs=0.006)
