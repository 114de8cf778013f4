"""A model of the verdicts."""

from __future__ import annotations

import numpy as np
import pytest

from audits.evidence.features import Features
from audits.evidence.learned import ANCHOR_WEIGHT, FOLDS, LEVEL_LEAST, SPREADS, Anchors, _folds, learn
from tests.audits.evidence.made import auroc

N = 1000


def made(seed=0, d=4, slope=0.0, n=N):
    """A prior that is right up to a constant, and features of which the first adds `slope` times itself."""
    rng = np.random.default_rng(seed)
    prior, values = rng.normal(size=n) * 1.5, rng.normal(size=(n, d))
    odds = prior - 1 + slope * values[:, 0] if d else prior - 1
    wrong = rng.random(n) < 1 / (1 + np.exp(-odds))
    names = tuple(f"f{j}" for j in range(d))
    return prior, values, names, odds, wrong


def learned(prior, values, names, wrong, rows, levels=None, weights=None, anchors=None, seed=0):
    features = Features(names, names, values, levels or {})
    weights = np.ones(len(rows)) if weights is None else weights
    return learn({"prior": prior}, features, np.asarray(rows), wrong[rows], weights, anchors, seed)


def sigmoid(odds):
    return 1 / (1 + np.exp(-odds))


def test_a_prior_that_is_right_but_for_a_constant_is_moved_by_it():
    prior, values, names, odds, wrong = made(d=0)
    found = learned(prior, values, names, wrong, np.arange(500))
    slope, shift = np.polyfit(odds, found.log_odds, 1)
    assert slope == pytest.approx(1, abs=0.25)
    assert shift == pytest.approx(0, abs=0.35)
    np.testing.assert_array_equal(np.argsort(found.log_odds), np.argsort(prior))


def test_a_prior_that_is_too_bold_is_made_milder_and_one_that_is_too_timid_bolder():
    prior, values, names, odds, wrong = made(d=0)
    for factor in (3.0, 0.4):
        found = learned(prior * factor, values, names, wrong, np.arange(N))
        slope = np.polyfit(odds, found.log_odds, 1)[0]
        assert abs(np.log(slope)) < abs(np.log(factor)) / 2


def test_what_verdicts_can_be_explained_by_is_learned_the_better_the_more_there_are():
    prior, values, names, odds, wrong = made(slope=1.5)
    rest = np.arange(600, N)
    before = auroc(prior[rest], wrong[rest])
    few, many = (learned(prior, values, names, wrong, np.arange(r)) for r in (60, 600))
    after = [auroc(found.log_odds[rest], wrong[rest]) for found in (few, many)]
    assert before < after[0] < after[1]
    assert after[1] > auroc(odds[rest], wrong[rest]) - 0.03


def test_few_verdicts_change_little():
    prior, values, names, _, wrong = made(d=20)
    found = learned(prior, values, names, wrong, np.arange(60))
    assert np.corrcoef(found.log_odds, prior)[0, 1] > 0.85


def test_parts_are_what_sources_add_against_the_mean_of_the_reviewed_items():
    prior, values, names, _, wrong = made(slope=1.5)
    levels = {"class": np.random.default_rng(1).integers(5, size=N)}
    rows = np.arange(0, N, 3)
    found = learned(prior, values, names, wrong, rows, levels)
    assert set(found.parts) == {"prior", *names, "class"}
    without = found.log_odds - sum(found.parts.values())
    np.testing.assert_allclose(without, without[0], atol=1e-9)
    for part in found.parts.values():
        assert part[rows].mean() == pytest.approx(0, abs=1e-9)
    assert np.abs(found.parts["f0"]).mean() > 2 * np.abs(found.parts["f2"]).mean()


def test_parts_of_one_name_are_one_source():
    prior, values, _, _, wrong = made()
    features = Features(("a", "b", "c", "d"), ("models", "models", "models", "x"), values, {})
    found = learn({"models": prior, "y": prior**2}, features, np.arange(200), wrong[:200], np.ones(200))
    assert set(found.parts) == {"models", "x", "y"}


def test_a_class_with_many_wrong_labels_raises_its_unreviewed_items():
    rng = np.random.default_rng(2)
    level = rng.integers(4, size=N)
    wrong = rng.random(N) < np.where(level == 2, 0.7, 0.1)
    found = learned(np.zeros(N), np.empty((N, 0)), (), wrong, np.arange(300), {"class": level})
    rest = np.arange(300, N)
    means = [found.log_odds[rest][level[rest] == c].mean() for c in range(4)]
    assert means[2] > max(means[:2] + means[3:]) + 1
    assert 1 / (1 + np.exp(-means[2])) == pytest.approx(0.7, abs=0.15)


def test_a_class_of_fewer_verdicts_has_no_effect_of_its_own_and_an_item_in_none_has_none():
    prior, values, names, _, wrong = made(d=1)
    level = np.full(N, -1)
    level[: LEVEL_LEAST - 1], level[10 : 10 + LEVEL_LEAST], level[500:600] = 0, 1, 7
    assert set(level[100:500]) == {-1}
    found = learned(prior, values, names, wrong, np.arange(200), {"class": level})
    part = found.parts["class"]
    assert part[0] == part[150] == part[550] != part[10]
    none = learned(prior, values, names, wrong, np.arange(200), {"class": np.full(N, -1)})
    np.testing.assert_array_equal(none.parts["class"], 0)


def test_features_that_do_not_vary_among_the_reviewed_items_teach_nothing():
    prior, values, names, _, wrong = made()
    constant = values.copy()
    constant[:200, 1], constant[200:, 1] = 3.0, 1e6
    left = np.delete(values, 1, axis=1)
    found = learned(prior, constant, names, wrong, np.arange(200))
    expected = learned(prior, left, ("f0", "f2", "f3"), wrong, np.arange(200))
    np.testing.assert_allclose(found.log_odds, expected.log_odds, atol=1e-9)


