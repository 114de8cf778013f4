"""From rankings to rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.detection.datasets import load
from benchmarks.detection.measure import measured, random_order
from benchmarks.detection.ranking import Draw, Ranking, single
from benchmarks.detection.rows import DIFFERENCE, OVER_CELLS, Row
from benchmarks.detection.run import over_cells
from tests.benchmarks.detection.made import N, few, figure, labels_alone


def test_random_is_the_prevalence(folder):
    audited = load(folder)
    by = {r.metric: r for r in random_order(audited, 300, 0)}
    prevalence = audited.wrong.mean()
    assert by["average_precision"].value == prevalence
    assert by["average_precision"].low < prevalence < by["average_precision"].high
    assert by["auroc"].value == 0.5
    assert by["errors_found_at_200"].value == pytest.approx(200 * prevalence)


def test_a_perfect_ranking_gives_one(folder):
    audited = load("made-up-reassessed", folder.parent)
    score = np.zeros(N)
    score[audited.rows] = audited.wrong
    found = measured(audited, [single("perfect", score, audited.is_scored)], replicates=50, seed=0).rows
    by = {r.metric: r for r in found if r.method == "perfect"}
    assert (by["average_precision"].value, by["average_precision"].low) == (1, 1)
    assert by["auroc"].value == 1
    wrong = audited.wrong.sum()
    assert by["errors_found_at_50"].value == 50
    assert by["recall_in_first_5_percent"].value == pytest.approx(0.05 * len(audited.rows) / wrong)
    assert by["precision_at_100"].value == pytest.approx(wrong / 100)


def test_the_difference_to_itself_is_nothing(folder):
    audited = load(folder)
    score = np.random.default_rng(0).random(N)
    twins = [single(name, score, audited.is_scored) for name in ("cleanlab_ensemble", "ours_0")]
    found = measured(audited, twins, replicates=50, seed=0)
    (row,) = [r for r in found.rows if r.metric == DIFFERENCE]
    assert (row.method, row.value, row.low, row.high) == ("ours_0", 0, 0, 0)
    assert over_cells([found, found]) == [Row(OVER_CELLS, "ours_0", DIFFERENCE, 0, 0, 0)]


def test_a_difference_is_told_with_its_sign(folder):
    audited = load(folder)
    good = np.zeros(N)
    good[audited.rows] = audited.wrong
    both = [
        single("cleanlab_ensemble", -good, audited.is_scored),
        single("ours_0", good, audited.is_scored),
    ]
    (row,) = [r for r in measured(audited, both, replicates=50, seed=0).rows if r.metric == DIFFERENCE]
    assert row.value > 0.5
    assert 0 < row.low <= row.value <= row.high


def test_only_the_items_left_are_scored_and_draws_are_averaged(folder):
    audited = load(folder)
    score, left = np.zeros(N), np.ones(len(audited.rows), dtype=bool)
    score[audited.rows] = audited.wrong
    left[audited.wrong] = np.arange(audited.wrong.sum()) < 30
    half = Draw(score, left)
    assert figure(audited, Ranking("a", (half,)), "errors_found_at_50") == 30
    both = Ranking("a", (half, Draw(score, np.ones_like(left))))
    assert figure(audited, both, "errors_found_at_50") == 40


def test_only_probabilities_have_a_calibration_error(folder):
    audited = load(folder)
    for probability in (True, False):
        ranking = single("a", np.full(N, 0.5), audited.is_scored, probability=probability)
        rows = measured(audited, [ranking], replicates=0, seed=0).rows
        assert [r.metric for r in rows].count("ece") == probability


def test_an_interval_over_groups_is_wider_where_errors_cluster():
    wrong = np.arange(200) < 20
    models = [labels_alone("a", np.zeros(200))]
    score = np.random.default_rng(0).random(200) + wrong
    widths = []
    for groups in (None, np.arange(200) // 20):
        audited = few(models, np.zeros(200), wrong=wrong, groups=groups)
        rows = measured(audited, [single("a", score, audited.is_scored)], replicates=300, seed=0).rows
        row = next(r for r in rows if r.method == "a" and r.metric == "errors_found_at_50")
        widths.append(row.high - row.low)
    assert widths[1] > 1.5 * widths[0]


def test_judged_rows_must_ascend(folder):
    with pytest.raises(ValueError, match="must ascend"):
        replace(load(folder), rows=load(folder).rows[::-1])
