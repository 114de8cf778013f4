"""cleanlab's scores of single models and of all."""

from __future__ import annotations

import numpy as np
import pytest

from audits.outputs import ModelOutputs
from benchmarks.detection.datasets import load
from benchmarks.detection.methods import cleanlab_rankings
from tests.benchmarks.detection.made import K, N, everything, few, figure


def test_the_best_model_is_no_worse_than_the_median_one(folder):
    audited = load(folder)
    by = {r.method: r for r in cleanlab_rankings.cleanlab_rankings(audited, everything)}
    assert set(by) == {"cleanlab_best_model", "cleanlab_median_model", "cleanlab_ensemble"}
    ap = {m: figure(audited, r, "average_precision") for m, r in by.items()}
    assert ap["cleanlab_best_model"] >= ap["cleanlab_median_model"]
    # five models that err independently are better than each
    assert ap["cleanlab_ensemble"] > ap["cleanlab_best_model"]


def test_a_single_model_is_its_own_ensemble(made):
    _, labels, models = made
    one = few([ModelOutputs("a", "dense", K, pred_probs=models["m0"])], labels, wrong=np.arange(N) < 9)
    by = {r.method: r.draws[0].score for r in cleanlab_rankings.cleanlab_rankings(one, everything)}
    assert (by["cleanlab_ensemble"] == by["cleanlab_best_model"]).all()
    assert by["cleanlab_ensemble"] == pytest.approx(1 - models["m0"][np.arange(N), labels])
