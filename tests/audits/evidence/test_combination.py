"""Models and signals combined without verdicts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from audits.audit_config import AuditsConfig
from audits.evidence.clusters import others_rate
from audits.evidence.combination import (
    CENTRE,
    EXCESS,
    EXCESS_ORDER,
    EXCESS_TAKES,
    GROUPS,
    LINEAR,
    PAIRS,
    SIGNAL_WEIGHTS,
    SLOPE,
    SUGGESTION,
    _limited,
    combine,
    pairs,
    risk_log_odds,
    sample_of,
    signal_scores,
    suspected,
)
from audits.evidence.excess import unsupported
from audits.evidence.support import backing, support
from tests.audits.evidence.made import (
    NO_SIGNALS,
    a_model,
    a_signal,
    answers,
    auroc,
    average_precision,
    dense,
    inputs_of,
    permuted,
    population,
)


def some_inputs(seed=0, n=120, n_classes=4, **more):
    rng = np.random.default_rng(seed)
    truth = rng.integers(n_classes, size=n)
    labels = np.where(rng.random(n) < 0.15, rng.integers(n_classes, size=n), truth)
    kinds = ["dense", "top_k", "labels"]
    models = [a_model(rng, truth, n_classes, k, 3.0, f"m{j}") for j, k in enumerate(kinds)]
    return inputs_of(labels, models, n_classes, **more)


def log_odds(p):
    return np.log(p / (1 - p))


def held(odds):
    """Beyond a limit they grow as a logarithm, and go on smoothly there."""
    beyond = np.maximum(np.abs(odds) - LINEAR, 0)
    return np.sign(odds) * (np.minimum(np.abs(odds), LINEAR) + np.log1p(beyond))


def test_weights_are_those_of_the_documentation():
    inputs = some_inputs(
        suggestions=np.random.default_rng(1).integers(-1, 4, size=120).astype(np.int32),
        groups={
            "subject": (np.arange(120) % 7).astype(np.int32),
            "source": np.arange(120, dtype=np.int32) // 60,
        },
    )
    said = support(inputs.models, inputs.labels)
    x = unsupported(inputs.models, said.weights, said.mean_given)
    g, given = said.mean_given, inputs.labels
    there = (inputs.suggestions >= 0) & (inputs.suggestions != given)
    backed = backing(inputs.models, np.where(there, inputs.suggestions, -1).astype(np.int32), said.weights)
    b = 0.8 * said.backing + 0.2 * said.mean_rival
    b = np.where(there, (b + backed) / 2, b)
    guess = 1 / (1 + np.exp(-6 * (said.margin - 0.1)))
    suspect = x + (1 - x) * guess
    pair = np.where(said.other < 0, -1, given * 4 + said.other)
    groups = sum(others_rate(suspect, codes) for codes in inputs.groups.values())
    evidence = (
        (1 - EXCESS_TAKES * x) * (b - g)
        + x * (EXCESS + EXCESS_ORDER * (1 - g))
        + PAIRS * others_rate(suspect, pair)
        + GROUPS * groups
    )
    found = combine(inputs, NO_SIGNALS)
    assert SUGGESTION == 0.5
    np.testing.assert_allclose(found.excess, x)
    np.testing.assert_allclose(found.suspect, suspect, atol=1e-12)
    np.testing.assert_allclose(found.log_odds, held(SLOPE * (evidence - CENTRE)), atol=1e-9)
    assert list(found.parts) == ["models"]


def test_signals_that_no_model_is_behind_are_added_by_their_weights():
    inputs, rng = some_inputs(), np.random.default_rng(2)
    scores = {name: rng.random(120) for name in SIGNAL_WEIGHTS}
    signals = pa.concat_tables([a_signal(name, s) for name, s in scores.items()])
    alone, found = combine(inputs, NO_SIGNALS), combine(inputs, signals)
    expected = alone.log_odds.copy()
    for name, score in scores.items():
        odds = log_odds(np.clip(1 - score, 0.01, 0.99))
        part = SIGNAL_WEIGHTS[name] * (odds - np.median(odds))
        np.testing.assert_allclose(found.parts[name], part, atol=1e-12)
        expected += part
    np.testing.assert_allclose(found.log_odds, expected, atol=1e-9)


def test_every_weight_is_of_an_audit_that_there_is():
    assert set(SIGNAL_WEIGHTS) <= set(AuditsConfig.model_fields)


@pytest.mark.parametrize("with_models", [True, False])
def test_parts_sum_to_the_log_odds(with_models):
    inputs, rng = some_inputs() if with_models else inputs_of(np.zeros(120)), np.random.default_rng(3)
    signals = pa.concat_tables([a_signal(name, rng.random(120)) for name in ("outliers", "el2n")])
    found = combine(inputs, signals)
    base = 0.0 if with_models else log_odds(0.05)
    np.testing.assert_allclose(sum(found.parts.values()) + base, found.log_odds, atol=1e-12)


def test_what_detectors_say_of_models_is_in_the_models_word_already():
    inputs, rng = some_inputs(), np.random.default_rng(4)
    of_models = pa.concat_tables(
        [a_signal(name, rng.random(120), "m0") for name in ("confident_learning", "margin", "entropy")]
        + [a_signal(name, rng.random(120)) for name in ("model_agreement", "ensemble_confident_learning")]
    )
    np.testing.assert_array_equal(combine(inputs, of_models).log_odds, combine(inputs, NO_SIGNALS).log_odds)
    assert combine(inputs_of(np.zeros(120)), of_models).parts == {}


def test_without_models_and_signals_all_items_are_alike():
    found = combine(inputs_of([0, 1, 2]), NO_SIGNALS)
    assert found.support is None
    assert found.parts == {}
    np.testing.assert_allclose(found.log_odds, log_odds(0.05))
    np.testing.assert_array_equal(found.suspect, 0)
    assert len(combine(inputs_of([]), NO_SIGNALS).log_odds) == 0
    assert len(combine(inputs_of([], [answers([], 3)]), NO_SIGNALS).log_odds) == 0


@pytest.mark.parametrize("name", ["annotator_consensus", "duplicate_conflicts", "neighbour_disagreement"])
def test_without_models_one_signal_orders_alone(name):
    rng = np.random.default_rng(5)
    score = rng.uniform(0.02, 0.98, size=50)
    found = combine(inputs_of(np.zeros(50)), a_signal(name, score))
    np.testing.assert_array_equal(np.argsort(-found.log_odds), np.argsort(score))
    assert set(found.parts) == {name}


def test_a_suggestion_counts_as_a_signal_only_where_there_is_no_model():
    score = np.array([0.5, 1.0, 1.0])
    suggestions = np.array([1, -1, -1], dtype=np.int32)
    found = combine(inputs_of([0, 0, 0], suggestions=suggestions), a_signal("suggestion", score))
    assert found.log_odds[0] > found.log_odds[1] == found.log_odds[2]
    with_model = inputs_of([0, 0, 0], [dense([[0.6, 0.3, 0.1]] * 3)], suggestions=suggestions)
    assert set(combine(with_model, a_signal("suggestion", score)).parts) == {"models"}


def test_a_suggestion_moves_the_items_it_is_for_towards_its_backing():
    # models put class 1 in the label's place; the suggestion is class 2, which they find likely or unlikely
    models = [dense([[0.3, 0.5, 0.2], [0.3, 0.5, 0.2], [0.3, 0.5, 0.2]])]
    plain = combine(inputs_of([0, 0, 0], models), NO_SIGNALS)
    for suggested, sign in ((1, 0), (2, -1), (0, 0), (-1, 0)):
        suggestions = np.array([suggested, -1, 0], dtype=np.int32)
        found = combine(inputs_of([0, 0, 0], models, suggestions=suggestions), NO_SIGNALS)
        moved = found.log_odds - plain.log_odds
        assert np.sign(round(moved[0], 9)) == sign, "the given label and none are no suggestion"
        np.testing.assert_allclose(moved[1:], 0, atol=1e-12)


def test_a_group_full_of_suspects_raises_all_its_items():
    made = population(seed=6, n=800, n_classes=4)
    groups = np.where(made.wrong & (np.random.default_rng(0).random(800) < 0.8), 1, 0).astype(np.int32)
    alike = (np.arange(800) % 2).astype(np.int32)
    none = combine(made.inputs, NO_SIGNALS)
    by_group = {"group": np.where(np.arange(800) < 4, 1, groups)}  # four items that are as all others join it
    found = combine(inputs_of(made.inputs.labels, made.inputs.models, 4, groups=by_group), NO_SIGNALS)
    assert (found.log_odds - none.log_odds)[:4].min() > 0
    assert average_precision(found.log_odds, made.wrong) > average_precision(none.log_odds, made.wrong)
    indifferent = combine(
        inputs_of(made.inputs.labels, made.inputs.models, 4, groups={"g": alike}), NO_SIGNALS
    )
    assert (
        np.abs(indifferent.log_odds - none.log_odds).max() < np.abs(found.log_odds - none.log_odds).max() / 2
    )
    nowhere = {"g": np.full(800, -1, dtype=np.int32)}
    same = combine(inputs_of(made.inputs.labels, made.inputs.models, 4, groups=nowhere), NO_SIGNALS)
    np.testing.assert_array_equal(same.log_odds, none.log_odds)


def test_models_find_planted_errors():
    made = population(seed=7)
    found = combine(made.inputs, NO_SIGNALS)
    best = made.inputs.models[-1].probability_of(made.inputs.labels)
    assert auroc(found.log_odds, made.wrong) > 0.9
    assert average_precision(found.log_odds, made.wrong) > average_precision(-best, made.wrong)


def test_a_crowd_of_near_identical_models_does_not_outvote_the_others():
    made = population(seed=8, models=4)
    weak, others = made.inputs.models[0], made.inputs.models[1:]
    rng = np.random.default_rng(0)

    def nearly():
        probs = weak.pred_probs * np.exp(0.01 * rng.normal(size=weak.pred_probs.shape))
        return dense(probs / probs.sum(axis=1, keepdims=True))

    crowd = inputs_of(made.inputs.labels, [*others, *(nearly() for _ in range(12))], 6)
    found = combine(crowd, NO_SIGNALS).log_odds
    plainly = combine(made.inputs, NO_SIGNALS).log_odds
    share = np.mean([m.predicted() != crowd.labels for m in crowd.models], axis=0)
    ours, one_vote_each = (average_precision(s, made.wrong) for s in (found, share))
    assert ours > one_vote_each
    assert ours > average_precision(plainly, made.wrong) - 0.05


@pytest.mark.parametrize("copied", range(3))
def test_copies_of_one_model_count_as_one(copied):
    inputs = some_inputs(n=400)
    models = list(inputs.models)
    many = inputs_of(inputs.labels, models + [models[copied]] * 9, 4)
    found, alone = combine(many, NO_SIGNALS), combine(inputs, NO_SIGNALS)
    np.testing.assert_allclose(found.log_odds, alone.log_odds, atol=1e-3)
    np.testing.assert_allclose(found.support.margin, alone.support.margin, atol=1e-4)


def test_copies_of_a_model_of_labels_alone_count_as_one():
    rng = np.random.default_rng(3)
    truth = rng.integers(6, size=2000)
    labels = np.where(rng.random(2000) < 0.1, rng.integers(6, size=2000), truth)
    said = [np.where(rng.random(2000) < 0.75, truth, rng.integers(6, size=2000)) for _ in range(4)]
    alone = combine(inputs_of(labels, [answers(s, 6) for s in said], 6), NO_SIGNALS)
    copied = combine(inputs_of(labels, [answers(s, 6) for s in said + said[:1] * 8], 6), NO_SIGNALS)
    np.testing.assert_allclose(copied.excess, alone.excess, atol=1e-9)
    np.testing.assert_allclose(copied.log_odds, alone.log_odds, atol=1e-9)


def test_of_an_item_that_no_model_answered_for_nothing_is_known():
    rng = np.random.default_rng(12)
    truth = rng.integers(4, size=300)
    labels = np.where(rng.random(300) < 0.3, (truth + 1) % 4, truth)
    said = [np.where(rng.random(300) < 0.95, truth, (truth + 2) % 4) for _ in range(4)]
    for s in said:
        s[:20] = -1
    found = combine(inputs_of(labels, [answers(s, 4) for s in said], 4), NO_SIGNALS)
    np.testing.assert_allclose(found.parts["models"][:20], log_odds(0.05), atol=1e-12)
    np.testing.assert_allclose(found.log_odds[:20], log_odds(0.05), atol=1e-12)
    np.testing.assert_array_equal(found.excess[:20], 0)
    np.testing.assert_allclose(found.suspect[:20], 0.05)
    assert found.excess.max() > 0.3
    none = combine(inputs_of(labels, [answers(np.full(300, -1), 4)], 4), NO_SIGNALS)
    assert none.support is None
    assert none.parts == {}
    np.testing.assert_allclose(none.log_odds, log_odds(0.05))


def test_a_sample_is_of_ids_whatever_their_order():
    ids = pa.array([f"item {i}" for i in range(5000)])
    assert sample_of(ids, 5000).tolist() == list(range(5000))
    assert sample_of(ids, 9000).tolist() == list(range(5000))
    found = sample_of(ids, 600)
    assert (np.diff(found) > 0).all()
    assert len(found) == 600
    order = np.random.default_rng(0).permutation(5000)
    moved = sample_of(ids.take(order), 600)
    assert set(order[moved].tolist()) == set(found.tolist())
    # a smaller sample lies within a larger one, and neither is of one part of the items
    assert set(sample_of(ids, 100).tolist()) < set(found.tolist())
    assert np.histogram(found, 5, (0, 5000))[0].min() > 80
    assert len(sample_of(ids, 0)) == len(sample_of(ids.slice(0, 0), 10)) == 0


def test_constant_signals_say_nothing():
    inputs = some_inputs()
    signals = pa.concat_tables([a_signal(name, np.full(120, 0.3)) for name in SIGNAL_WEIGHTS])
    np.testing.assert_array_equal(combine(inputs, signals).log_odds, combine(inputs, NO_SIGNALS).log_odds)


def test_the_order_of_items_models_and_signals_does_not_matter():
    inputs, rng = some_inputs(), np.random.default_rng(9)
    scores = {name: rng.random(120) for name in ("outliers", "el2n", "annotator_consensus")}
    found = combine(inputs, pa.concat_tables([a_signal(k, v) for k, v in scores.items()]))
    order = rng.permutation(120)
    moved = inputs_of(inputs.labels[order], [m.take(order) for m in inputs.models], 4)
    signals = pa.concat_tables([a_signal(k, v[order]) for k, v in reversed(scores.items())])
    np.testing.assert_allclose(combine(moved, signals).log_odds, found.log_odds[order], atol=1e-9)
    turned = inputs_of(inputs.labels, inputs.models[::-1], 4)
    np.testing.assert_allclose(
        combine(turned, NO_SIGNALS).log_odds, combine(inputs, NO_SIGNALS).log_odds, atol=1e-9
    )


def test_what_the_classes_are_called_does_not_matter():
    inputs, to = some_inputs(), np.array([2, 0, 3, 1], dtype=np.int32)
    renamed = inputs_of(to[inputs.labels], [permuted(m, to) for m in inputs.models], 4)
    found = combine(inputs, NO_SIGNALS).log_odds
    np.testing.assert_allclose(combine(renamed, NO_SIGNALS).log_odds, found, atol=1e-9)


def test_two_classes_have_no_pairs_to_speak_of():
    rng = np.random.default_rng(10)
    labels = rng.integers(2, size=60)
    inputs = inputs_of(labels, [a_model(rng, labels, 2, "dense", 0.5)], 2)
    found = combine(inputs, NO_SIGNALS)
    said, x = found.support, found.excess
    expected = (1 - EXCESS_TAKES * x) * said.margin + x * (EXCESS + EXCESS_ORDER * (1 - said.mean_given))
    np.testing.assert_allclose(found.parts["models"], held(SLOPE * (expected - CENTRE)), atol=1e-12)


def test_nothing_is_that_sure_without_a_verdict_and_the_order_stays():
    # 40 labels mixed up among 1,000 that all models are sure of: the excess is nearly 1
    probs = np.tile([1.0, 0.0, 0.0], (1000, 1))
    labels = np.zeros(1000, dtype=np.int32)
    labels[:40] = 1
    found = combine(inputs_of(labels, [dense(probs)]), NO_SIGNALS)
    raw = SLOPE * (found.excess[0] * (EXCESS + EXCESS_ORDER) - CENTRE)
    assert raw > 2 * LINEAR
    assert LINEAR < found.log_odds[0] < raw / 2
    assert found.log_odds[:40].min() > found.log_odds[40:].max()
    far = np.linspace(-3 * LINEAR, 3 * LINEAR, 500)
    assert (np.diff(held(far)) > 0).all()
    np.testing.assert_allclose(_limited(far), held(far), atol=1e-12)


def test_a_first_guess_is_in_its_range_and_rises_with_margin_and_excess():
    inputs = some_inputs(seed=11, n=300)
    said = support(inputs.models, inputs.labels)
    guess = suspected(said, np.zeros(300))
    assert guess.min() > 0
    assert guess.max() < 1
    assert (np.diff(guess[np.argsort(said.margin)]) >= 0).all()
    np.testing.assert_array_equal(suspected(said, np.ones(300)), 1)
    assert (suspected(said, np.full(300, 0.2)) > guess).all()


def test_pairs_are_numbered_without_gaps():
    first, second = np.array([3, 0, 3, 1]), np.array([1, 2, 1, 3])
    assert pairs(first, second, 4).tolist() == [2, 0, 2, 1]
    assert pairs(first, np.array([1, -1, 1, 3]), 4).tolist() == [1, -1, 1, 0]
    assert pairs(first, np.full(4, -1), 4).tolist() == [-1] * 4


def test_the_score_of_a_signal_is_the_mean_over_its_models():
    signals = pa.concat_tables(
        [
            a_signal("margin", [0.2, 0.4], "a"),
            a_signal("outliers", [0.1, 0.9]),
            a_signal("margin", [0.6, 0.4], "b"),
        ]
    )
    found = signal_scores(signals, 2)
    np.testing.assert_allclose(found["margin"], [0.4, 0.4])
    np.testing.assert_allclose(found["outliers"], [0.1, 0.9])
    assert signal_scores(NO_SIGNALS, 2) == signal_scores(NO_SIGNALS, 0) == {}


def test_log_odds_of_a_score_are_held():
    found = risk_log_odds(np.array([0.0, 0.005, 0.2, 0.5, 1.0]))
    np.testing.assert_allclose(found, [log_odds(0.99)] * 2 + [log_odds(0.8), 0, log_odds(0.01)], atol=1e-12)
