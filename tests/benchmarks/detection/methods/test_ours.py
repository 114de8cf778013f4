"""The evidence, learned from verdicts of several kinds of samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.detection.datasets import load, noise
from benchmarks.detection.methods import ours, signals
from tests.benchmarks.detection.made import everything, few, figure, labels_alone


def test_used_verdicts_are_not_scored_and_come_from_the_pool(folder):
    for name in ("made-up", "made-up-held-out-classes"):
        audited = load(name, folder.parent)
        kept = signals.Signals(audited)
        (found,) = ours.learned(audited, kept, "ours_100".__eq__, draws=4, seed=0)
        assert len(found.draws) == 4
        for draw in found.draws:
            used = audited.is_scored & ~draw.left
            if name == "made-up":
                assert used.sum() == 100
            else:  # verdicts are of classes that are not scored
                assert used.sum() == 0
            assert not (draw.left & ~audited.is_scored).any()
        assert any((a.left != found.draws[0].left).any() for a in found.draws) == (name == "made-up")


def test_there_must_be_twice_as_many_votes(folder):
    audited = load(folder)
    assert audited.is_pool.sum() == 500
    found = ours.learned(audited, signals.Signals(audited), everything, draws=1, seed=0)
    assert [r.method for r in found] == ["ours_100"]
    reassessed = load("made-up-reassessed", folder.parent)
    assert ours.learned(reassessed, signals.Signals(reassessed), everything, 1, 0) == []


def test_queues_are_judged_on_the_half_that_was_not_reviewed():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 4, 2400).astype(np.int32)
    noisy = noise.symmetric(truth, 4, 500, rng)
    models = [
        labels_alone(f"m{i}", np.where(rng.random(2400) < 0.8, truth, rng.integers(0, 4, 2400)), 4)
        for i in range(5)
    ]
    audited = replace(few(models, noisy, wrong=truth != noisy), learned=True)
    found = ours.queues(audited, signals.Signals(audited), everything, draws=1, seed=0)
    assert {r.method for r in found} == {*ours.POLICIES, ours.OF_HALF}
    judged = [r.draws[0].left for r in found]
    assert all((left == judged[0]).all() for left in judged)
    assert judged[0].sum() == 1200
    ap = {r.method: figure(audited, r, "average_precision") for r in found}
    assert all(value > 0.6 for value in ap.values()), ap
