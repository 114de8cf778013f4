"""A rare class among a large one: what the rule finds there, beside all of cleanlab's filters."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pyarrow as pa
import pytest
from cleanlab.filter import find_label_issues
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from audits.audit_config import ClassThresholdsConfig, FilterBy
from audits.errors import InputError
from audits.outputs import ModelOutputs
from audits.signals.class_thresholds import class_thresholds, detect


def run(labels, probs, **params) -> pa.Table:
    labels, probs = np.asarray(labels, dtype=np.int32), np.asarray(probs)
    outputs = ModelOutputs("m", "dense", probs.shape[1], pred_probs=probs)
    ids = pa.array([f"i{k}" for k in range(len(labels))])
    return detect(ids, labels, outputs, ClassThresholdsConfig(**params))


@pytest.fixture(scope="module")
def imbalanced() -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Six data sets of 5,000, 1,000 and 20 items; of those given the rare class a quarter are wrong, else 4 %."""
    sizes, dimensions, sets = (5_000, 1_000, 20), 10, []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        truth = np.repeat(np.arange(3), sizes)
        centres = rng.normal(size=(3, dimensions)) * 4 / np.sqrt(dimensions)
        features = centres[truth] + rng.normal(size=(len(truth), dimensions))
        labels = truth.copy()
        for k, rate in enumerate((0.04, 0.04, 0.25)):
            others = np.flatnonzero((truth != k) & (labels == truth))
            labels[rng.choice(others, round(rate * sizes[k] / (1 - rate)), replace=False)] = k
        folds = StratifiedKFold(5, shuffle=True, random_state=0)
        model = LogisticRegression(tol=1e-2)
        probs = cross_val_predict(model, features, labels, cv=folds, method="predict_proba")
        sets.append((truth, labels, probs))
    return sets


def f1(hits: int, flagged: int, wrong: int) -> float:
    return 2 * hits / (flagged + wrong)


def figures(sets, flag) -> dict[str, float]:
    """Precision, recall and F1 over all sets, of the items given the rare class and of all."""
    counts = np.zeros(6)
    for truth, labels, probs in sets:
        flags, wrong, rare = flag(labels, probs), labels != truth, labels == 2
        for at, part in ((0, rare), (3, np.ones(len(rare), dtype=bool))):
            counts[at : at + 3] += (flags & wrong & part).sum(), (flags & part).sum(), (wrong & part).sum()
    hits, flagged, wrong, all_hits, all_flagged, all_wrong = counts
    return {
        "precision": hits / flagged,
        "recall": hits / wrong,
        "rare": f1(hits, flagged, wrong),
        "all": f1(all_hits, all_flagged, all_wrong),
    }


def test_in_a_rare_class_it_does_better_than_each_of_cleanlabs_filters(imbalanced):
    own = figures(imbalanced, lambda labels, probs: run(labels, probs)["flagged"].to_numpy())
    assert own["precision"] > 0.9
    assert own["recall"] > 0.85
    for filter_by in get_args(FilterBy):
        other = figures(
            imbalanced,
            lambda labels, probs, by=filter_by: find_label_issues(
                labels, probs, filter_by=by, min_examples_per_class=0, n_jobs=1
            ),
        )
        assert own["rare"] > other["rare"] + 0.05, filter_by
        # and it is not paid for in the large classes
        assert own["all"] > other["all"] - 0.02, filter_by


def test_its_scores_rank_wrong_labels_above_those_of_one_threshold_for_all(imbalanced):
    gains = []
    for truth, labels, probs in imbalanced:
        wrong, given = labels != truth, probs[np.arange(len(labels)), labels]
        score = run(labels, probs)["score"].to_numpy()
        gains.append(average_precision_score(wrong, -score) - average_precision_score(wrong, -given))
    assert np.mean(gains) > 0.01


def test_thresholds_by_hand():
    # class 0: at 0.6 all three of its items are above and one of three others (index 2/3), at 0.9 one and none (1/3)
    probs = np.array([[0.9, 0.1], [0.7, 0.3], [0.6, 0.4], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8]])
    np.testing.assert_allclose(class_thresholds(probs, np.array([0, 0, 0, 1, 1, 1], np.int32)), [0.6, 0.7])


