"""Cells of planted errors."""

from __future__ import annotations

import numpy as np
import pytest

from audits.outputs import ModelOutputs
from audits.signals.inputs import Inputs
from benchmarks.detection.datasets import planted
from tests.benchmarks.detection.made import K, N, ids, labels_alone


def test_has_at_least_a_hundred_errors_and_forgets_the_suggestions(made):
    truth, _, models = made
    outputs = {m: ModelOutputs(m, "dense", K, pred_probs=p) for m, p in models.items()}
    inputs = Inputs(ids(N), truth, K, outputs, suggestions=np.zeros(N, dtype=np.int32))
    found = planted.planted(planted.Clean("made", inputs), "symmetric", 5, "cell")
    assert found.wrong.sum() == planted.LEAST
    assert found.inputs.suggestions is None
    assert ((found.inputs.labels != truth) == found.wrong).all()
    assert found.in_mean


def test_judges_are_not_audited(made):
    truth, _, models = made
    outputs = {m: ModelOutputs(m, "dense", K, pred_probs=p) for m, p in models.items()}
    kept, judges = planted.apart(Inputs(ids(N), truth, K, outputs), ("m1", "m3"))
    assert set(kept.outputs) == {"m0", "m2", "m4"}
    other, doubt = planted.rather(judges, truth)
    mean = (models["m1"] + models["m3"]) / 2
    assert doubt == pytest.approx(1 - mean[np.arange(N), truth], abs=1e-6)
    assert (other != truth).all()


def test_a_judge_of_labels_alone_doubts_where_it_errs():
    other, doubt = planted.rather((labels_alone("a", [1, 0, -1]),), np.array([0, 0, 0], dtype=np.int32))
    assert other.tolist() == [1, 0, 0]
    assert doubt.tolist() == [1, 0, 0]
