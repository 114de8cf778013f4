"""Rankings under resampling, against scikit-learn and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.detection.bootstrap import resampled
from benchmarks.detection.ranked import Ranked, calibration_error


@pytest.mark.parametrize(("n", "decimals"), [(60, 1), (300, 8), (500, 0), (40, 2)])
def test_is_scikit_learns_with_ties_and_under_resampling(n, decimals):
    rng = np.random.default_rng(n)
    score = rng.random(n).round(decimals)
    wrong = rng.random(n) < 0.1 + 0.5 * score
    counts = resampled(n, 20, seed=1)
    ranked = Ranked(score, wrong)
    once, often = ranked.measure(), ranked.measure(counts)
    assert once["average_precision"] == pytest.approx(average_precision_score(wrong, score))
    assert once["auroc"] == pytest.approx(roc_auc_score(wrong, score))
    for r, count in enumerate(counts):
        rows = np.repeat(np.arange(n), count)
        assert often["average_precision"][r] == pytest.approx(
            average_precision_score(wrong[rows], score[rows])
        )
        assert often["auroc"][r] == pytest.approx(roc_auc_score(wrong[rows], score[rows]))
        assert often["wrong"][r] == wrong[rows].sum()


def test_counts_what_is_found_among_the_first():
    score = np.array([0.9, 0.8, 0.8, 0.8, 0.5, 0.1])
    wrong = np.array([True, True, False, False, False, True])
    found = Ranked(score, wrong).measure(None, [1, 2, 4, 5, 6, 100, 0.5])
    # of the tie of three one is wrong: a third of it for each that is looked at
    expected = {1: 1, 2: 4 / 3, 4: 2, 5: 2, 6: 3, 100: 3, 0.5: 1 + 2 / 3}
    assert {b: found[f"found_{b}"][0] for b in expected} == pytest.approx(expected)


def test_what_is_found_under_resampling_is_that_of_the_drawn_items():
    rng = np.random.default_rng(0)
    score, wrong = rng.random(50), rng.random(50) < 0.4
    counts = resampled(50, 30, seed=2)
    found = Ranked(score, wrong).measure(counts, [7])["found_7"]
    for r, count in enumerate(counts):
        rows = np.repeat(np.arange(50), count)
        assert found[r] == pytest.approx(wrong[rows][np.argsort(-score[rows])[:7]].sum())


def test_a_perfect_ranking_gives_one_and_the_worst_an_auroc_of_zero():
    wrong = np.arange(20) < 5
    perfect = Ranked(wrong * 1.0, wrong).measure(None, [5])
    assert perfect["average_precision"] == 1
    assert perfect["auroc"] == 1
    assert perfect["found_5"] == 5
    assert Ranked(-1.0 * wrong, wrong).measure()["auroc"] == 0


def test_a_constant_score_gives_the_prevalence():
    found = Ranked(np.zeros(40), np.arange(40) < 10).measure(None, [4])
    assert found["average_precision"] == 0.25
    assert found["auroc"] == 0.5
    assert found["found_4"] == 1


@pytest.mark.parametrize("wrong", [np.zeros(5, dtype=bool), np.ones(5, dtype=bool)])
def test_what_is_not_defined_is_nan(wrong):
    found = Ranked(np.arange(5.0), wrong).measure(None, [2])
    assert np.isnan(found["auroc"])
    assert np.isnan(found["average_precision"]) == (not wrong.any())
    assert found["found_2"] == 2 * wrong[0]


@pytest.mark.parametrize(
    ("score", "says"),
    [([], "no items"), ([0.1, math.nan], "1 of 2 scores are not finite"), ([0.1], "one score and truth")],
)
def test_refuses_what_it_cannot_rank(score, says):
    wrong = np.zeros(2 if score else 0, dtype=bool)
    with pytest.raises(ValueError, match=says):
        Ranked(np.array(score), wrong)


def test_a_probability_that_holds_has_none():
    probability = np.repeat([0.0, 0.5, 1.0], 10)
    wrong = np.r_[np.zeros(10), np.tile([0, 1], 5), np.ones(10)].astype(bool)
    assert calibration_error(probability, wrong) == pytest.approx(0)


def test_a_worked_case():
    # 30 items in 15 bins of two: each bin says 0.8 and one of the two is wrong
    assert calibration_error(np.full(30, 0.8), np.tile([True, False], 15)) == pytest.approx(0.3)


def test_a_resample_weighs_the_items_of_a_bin():
    probability, wrong = np.full(2, 0.5), np.array([True, False])
    counts = np.array([[2, 0], [1, 1]], dtype=np.uint8)
    assert calibration_error(probability, wrong, counts).tolist() == [0.5, 0.5]
