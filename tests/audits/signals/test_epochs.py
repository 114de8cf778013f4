"""Training dynamics by blocks: the same values whatever the block, the kind and where they lie."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from audits.errors import AuditError, InputError
from audits.signals import epochs
from audits.signals.epochs import blocks, largest_other, of_labels
from audits.signals.inputs import Inputs, TrainingDynamics


def inputs_of(values, kind, labels, k=None) -> Inputs:
    labels = np.asarray(labels, dtype=np.int32)
    training = None if values is None else TrainingDynamics(np.asarray(values), kind)
    ids = pa.array([f"i{i}" for i in range(len(labels))], pa.string())
    return Inputs(ids, labels, k or np.shape(values)[2], training=training)


def test_by_hand():
    values = np.log([[[0.5, 0.3, 0.2]], [[0.1, 0.2, 0.7]]]) + 3.0
    (block,) = blocks(inputs_of(values, "logits", [2]), "x")
    np.testing.assert_allclose(block.probs, [[[0.5, 0.3, 0.2]], [[0.1, 0.2, 0.7]]])
    np.testing.assert_allclose(of_labels(block.probs, block.labels), [[0.2], [0.7]])
    np.testing.assert_allclose(largest_other(block.probs, block.labels), [[0.5], [0.2]])
    np.testing.assert_array_equal(block.logits, values)


def test_probabilities_have_the_logits_they_come_from_but_for_a_number_an_item():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(3, 10, 4))
    probs = np.exp(z) / np.exp(z).sum(axis=2, keepdims=True)
    (block,) = blocks(inputs_of(probs, "probs", np.zeros(10)), "x")
    difference = block.logits - z
    np.testing.assert_allclose(np.ptp(difference, axis=2), 0, atol=1e-12)
    np.testing.assert_array_equal(block.probs, probs)


@pytest.mark.parametrize("kind", ["probs", "logits"])
def test_blocks_of_a_memory_map_are_the_whole(kind, tmp_path, monkeypatch):
    rng = np.random.default_rng(1)
    values = rng.dirichlet(np.ones(3), size=(4, 11)).astype(np.float32)
    np.save(tmp_path / "t.npy", values)
    labels = rng.integers(3, size=11).astype(np.int32)
    ids = pa.array([str(i) for i in range(11)])
    mapped = TrainingDynamics(np.load(tmp_path / "t.npy", mmap_mode="r"), kind)
    (whole,) = blocks(inputs_of(values, kind, labels), "x")
    monkeypatch.setattr(epochs, "_BLOCK_BYTES", 3 * 8 * 4 * 3)
    parts = list(blocks(Inputs(ids, labels, 3, training=mapped), "x"))
    assert [len(p.labels) for p in parts] == [3, 3, 3, 2]
    np.testing.assert_array_equal(np.concatenate([p.probs for p in parts], axis=1), whole.probs)
    np.testing.assert_array_equal(np.concatenate([p.labels for p in parts]), labels)
    assert [p.rows for p in parts] == [slice(0, 3), slice(3, 6), slice(6, 9), slice(9, 11)]


def test_extremes_are_finite():
    values = np.array([[[1e30, -1e30], [0.0, 0.0]]])
    (block,) = blocks(inputs_of(values, "logits", [0, 1]), "x")
    np.testing.assert_array_equal(block.probs, [[[1, 0], [0.5, 0.5]]])
    (block,) = blocks(inputs_of([[[1.0, 0.0]]], "probs", [1]), "x")
    np.testing.assert_allclose(block.logits, [[[0, np.log(1e-6)]]])


def test_the_first_epochs_alone():
    values = np.arange(24.0).reshape(4, 2, 3)
    (block,) = blocks(inputs_of(values, "logits", [0, 1]), "x", first=2)
    assert len(block.logits) == 2
    (block,) = blocks(inputs_of(values, "logits", [0, 1]), "x", first=20)
    assert len(block.logits) == 4


def test_no_items_no_blocks():
    assert list(blocks(inputs_of(np.empty((2, 0, 3)), "probs", []), "x")) == []


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match="audit 'x' needs training dynamics; the dataset has none"):
        list(blocks(inputs_of(None, "probs", [0], k=2), "x"))
    with pytest.raises(AuditError, match=r"of shape \(2, 3, 2\); expected epochs x 4 items x 2 classes"):
        list(blocks(inputs_of(np.zeros((2, 3, 2)), "probs", [0] * 4), "x"))
    with pytest.raises(AuditError, match="expected epochs x 3 items x 5 classes"):
        list(blocks(inputs_of(np.zeros((2, 3, 2)), "probs", [0] * 3, k=5), "x"))
    with pytest.raises(InputError, match="an epoch of training dynamics at least"):
        list(blocks(inputs_of(np.empty((0, 1, 2)), "probs", [0]), "x"))
    with pytest.raises(AuditError, match="not finite"):
        list(blocks(inputs_of([[[np.nan, 1.0]]], "probs", [0]), "x"))
