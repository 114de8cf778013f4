"""Four columns that cleanlab scores as it scores all classes."""

from __future__ import annotations

import numpy as np
import pytest

from audits.outputs import ModelOutputs
from benchmarks.detection.methods.around_given import SURE, around_given
from tests.benchmarks.detection.made import K, N


@pytest.mark.parametrize("kind", ["dense", "top_k", "labels"])
def test_four_columns_give_cleanlabs_own_score(kind, made):
    from cleanlab.rank import get_label_quality_ensemble_scores

    _, labels, models = made
    outputs, dense = [], []
    for name, probs in models.items():
        if kind == "dense":
            outputs.append(ModelOutputs(name, kind, K, pred_probs=probs))
            dense.append(probs)
        elif kind == "top_k":
            top = np.argsort(probs, axis=1)[:, -3:].astype(np.int32)  # the likeliest need not come first
            kept = np.take_along_axis(probs, top, axis=1)
            outputs.append(ModelOutputs(name, kind, K, top_k_labels=top, top_k_probs=kept))
            full = np.repeat((1 - kept.sum(axis=1, keepdims=True)) / (K - 3), K, axis=1)
            np.put_along_axis(full, top, kept, axis=1)
            dense.append(full)
        else:
            predicted = probs.argmax(axis=1).astype(np.int32)
            predicted[:20] = -1
            outputs.append(ModelOutputs(name, kind, K, labels=predicted))
            full = np.full((N, K), (1 - SURE) / (K - 1))
            full[np.arange(N), np.maximum(predicted, 0)] = SURE
            full[:20] = 1 / K
            dense.append(full)
    expected = get_label_quality_ensemble_scores(labels, dense, verbose=False)
    columns = around_given(outputs[0], labels)[1]
    found = get_label_quality_ensemble_scores(
        columns, [around_given(o, labels)[0] for o in outputs], verbose=False
    )
    assert found == pytest.approx(expected, abs=1e-12)
