"""A queue that learns as it is reviewed."""

from __future__ import annotations

from benchmarks.detection.datasets import load
from benchmarks.detection.measure import measured
from benchmarks.detection.methods import online, signals
from tests.benchmarks.detection.made import everything


def test_a_queue_reviews_every_item_once(folder):
    audited = load(folder)
    found = online.online_rankings(audited, signals.Signals(audited), everything, seed=0)
    assert [r.method for r in found] == ["ours_online_with_control", "ours_online_naive"]
    for ranking in found:
        place = -ranking.draws[0].score[audited.rows]
        assert sorted(place.tolist()) == list(range(500))
        rows = measured(audited, [ranking], replicates=0, seed=0, random=False).rows
        assert {r.metric for r in rows} == {f"errors_found_at_{n}" for n in (50, 100, 200)}