def test_a_table_by_hand():
    probs = np.array([[0.9, 0.1], [0.7, 0.3], [0.6, 0.4], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8]])
    table = run([0, 0, 0, 1, 1, 1], probs)
    # the fourth is the one item below its threshold, 0.2 against 0.7
    assert table["rank"].to_pylist() == [None, None, None, 1, None, None]
    np.testing.assert_allclose(table["score"].to_numpy()[[2, 3]], [0.5, 0.2 / 0.9])
    assert table["suggested_label"].to_pylist() == [1, 1, 1, 0, 0, 0]


def test_a_rare_class_that_is_never_predicted_is_not_flagged_as_a_whole():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [500, 10])
    p = np.where(labels == 1, rng.uniform(0.2, 0.4, 510), rng.uniform(0, 0.05, 510))
    p[-1] = 0.001  # one of them is not as the others are
    table = run(labels, np.stack([1 - p, p], axis=1))
    assert np.flatnonzero(table["flagged"].to_numpy()).tolist() == [509]
    # 'the likeliest class is another' holds for all of them
    assert (
        find_label_issues(labels, np.stack([1 - p, p], axis=1), filter_by="predicted_neq_given").sum() == 10
    )


@pytest.mark.parametrize("blocks", [None, 300])
def test_thresholds_maximize_the_index_over_every_candidate(blocks, monkeypatch):
    if blocks:
        monkeypatch.setattr("audits.outputs._BLOCK_BYTES", blocks)
    rng = np.random.default_rng(1)
    probs = np.round(rng.dirichlet(np.ones(4), size=200), 2)  # with ties
    labels = rng.choice([0, 1, 3], p=[0.5, 0.45, 0.05], size=200).astype(np.int32)
    found = class_thresholds(probs, labels)
    assert np.isnan(found[2])
    for j in (0, 1, 3):
        own, others = probs[labels == j, j], probs[labels != j, j]
        index = {c: np.mean(own >= c) - np.mean(others >= c) for c in np.unique(own)}
        best = max(index.values())
        assert found[j] == min(c for c, value in index.items() if value > best - 1e-12)


def test_labels_wrong_at_random_leave_the_thresholds_near_where_they_were():
    rng = np.random.default_rng(2)
    truth = (rng.random(40_000) < 0.3).astype(np.int32)
    p = 1 / (1 + np.exp(-(rng.normal(size=40_000) * 1.5 + np.where(truth == 1, 1.5, -1.5))))
    probs = np.stack([1 - p, p], axis=1)
    clean = class_thresholds(probs, truth)
    noisy = np.where(rng.random(40_000) < np.where(truth == 1, 0.3, 0.1), 1 - truth, truth).astype(np.int32)
    np.testing.assert_allclose(class_thresholds(probs, noisy), clean, atol=0.1)
    means = np.array([probs[truth == j, j].mean() - probs[noisy == j, j].mean() for j in (0, 1)])
    assert means.max() > 0.1  # confident learning's thresholds, the mean probabilities, do not stay


def test_a_calibrated_model_is_flagged_by_its_calibrated_probabilities(imbalanced):
    _, labels, probs = imbalanced[0]
    sharp = probs**3 / (probs**3).sum(axis=1, keepdims=True)
    plain, scaled = run(labels, sharp), run(labels, sharp, calibrate="temperature")
    honest = probs[np.arange(len(labels)), labels]
    error = [np.abs(t["p_given"].to_numpy() - honest).mean() for t in (plain, scaled)]
    assert error[1] < error[0] / 2
    assert scaled["suggested_label"].equals(plain["suggested_label"])


def test_nothing_to_tell_apart_flags_nothing():
    table = run(np.tile([0, 1, 2], 5), np.full((15, 3), 1 / 3))
    assert not table["flagged"].to_numpy().any()
    np.testing.assert_allclose(table["score"].to_numpy(), 0.5)
    # also where the given class is ruled out for all of a class: there is nothing lower to tell them from
    table = run([0, 0, 1, 1], np.tile([0.0, 1.0], (4, 1)))
    assert table["score"].to_pylist() == [0.5] * 4


@pytest.mark.parametrize("labels", [[], [1], [1, 1, 1]])
def test_one_class_alone_is_refused(labels):
    with pytest.raises(InputError, match=f"at least 2 classes; {len(labels)} items have {len(set(labels))}"):
        run(labels, np.full((len(labels), 2), 0.5))
