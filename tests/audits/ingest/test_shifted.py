import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.ingest.shifted import shifted
from audits.outputs import ModelOutputs

K = 5


def outputs(predicted):
    sharp = np.full((len(predicted), K), 0.05)
    sharp[np.arange(len(predicted)), predicted] = 0.8
    return ModelOutputs("m", "dense", K, pred_probs=sharp)


def labels(n=200, seed=0):
    return np.random.default_rng(seed).integers(0, K, n).astype(np.int32)


@pytest.mark.parametrize(
    ("move", "says"),
    [
        (lambda p: np.roll(p, 1), "each row fits the item before its own"),
        (lambda p: np.roll(p, -1), "each row fits the item after its own"),
        (lambda p: (p + 1) % K, "each column fits the class before its own"),
        (lambda p: (p - 1) % K, "each column fits the class after its own"),
    ],
)
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_a_shift_by_one_is_told_with_its_direction(move, says, noise):
    given_labels = labels()
    wrong = np.random.default_rng(1).random(len(given_labels)) < noise
    predicted = np.where(wrong, labels(seed=2), given_labels)
    assert says in shifted(outputs(move(predicted)), given_labels)
    assert shifted(outputs(predicted), given_labels) == ""


@given(st.integers(0, 1000))
def test_outputs_that_know_nothing_are_not_called_shifted(seed):
    assert shifted(outputs(labels(seed=seed)), labels(seed=seed + 5000)) == ""


def test_too_few_items_one_class_and_no_labels_say_nothing():
    few = labels(15)
    assert shifted(outputs(np.roll(few, 1)), few) == ""
    one = np.zeros(100, dtype=np.int32)
    assert shifted(outputs(one), one) == ""
    assert shifted(outputs(labels()), np.full(200, -1, dtype=np.int32)) == ""


def test_of_predicted_labels_only_rows_can_be_shifted():
    given_labels = labels()
    named = ModelOutputs("m", "labels", K, labels=(given_labels + 1) % K)
    assert shifted(named, given_labels) == ""
    named = ModelOutputs("m", "labels", K, labels=np.roll(given_labels, 1))
    assert "each row fits the item before its own" in shifted(named, given_labels)


@pytest.mark.parametrize("constant", range(3))
@pytest.mark.parametrize("majority", range(3))
def test_a_model_that_always_says_one_class_is_bad_and_not_shifted(constant, majority):
    given_labels = (
        np.random.default_rng(3).choice(3, 300, p=np.roll([0.9, 0.05, 0.05], majority)).astype(np.int32)
    )
    predicted = np.full(300, constant)
    probs = np.full((300, 3), 0.1)
    probs[np.arange(300), predicted] = 0.8
    assert shifted(ModelOutputs("m", "dense", 3, pred_probs=probs), given_labels) == ""


def test_two_classes_that_alternate_and_a_model_that_is_wrong_throughout():
    given_labels = (np.arange(200) % 2).astype(np.int32)
    wrong = 1 - given_labels
    assert shifted(ModelOutputs("m", "dense", 2, pred_probs=np.eye(2)[wrong]), given_labels) == ""
    assert shifted(ModelOutputs("m", "labels", 2, labels=wrong), given_labels) == ""


def test_rows_of_two_classes_that_are_shifted_are_told():
    given_labels = np.random.default_rng(4).integers(0, 2, 300).astype(np.int32)
    probs = np.eye(2)[np.roll(given_labels, 1)]
    assert "each row fits the item before its own" in shifted(
        ModelOutputs("m", "dense", 2, pred_probs=probs), given_labels
    )
