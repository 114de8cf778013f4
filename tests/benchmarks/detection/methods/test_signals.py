"""Signals as rankings."""

from __future__ import annotations

import numpy as np

from benchmarks.detection.datasets import load
from benchmarks.detection.methods import plain, signals


def test_a_signal_is_one_minus_its_score(folder):
    audited = load(folder)
    (found,) = signals.signal_rankings(audited, signals.Signals(audited), "model_agreement".__eq__)
    models, labels = audited.inputs.models, audited.inputs.labels
    agreement = np.corrcoef(found.draws[0].score, plain.mean_probability(models, labels))[0, 1]
    assert agreement < -0.9
    assert (found.draws[0].score >= 0).all()


def test_nothing_is_computed_for_a_signal_that_is_not_wanted(folder):
    kept = signals.Signals(load(folder))
    assert signals.signal_rankings(load(folder), kept, lambda name: False) == []
    assert kept._tables == {}
