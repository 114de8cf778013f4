"""Probabilities of being wrong: from signals alone, and learned from verdicts."""

from __future__ import annotations

import numpy as np
import pytest

from audits.errors import UsageError
from audits.evidence import estimate as module
from audits.evidence.combination import combine
from audits.evidence.estimate import (
    LEAST_OF_A_KIND,
    LEAST_VERDICTS,
    WEIGHT_LIMIT,
    Reviewed,
    with_verdicts,
    without_verdicts,
)
from tests.audits.evidence.made import (
    NO_SIGNALS,
    a_signal,
    auroc,
    average_precision,
    calibration_error,
    inputs_of,
    population,
)

N = 3000


def same(first, second) -> None:
    for name in ("probability", "held_out", "suggested"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert list(first.parts) == list(second.parts)
    for name in first.parts:
        np.testing.assert_array_equal(first.parts[name], second.parts[name])
    assert (first.verdicts, first.drawn) == (second.verdicts, second.drawn)
    np.testing.assert_array_equal(first.decided, second.decided)


def rest_of(rows, n=N):
    return np.setdiff1d(np.arange(n), rows)


def drawn(seed, many, n=N):
    return np.random.default_rng([seed, many]).choice(n, many, replace=False)


def test_without_verdicts_it_is_the_combination():
    made = population()
    found, combined = without_verdicts(made.inputs, NO_SIGNALS), combine(made.inputs, NO_SIGNALS)
    np.testing.assert_allclose(found.probability, 1 / (1 + np.exp(-combined.log_odds)), atol=1e-12)
    np.testing.assert_array_equal(found.held_out, found.probability)
    np.testing.assert_array_equal(found.suggested, combined.support.other)
    assert (found.verdicts, found.decided, found.drawn) == (0, None, False)
    assert found.probability.min() >= 0
    assert found.probability.max() <= 1


def test_without_models_nothing_is_suggested():
    found = without_verdicts(inputs_of([0, 1, 2]), a_signal("outliers", [0.1, 0.5, 0.9]))
    assert found.suggested.tolist() == [-1, -1, -1]
    assert (np.diff(found.probability) < 0).all()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("many", [100, 300, 1000])
def test_learned_from_random_verdicts_it_is_calibrated_and_orders_no_worse(seed, many):
    made, rows = population(seed=seed), drawn(seed, many)
    before, after = (
        without_verdicts(made.inputs, NO_SIGNALS),
        with_verdicts(made.inputs, NO_SIGNALS, made.reviewed(rows)),
    )
    rest = rest_of(rows)
    wrong = made.wrong[rest]
    assert after.verdicts == many
    assert calibration_error(after.probability[rest], wrong) < (0.05 if many < 300 else 0.03)
    assert after.probability[rest].mean() == pytest.approx(wrong.mean(), abs=0.04)
    gained = average_precision(after.probability[rest], wrong) - average_precision(
        before.probability[rest], wrong
    )
    assert gained > (-0.01 if many < 300 else 0.01)


def test_a_class_with_many_wrong_verdicts_raises_its_unreviewed_items():
    made, even = population(seed=1, bad_class=2), population(seed=1)
    rows = drawn(1, 400)
    rest = rest_of(rows)
    own = made.inputs.labels[rest] == 2
    before = without_verdicts(made.inputs, NO_SIGNALS).probability[rest]
    found = with_verdicts(made.inputs, NO_SIGNALS, made.reviewed(rows)).probability[rest]
    raised = found - before
    assert raised[own].mean() > raised[~own].mean() + 0.02
    assert found[own].mean() == pytest.approx(made.wrong[rest][own].mean(), abs=0.08)
    assert found[own].mean() > 2 * found[~own].mean()
    assert average_precision(found, made.wrong[rest]) > average_precision(before, made.wrong[rest])
    assert even.wrong.mean() < made.wrong.mean()


def test_a_group_with_many_wrong_verdicts_raises_its_unreviewed_items():
    rng = np.random.default_rng(3)
    subject = rng.integers(6, size=800).astype(np.int32)
    wrong = rng.random(800) < np.where(subject == 4, 0.6, 0.1)
    inputs = inputs_of(np.zeros(800), groups={"subject": subject})
    rows = drawn(3, 200, 800)
    found = with_verdicts(inputs, NO_SIGNALS, Reviewed(rows, wrong[rows], np.full(200, 0.25)))
    rest = rest_of(rows, 800)
    means = [found.probability[rest][subject[rest] == s].mean() for s in range(6)]
    assert int(np.argmax(means)) == 4
    assert means[4] > 0.4
    assert max(means[:4] + means[5:]) < 0.25
    assert set(found.parts) >= {"subject"}


def test_held_out_is_of_reviewed_items_alone_and_not_what_the_model_says_that_saw_them():
    made, rows = population(), drawn(0, 300)
    found = with_verdicts(made.inputs, NO_SIGNALS, made.reviewed(rows))
    rest = rest_of(rows)
    np.testing.assert_array_equal(found.held_out[rest], found.probability[rest])
    assert (found.held_out[rows] != found.probability[rows]).mean() > 0.99
    assert auroc(found.held_out[rows], made.wrong[rows]) > 0.8
    assert calibration_error(found.held_out[rows], made.wrong[rows], bins=5) < 0.06


def test_verdicts_that_mean_nothing_teach_nothing():
    made, told = population(), []
    for seed in range(6):
        rows = drawn(seed, 300)
        noise = np.random.default_rng(seed).permutation(made.wrong[rows])
        found = with_verdicts(made.inputs, NO_SIGNALS, Reviewed(rows, noise, np.full(300, 0.1)), seed)
        told.append((auroc(found.held_out[rows], noise), auroc(found.probability[rows], noise)))
    held_out, in_sample = np.mean(told, axis=0)
    assert 0.4 < held_out < 0.56
    assert in_sample > held_out + 0.05


def rows_with(made, wrong, right):
    return np.concatenate([np.flatnonzero(made.wrong)[:wrong], np.flatnonzero(~made.wrong)[:right]])


@pytest.mark.parametrize(
    ("wrong", "right", "learns"),
    [
        (0, 0, False),
        (LEAST_VERDICTS // 2, LEAST_VERDICTS // 2 - 1, False),
        (LEAST_VERDICTS // 2, LEAST_VERDICTS // 2, True),
        (LEAST_OF_A_KIND - 1, 200, False),
        (LEAST_OF_A_KIND, 200, True),
        (200, LEAST_OF_A_KIND - 1, False),
        (200, LEAST_OF_A_KIND, True),
        (0, 500, False),
        (300, 0, False),
    ],
)
def test_with_too_few_verdicts_nothing_is_learned(wrong, right, learns):
    made = population()
    reviewed = made.reviewed(rows_with(made, wrong, right))
    assert reviewed.enough == learns
    found = with_verdicts(made.inputs, NO_SIGNALS, reviewed)
    assert found.verdicts == (wrong + right if learns else 0)
    if not learns:
        same(found, without_verdicts(made.inputs, NO_SIGNALS))
    assert np.isfinite(found.probability).all()


def test_the_same_seed_gives_the_same_and_the_order_of_verdicts_does_not_matter():
    made, rows = population(n=1000), drawn(0, 120, 1000)
    inclusion = np.random.default_rng(0).uniform(0.1, 1, size=120)
    found = with_verdicts(made.inputs, NO_SIGNALS, made.reviewed(rows, inclusion), seed=3)
    same(found, with_verdicts(made.inputs, NO_SIGNALS, made.reviewed(rows, inclusion), seed=3))
    order = np.random.default_rng(1).permutation(120)
    same(found, with_verdicts(made.inputs, NO_SIGNALS, made.reviewed(rows[order], inclusion[order]), seed=3))
    other = with_verdicts(made.inputs, NO_SIGNALS, made.reviewed(rows, inclusion), seed=4)
    assert (other.held_out[rows] != found.held_out[rows]).any()
    np.testing.assert_allclose(other.probability, found.probability, atol=0.25)


def test_weights_are_inverse_to_the_inclusion_up_to_a_limit():
    made, rows = population(), drawn(0, 300)
    inclusion = np.full(300, 0.9)
    inclusion[:60] = 0.9 / WEIGHT_LIMIT
    at_limit = with_verdicts(made.inputs, NO_SIGNALS, made.reviewed(rows, inclusion))
    inclusion[:60] = 1e-6
    same(at_limit, with_verdicts(made.inputs, NO_SIGNALS, made.reviewed(rows, inclusion)))
    inclusion[:60] = 0.9
    even = with_verdicts(made.inputs, NO_SIGNALS, made.reviewed(rows, inclusion))
    assert (even.probability != at_limit.probability).any()
    same(even, with_verdicts(made.inputs, NO_SIGNALS, made.reviewed(rows, np.full(300, 0.3))))


def test_what_was_drawn_with_a_small_probability_counts_for_what_was_not_drawn():
    made = population(seed=2)
    rows = np.concatenate([rows_with(made, 60, 0), drawn(9, 200)])
    rows = np.unique(rows)
    chosen = np.isin(rows, rows_with(made, 60, 0))
    naive = with_verdicts(made.inputs, NO_SIGNALS, made.reviewed(rows))
    weighed = with_verdicts(made.inputs, NO_SIGNALS, made.reviewed(rows, np.where(chosen, 1.0, 0.1)))
    rest = rest_of(rows)
    share = made.wrong[rest].mean()
    assert abs(weighed.probability[rest].mean() - share) < abs(naive.probability[rest].mean() - share)


@pytest.mark.parametrize(
    ("rows", "wrong", "inclusion", "words"),
    [
        ([0, 1], [True], [1.0, 1.0], "2 rows, 1 findings and 2 probabilities"),
        ([0, 1], [True, False], [1.0], "2 rows, 2 findings and 1 probabilities"),
        ([3, 1, 3], [True, False, True], [1.0] * 3, "more than once"),
        ([0, 1], [True, False], [0.0, 1.0], "above 0 and at most 1"),
        ([0, 1], [True, False], [0.5, 1.1], "above 0 and at most 1"),
        ([0, 1], [True, False], [0.5, np.nan], "above 0 and at most 1"),
    ],
)
def test_what_people_cannot_have_found_is_refused(rows, wrong, inclusion, words):
    with pytest.raises(UsageError, match=words):
        Reviewed(np.array(rows), np.array(wrong), np.array(inclusion))


def test_nobody_found_anything():
    none = Reviewed(np.empty(0, dtype=int), np.empty(0, dtype=bool), np.empty(0))
    assert not none.enough


@pytest.mark.parametrize("seed", range(3))
def test_a_queue_from_the_top_needs_a_tenth_drawn_at_random(seed):
    made = population(seed=seed)
    before, many = without_verdicts(made.inputs, NO_SIGNALS).probability, 400
    order, rng = np.argsort(-before, kind="stable"), np.random.default_rng(seed)
    top, control = order[: many * 9 // 10], rng.choice(order[many:], many // 10, replace=False)
    naive = with_verdicts(made.inputs, NO_SIGNALS, made.reviewed(order[:many]))
    rows = np.concatenate([top, control])
    inclusion = np.concatenate([np.ones(len(top)), np.full(len(control), len(control) / (N - len(top)))])
    sound = with_verdicts(made.inputs, NO_SIGNALS, made.reviewed(rows, inclusion))
    rest = rest_of(np.concatenate([order[:many], control]))
    errors = [calibration_error(e.probability[rest], made.wrong[rest]) for e in (naive, sound)]
    precision = [
        average_precision(p[rest], made.wrong[rest]) for p in (before, naive.probability, sound.probability)
    ]
    assert errors[1] < 0.03
    assert errors[1] < errors[0] - 0.02
    assert precision[2] > precision[1] > precision[0]


def queue_of(made, wrong=82, right=11):
    """The items of a queue from the top that people found mostly wrong."""
    order = np.argsort(-without_verdicts(made.inputs, NO_SIGNALS).probability, kind="stable")
    return np.concatenate([order[made.wrong[order]][:wrong], order[~made.wrong[order]][:right]])


@pytest.mark.parametrize("seed", range(3))
def test_a_queue_of_items_that_look_wrong_does_not_carry_over_to_others(seed, monkeypatch):
    # few labels are wrong, and the queue holds most of those that are
    made = population(seed=seed, rate=0.04)
    rows = queue_of(made)
    reviewed = made.reviewed(rows, np.ones(len(rows)))
    assert reviewed.wrong.mean() == pytest.approx(82 / 93)
    held = with_verdicts(made.inputs, NO_SIGNALS, reviewed)
    monkeypatch.setattr(module, "ANCHORS", 0)
    free = with_verdicts(made.inputs, NO_SIGNALS, reviewed)
    rest = rest_of(rows)
    assert made.wrong[rest].mean() < 0.02
    reached = [(e.probability[rest] >= 0.5).mean() for e in (held, free)]
    assert reached[0] < 0.12
    assert reached[1] > 0.5
    before = without_verdicts(made.inputs, NO_SIGNALS)
    assert held.probability[rest].mean() == pytest.approx(before.probability[rest].mean(), abs=0.05)
    ordered = [average_precision(e.probability[rest], made.wrong[rest]) for e in (before, free, held)]
    assert ordered[2] > max(ordered[:2])


@pytest.mark.parametrize("many", [LEAST_OF_A_KIND - 1, LEAST_OF_A_KIND])
def test_anchors_are_needed_only_until_verdicts_are_on_items_drawn_at_random(many, monkeypatch):
    made, rows = population(), drawn(0, 200)
    inclusion = np.ones(200)
    inclusion[:many] = 0.5
    found = with_verdicts(made.inputs, NO_SIGNALS, made.reviewed(rows, inclusion))
    assert found.drawn == (many >= LEAST_OF_A_KIND)
    monkeypatch.setattr(module, "ANCHORS", 0)
    free = with_verdicts(made.inputs, NO_SIGNALS, made.reviewed(rows, inclusion))
    assert (found.probability == free.probability).all() == found.drawn


def test_decided_are_the_items_whose_verdicts_were_learned_from():
    made, rows = population(), drawn(0, 120)
    found = with_verdicts(made.inputs, NO_SIGNALS, made.reviewed(rows))
    np.testing.assert_array_equal(np.flatnonzero(found.decided), np.sort(rows))
    few = with_verdicts(made.inputs, NO_SIGNALS, made.reviewed(rows[: LEAST_VERDICTS - 1]))
    assert (few.decided, few.drawn) == (None, False)
