"""A label that came with the data: by hand, with models of every kind and without any."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from audits.audit_config import SuggestionConfig
from audits.errors import InputError
from audits.outputs import ModelOutputs
from audits.signals.inputs import Inputs
from audits.signals.suggestion import detect


def run(labels, suggestions, outputs=(), names=(), k=3) -> pa.Table:
    inputs = Inputs(
        pa.array([f"i{i}" for i in range(len(labels))], pa.string()),
        np.asarray(labels, dtype=np.int32),
        k,
        outputs={o.model: o for o in outputs},
        suggestions=None if suggestions is None else np.asarray(suggestions, dtype=np.int32),
        class_names=names,
    )
    return detect(inputs, SuggestionConfig())


def test_without_models():
    table = run([0, 1, 2], [1, -1, 2], names=("cat", "dog", "fox"))
    assert table["score"].to_pylist() == [0.5, 1.0, 1.0]
    assert table["flagged"].to_pylist() == [True, False, False]
    assert table["suggested_label"].to_pylist() == [1, None, None]
    assert table["reason"].to_pylist() == ["the data suggests dog", None, None]
    assert table["n_agree"].null_count == 3
    assert set(table["n_models"].to_pylist()) == {0}
    assert table["p_given"].null_count == 3


def test_models_of_every_kind_say_how_likely_it_is():
    dense = ModelOutputs("d", "dense", 3, pred_probs=np.array([[0.1, 0.8, 0.1], [0.7, 0.2, 0.1]]))
    top = ModelOutputs(
        "t", "top_k", 3, top_k_labels=np.array([[1], [0]], np.int32), top_k_probs=np.array([[0.6], [0.9]])
    )
    votes = ModelOutputs("v", "labels", 3, labels=np.array([1, -1], np.int32))
    table = run([0, 0], [1, 2], (dense, top, votes))
    support = np.array([(0.8 + 0.6 + 1) / 3, (0.1 + 0.05 + 0) / 3])
    np.testing.assert_allclose(table["score"].to_numpy(), (1 - support) / 2)
    assert table["rank"].to_pylist() == [1, 2]
    assert table["n_agree"].to_pylist() == [3, 0]
    assert set(table["n_models"].to_pylist()) == {3}
    np.testing.assert_allclose(table["p_suggested"].to_numpy(), [0.7, 0.075])
    np.testing.assert_allclose(table["p_given"].to_numpy(), [(0.1 + 0.2) / 2, 0.8])


def test_labels_alone_give_no_probabilities():
    table = run([0, 1], [1, 0], (ModelOutputs("v", "labels", 3, labels=np.array([1, 1], np.int32)),))
    assert table["score"].to_pylist() == [0.0, 0.5]
    assert table["p_given"].null_count == 2
    assert table["reason"].to_pylist() == ["the data suggests 1", "the data suggests 0"]


def test_an_item_with_a_suggestion_never_scores_as_one_without():
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.full(3, 0.3), size=200)
    labels, suggestions = rng.integers(3, size=200), rng.integers(-1, 3, size=200)
    table = run(labels, suggestions, (ModelOutputs("d", "dense", 3, pred_probs=probs),))
    other = (suggestions >= 0) & (suggestions != labels)
    score = table["score"].to_numpy()
    assert score[other].max() <= 0.5
    assert (score[~other] == 1).all()
    assert np.array_equal(table["flagged"].to_numpy(), other)
    # the likelier the suggestion, the lower
    order = np.argsort(score[other])
    assert (np.diff(probs[other, suggestions[other]][order]) <= 0).all()


def test_no_items():
    assert run([], []).num_rows == 0


def test_what_is_no_suggestion_is_refused():
    with pytest.raises(InputError, match="needs suggestions; the dataset has none"):
        run([0], None)
    with pytest.raises(
        InputError, match="2 suggestions are no class index below 3, the first of them 3 at row 1"
    ):
        run([0, 0, 0], [1, 3, -2])
