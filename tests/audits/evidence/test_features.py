"""What a model that learns from verdicts looks at."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from audits.evidence.clusters import others_rate
from audits.evidence.combination import combine
from audits.evidence.features import features
from tests.audits.evidence.made import NO_SIGNALS, a_signal, answers, dense, inputs_of, permuted, population


def of(inputs, signals=NO_SIGNALS):
    return features(inputs, signals, combine(inputs, signals))


def column(found, name):
    return found.values[:, found.names.index(name)]


def test_names_sources_and_values_belong_together():
    made = population(n=200, suggestions=np.random.default_rng(0).integers(-1, 6, size=200).astype(np.int32))
    inputs = inputs_of(
        made.inputs.labels,
        made.inputs.models,
        6,
        suggestions=made.inputs.suggestions,
        groups={"subject": np.arange(200, dtype=np.int32) % 5},
    )
    signals = pa.concat_tables([a_signal("outliers", np.random.default_rng(1).random(200))])
    found = of(inputs, signals)
    assert len(found.names) == len(set(found.names)) == len(found.sources) == found.values.shape[1]
    assert found.values.shape[0] == 200
    assert np.isfinite(found.values).all()
    assert set(found.sources) == {"models", "class pair", "suggestion", "outliers", "subject"}
    assert set(found.levels) == {"given label", "suggested label", "subject"}
    assert all(len(level) == 200 for level in found.levels.values())


def test_without_models_signals_and_groups_are_looked_at():
    groups = {"g": np.array([0, 0, 1, -1], dtype=np.int32)}
    found = of(inputs_of([0, 1, 2, 0], groups=groups), a_signal("outliers", [0.1, 0.5, 0.9, 0.5]))
    assert found.names == ("signal outliers", "rate in g")
    assert found.sources == ("outliers", "g")
    np.testing.assert_allclose(column(found, "signal outliers"), [np.log(9), 0, -np.log(9), 0], atol=1e-12)
    np.testing.assert_array_equal(column(found, "rate in g"), 0)
    assert set(found.levels) == {"given label", "g"}


def test_with_nothing_at_all_there_are_levels_alone():
    found = of(inputs_of([0, 1, 2]))
    assert found.values.shape == (3, 0)
    assert set(found.levels) == {"given label"}


def test_class_statistics_worked_by_hand():
    # items 0 to 2 are given class 0 and said to be class 1, item 3 the reverse, items 4 and 5 are as they should be
    probs = [[0.2, 0.8, 0.0]] * 3 + [[0.8, 0.2, 0.0]] + [[0.0, 0.0, 1.0]] * 2
    labels = [0, 0, 0, 1, 2, 2]
    inputs = inputs_of(labels, [dense(probs)])
    combined = combine(inputs, NO_SIGNALS)
    found, suspect, other = features(inputs, NO_SIGNALS, combined), combined.suspect, combined.support.other
    assert other.tolist()[:4] == [1, 1, 1, 0]
    np.testing.assert_allclose(column(found, "rate_given"), others_rate(suspect, np.array(labels)))
    np.testing.assert_allclose(column(found, "rate_other"), others_rate(suspect, other))
    np.testing.assert_allclose(column(found, "size_given"), np.log1p([3, 3, 3, 1, 2, 2]))
    np.testing.assert_allclose(column(found, "size_other")[:4], np.log1p([1, 1, 1, 3]))
    reverse = column(found, "rate_reverse")
    np.testing.assert_allclose(reverse[:3], np.log1p(suspect[3]), atol=1e-12)
    assert reverse[3] == pytest.approx(np.log1p(suspect[:3].sum()), abs=1e-12)
    np.testing.assert_allclose(reverse[4:], 0, atol=1e-12)


def test_an_item_without_another_class_has_no_pair():
    found = of(inputs_of([0, 1, 1], [answers([0, 1, 0], 3)]))
    assert found.levels["suggested label"].tolist() == [-1, -1, 0]
    for name in ("rate_other", "rate_pair", "rate_reverse"):
        assert column(found, name)[:2].tolist() == [0, 0]
    np.testing.assert_allclose(column(found, "size_other"), np.log1p([1, 2, 1]))


def test_suggestions_by_hand():
    models = [dense([[0.1, 0.7, 0.2]] * 4), answers([1, 1, 2, 1], 3)]
    suggestions = np.array([1, 2, 0, -1], dtype=np.int32)
    found = of(inputs_of([0] * 4, models, suggestions=suggestions))
    assert column(found, "suggested").tolist() == [1, 1, 0, 0]  # the given label is no suggestion
    assert column(found, "suggestion_is_other").tolist() == [1, 0, 0, 0]
    assert column(found, "suggestion_share").tolist() == [1, 0, 0, 0]
    assert column(found, "suggestion_backing")[0] > column(found, "suggestion_backing")[1] > 0
    np.testing.assert_array_equal(column(found, "suggestion_backing")[2:], 0)
    np.testing.assert_allclose(
        np.exp(column(found, "suggestion_log_backing")),
        column(found, "suggestion_backing") + 1e-3,
        atol=1e-12,
    )


def test_probabilities_of_zero_and_one_stay_finite():
    for models in ([dense([[1.0, 0.0, 0.0]] * 5)], [answers([0, 1, 2, -1, -1], 3)]):
        found = of(inputs_of([0, 1, 2, 0, 1], models, suggestions=np.full(5, 2, dtype=np.int32)))
        assert np.isfinite(found.values).all()


def test_what_the_classes_are_called_and_the_order_of_items_do_not_matter():
    inputs, to = population(n=300).inputs, np.array([2, 0, 3, 1, 5, 4], dtype=np.int32)
    found = of(inputs)
    renamed = of(inputs_of(to[inputs.labels], [permuted(m, to) for m in inputs.models], 6))
    np.testing.assert_allclose(renamed.values, found.values, atol=1e-9)
    order = np.random.default_rng(0).permutation(300)
    moved = of(inputs_of(inputs.labels[order], [m.take(order) for m in inputs.models], 6))
    np.testing.assert_allclose(moved.values, found.values[order], atol=1e-9)
