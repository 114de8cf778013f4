"""Models that are trained on noisy labels."""

from __future__ import annotations

from benchmarks.detection.datasets import planted, trained


def test_small_sets_are_trained_on_the_noisy_labels():
    clean = trained.clean("breast_cancer")
    found = planted.planted(clean, "symmetric", 20, "cell")
    assert found.wrong.sum() == 114
    assert len(found.inputs.outputs) == 5
    for model in found.inputs.models:
        right = (model.predicted() == clean.inputs.labels).mean()
        assert (model.predicted() == found.inputs.labels).mean() < right
        assert right > 0.8
