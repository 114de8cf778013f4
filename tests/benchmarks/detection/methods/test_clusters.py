"""Items that share faults."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.detection.datasets import load
from benchmarks.detection.methods import clusters
from tests.benchmarks.detection.made import N, everything


def test_disagreement_of_a_cluster_leaves_the_item_out():
    disagreed = np.array([True, True, False, False])
    found = clusters.disagreement(disagreed, np.array([4, 4, 4, 9]))
    expected = [(1 + 5) / 12, (1 + 5) / 12, (2 + 5) / 12, 5 / 10]
    assert found == pytest.approx(expected)


def test_clusters_are_told_where_there_are_some(folder):
    audited = load(folder)
    assert clusters.cluster_rankings(audited, everything) == []
    of = np.arange(N) % 12
    score = {
        r.method: r.draws[0].score
        for r in clusters.cluster_rankings(replace(audited, clusters=of), everything)
    }
    assert set(score) == {
        "cluster_disagreement",
        "plain_margin_plus_cluster",
        "margin_and_cluster_held_out",
    }
    learned = score["margin_and_cluster_held_out"]
    assert ((learned[audited.rows] > 0) & (learned[audited.rows] < 1)).all()