def test_an_item_far_outside_is_held():
    prior, values, names, _, wrong = made(slope=1.5)
    far = values.copy()
    far[900, 0], far[901, 0] = 50.0, 1e9
    prior[900] = prior[901]
    far[900, 1:] = far[901, 1:]
    found = learned(prior, far, names, wrong, np.arange(300))
    assert found.log_odds[900] == found.log_odds[901]


def test_held_out_odds_are_of_models_that_did_not_see_the_verdict():
    _, values, names, _, _ = made(d=30, n=200)
    rng = np.random.default_rng(3)
    told = []
    for seed in range(6):
        noise = rng.random(200) < 0.5
        found = learned(np.zeros(200), values, names, noise, np.arange(200), seed=seed)
        told.append((auroc(found.held_out, noise), auroc(found.log_odds, noise)))
    held_out, in_sample = np.mean(told, axis=0)
    assert 0.35 < held_out < 0.6
    assert in_sample > 0.65


def test_folds_are_even_in_both_kinds():
    wrong = np.arange(103) < 17
    folds = _folds(wrong, 4)
    for kind in (True, False):
        counts = np.bincount(folds[wrong == kind], minlength=FOLDS)
        assert counts.max() - counts.min() <= 1
    assert set(folds) == set(range(FOLDS))
    np.testing.assert_array_equal(folds, _folds(wrong, 4))
    assert (folds != _folds(wrong, 5)).any()


def test_a_weight_of_two_draws_the_odds_as_the_verdict_twice_would():
    prior, values, names, _, wrong = made(d=2)
    rows, heavy = np.arange(300), np.where(wrong[:300], 1.6, 0.7)
    found = learned(prior, values, names, wrong, rows, weights=heavy / heavy.mean())
    plain = learned(prior, values, names, wrong, rows)
    assert (found.log_odds > plain.log_odds + 0.3).mean() > 0.95


def test_without_features_and_prior_all_items_get_the_share():
    wrong = np.arange(400) < 100
    found = learn({}, Features((), (), np.empty((400, 0)), {}), np.arange(400), wrong, np.ones(400))
    np.testing.assert_allclose(1 / (1 + np.exp(-found.log_odds)), 0.25, atol=0.02)
    assert found.parts == {}


def test_the_spread_is_one_that_is_tried_and_wider_where_there_is_more_to_learn():
    _, values, names, _, wrong = made(slope=3.0)
    much = learned(np.zeros(N), values, names, wrong, np.arange(N))
    noise = np.random.default_rng(4).random(N) < 0.3
    nothing = learned(np.zeros(N), values, names, noise, np.arange(N))
    assert (much.spread, nothing.spread) == (max(SPREADS), min(SPREADS))


def test_the_same_seed_gives_the_same():
    prior, values, names, _, wrong = made(slope=1.0)
    first, second, other = (learned(prior, values, names, wrong, np.arange(100), seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.log_odds, second.log_odds)
    np.testing.assert_array_equal(first.held_out, second.held_out)
    assert (first.held_out != other.held_out).any()


def test_anchors_keep_what_a_queue_of_alike_items_teaches_from_items_that_are_unlike_all_of_them():
    # the queue: of 90 items that the prior finds suspect 80 are wrong; the others look right and mostly are
    rng = np.random.default_rng(5)
    prior = np.where(np.arange(N) < 90, 1.0, -2.0) + 0.3 * rng.normal(size=N)
    values = rng.normal(size=(N, 3)) + np.where(np.arange(N) < 90, 1.0, -1.0)[:, None]
    wrong, rest, names = np.arange(N) < 80, np.arange(90, N), ("a", "b", "c")
    anchors = Anchors(np.arange(100, 600), sigmoid(prior[100:600]))
    plain = learned(prior, values, names, wrong, np.arange(90))
    held = learned(prior, values, names, wrong, np.arange(90), anchors=anchors)
    expected = sigmoid(prior[rest]).mean()
    means = [sigmoid(found.log_odds[rest]).mean() for found in (plain, held)]
    assert means[0] > means[1] + 0.05
    assert means[1] == pytest.approx(expected, abs=0.03)
    assert (held.log_odds[rest] > 0).mean() < 0.02
    assert (held.log_odds[:90] > 0).all()  # what the verdicts are on stays as they say
    assert len(held.held_out) == 90


def test_anchors_weigh_a_share_of_the_verdicts_however_many_there_are():
    wrong = np.arange(400) < 320
    nothing = Features((), (), np.empty((1000, 0)), {})
    told = []
    for many in (50, 600):
        anchors = Anchors(np.arange(400, 400 + many), np.full(many, 0.1))
        found = learn({}, nothing, np.arange(400), wrong, np.ones(400), anchors)
        told.append(sigmoid(found.log_odds).mean())
    share = (0.8 + ANCHOR_WEIGHT * 0.1) / (1 + ANCHOR_WEIGHT)
    np.testing.assert_allclose(told, share, atol=0.02)


def test_no_anchors_are_as_if_none_were_given():
    prior, values, names, _, wrong = made(slope=1.0)
    none = Anchors(np.empty(0, dtype=np.intp), np.empty(0))
    found, expected = (learned(prior, values, names, wrong, np.arange(100), anchors=a) for a in (none, None))
    np.testing.assert_array_equal(found.log_odds, expected.log_odds)
    np.testing.assert_array_equal(found.held_out, expected.held_out)
