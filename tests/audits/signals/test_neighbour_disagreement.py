"""Votes of neighbours: worked by hand, on planted errors, and where there are none to ask."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.metrics import average_precision_score

from audits.contracts import SIGNALS
from audits.feature_config import NeighbourDisagreementConfig
from audits.signals.inputs import Neighbours
from audits.signals.neighbour_disagreement import PRIOR, detect
from tests.audits.signals.feature_inputs import made, texts, vectors

CONFIG = NeighbourDisagreementConfig()


def asked(rows, distances, name="v") -> Neighbours:
    return Neighbours(name, np.asarray(rows, np.int32), np.asarray(distances, np.float32), "euclidean")


def test_by_hand():
    """Item 0 asks items 1, 2 and 3, two near and one far."""
    features = vectors(np.zeros((4, 1)), metric="euclidean")
    graph = asked([[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]], [[1, 1, 4], [0, 0, 0], [0, 0, 0], [1, 1, 1]])
    inputs = made([0, 1, 1, 0], features, neighbours={"v": graph}, class_names=("cat", "dog"))
    table = detect(inputs, NeighbourDisagreementConfig(neighbours=3))
    assert table.schema == SIGNALS
    near, far = np.exp(-0.5), np.exp(-2)  # the mean distance is 2; both labels are equally frequent
    share = np.array([far / (2 * near + far), 1 / 3, 1 / 3, 1 / 3])
    assert np.allclose(table["score"].to_numpy(), (3 * share + PRIOR / 2) / (3 + PRIOR), atol=1e-6)
    assert table["suggested_label"].to_pylist() == [1, 0, 0, 1]
    assert table["flagged"].to_pylist() == [True] * 4
    assert table["reason"].to_pylist()[0] == "2 of its 3 nearest neighbours are labelled dog"
    assert table["rank"].to_pylist() == [1, 2, 3, 4]
    stricter = detect(inputs, NeighbourDisagreementConfig(neighbours=3, min_share=0.8))
    assert stricter["flagged"].to_pylist() == [True, False, False, False]
    assert stricter["reason"].null_count == 3


def test_a_rare_label_weighs_more_a_vote():
    rows = [[1, 2]] + [[0, 2]] * 16
    labels = [1, 0, 1] + [0] * 14  # two of label 1 beside fifteen of label 0
    graph = asked(rows, np.ones((17, 2)))
    table = detect(
        made(labels, vectors(np.zeros((17, 1))), neighbours={"v": graph}),
        NeighbourDisagreementConfig(neighbours=2),
    )
    rare, common = 2**-0.25, 15**-0.25
    share = rare / (rare + common)
    assert table["score"][0].as_py() == pytest.approx((2 * share + PRIOR / 2) / (2 + PRIOR))
    assert share > 0.6


@pytest.mark.parametrize("noise", [0.05, 0.2])
@pytest.mark.parametrize("kinds", [["embeddings"], ["numeric"], ["embeddings", "numeric"]])
def test_planted_errors_in_digits(noise, kinds):
    values, truth = load_digits(return_X_y=True)
    rng = np.random.default_rng(1)
    wrong = rng.random(len(truth)) < noise
    labels = np.where(wrong, (truth + rng.integers(1, 10, len(truth))) % 10, truth)
    inputs = made(labels, *(vectors(values, kind, name=kind) for kind in kinds))
    table = detect(inputs, CONFIG)
    assert average_precision_score(wrong, -table["score"].to_numpy()) > 0.9
    flagged = table["flagged"].to_numpy()
    assert flagged[wrong].mean() > 0.8
    assert wrong[flagged].mean() > 0.8
    suggested = table["suggested_label"].to_numpy()
    assert (suggested[wrong & flagged] == truth[wrong & flagged]).mean() > 0.97


def test_clean_items_of_a_rare_class_are_let_be():
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(size=(5000, 8)), rng.normal(size=(25, 8)) + 2.2])
    truth = np.repeat([0, 1], [5000, 25])
    labels = truth.copy()
    labels[:40], labels[5000:5003] = 1, 0
    flagged = detect(made(labels, vectors(values, metric="euclidean")), CONFIG)["flagged"].to_numpy()
    wrong = labels != truth
    assert flagged[wrong].mean() > 0.9
    assert wrong[flagged].mean() > 0.9
    assert flagged[5003:].sum() <= 4  # of 22


def test_items_without_neighbours_are_told_nothing():
    table = detect(made([0, 1, 0, 1], texts([None, "a b", "a c", ""])), CONFIG)
    assert table["score"].to_pylist()[0] == table["score"].to_pylist()[3] == 0.5
    assert table["suggested_label"].to_pylist() == [None, 0, 1, None]
    assert table["flagged"].to_pylist() == [False, True, True, False]


def test_an_item_that_one_of_two_features_knows_is_judged_by_it():
    values = np.random.default_rng(0).normal(size=(30, 4))
    values[0] = 0
    labels = np.zeros(30, dtype=int)
    labels[0] = 1
    words = texts([f"same words {'abcdefghij'[k % 10]}{k}" for k in range(30)])
    both = detect(made(labels, vectors(values), words), CONFIG)
    alone = detect(made(labels, words), CONFIG)
    assert both["score"][0].as_py() == alone["score"][0].as_py()
    assert both["reason"][0].as_py() == "10 of its 10 nearest neighbours are labelled 0"


def test_equals_that_are_more_than_are_asked_have_no_say():
    labels = np.arange(40) % 3
    alike = vectors(np.ones((40, 3)), name="alike")
    table = detect(made(labels, alike), CONFIG)
    assert table["score"].to_pylist() == [0.5] * 40
    assert not table["flagged"].to_numpy().any()
    assert table["suggested_label"].null_count == 40
    values = vectors(np.random.default_rng(0).normal(size=(40, 4)), name="values")
    both, alone = detect(made(labels, values, alike), CONFIG), detect(made(labels, values), CONFIG)
    assert both.equals(alone)
    few = np.random.default_rng(0).normal(size=(40, 3))
    few[:10] = 1  # each asks the nine others and one more
    assert (detect(made(labels, vectors(few)), CONFIG)["suggested_label"].to_numpy(False)[:10] >= 0).all()


def test_several_features_are_told():
    values = np.concatenate([np.full((12, 2), [0, 1]), np.full((12, 2), [1, 0])])
    values = values + 0.01 * np.random.default_rng(0).normal(size=(24, 2))
    labels = np.repeat([0, 1], 12)
    labels[0] = 1
    names = ("a", "b", "c")
    table = detect(made(labels, *(vectors(values, name=x) for x in names)), CONFIG)
    assert table["reason"][0].as_py() == "30 of its 30 nearest neighbours by 3 features are labelled 0"


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_items(n):
    table = detect(made(np.arange(n), vectors(np.ones((n, 2)))), CONFIG)
    assert table.num_rows == n
    assert table["flagged"].to_pylist() == [n == 2] * n


def test_one_class_raises_nothing():
    table = detect(made(np.zeros(40), vectors(np.random.default_rng(0).normal(size=(40, 3)))), CONFIG)
    assert not table["flagged"].to_numpy().any()
    assert table["suggested_label"].null_count == 40


def test_names_of_classes_and_order_of_items_make_no_difference():
    rng = np.random.default_rng(3)
    values, labels = rng.normal(size=(300, 4)), rng.integers(4, size=300)
    score = detect(made(labels, vectors(values)), CONFIG)["score"].to_numpy()
    renamed = np.array([2, 0, 3, 1])[labels]
    assert np.allclose(detect(made(renamed, vectors(values)), CONFIG)["score"].to_numpy(), score, atol=1e-9)
    order = rng.permutation(300)
    assert np.allclose(
        detect(made(labels[order], vectors(values[order])), CONFIG)["score"].to_numpy(),
        score[order],
        atol=1e-5,
    )
