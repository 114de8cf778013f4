"""Better models weigh more, and copies share."""

from __future__ import annotations

import numpy as np
import pytest

from audits.evidence.model_weights import ACCURACY_SCALE, likeness, model_weights


def ints(*values):
    return np.array(values, dtype=np.int32)


def predictions(seed=0, n=300, n_classes=4, skills=(0.9, 0.8, 0.7, 0.5)):
    rng = np.random.default_rng(seed)
    labels = rng.integers(n_classes, size=n).astype(np.int32)
    found = []
    for skill in skills:
        other = ((labels + rng.integers(1, n_classes, size=n)) % n_classes).astype(np.int32)
        found.append(np.where(rng.random(n) < skill, labels, other))
    return found, labels


def test_a_case_worked_by_hand():
    labels = ints(0, 0, 0, 0, 0, 0, 0, 0)
    a = ints(1, 1, 0, 0, 0, 0, 0, 0)
    b = ints(1, 2, 0, 0, 0, 0, 0, 0)  # with a: 2 items, one mistake in common
    c = ints(0, 0, 0, 0, 0, 0, 0, 2)  # with a and b: nothing in common
    found = model_weights([a, b, c], labels)
    # accuracies 6/8, 6/8, 7/8; a and b have half of their mistakes in common
    quality = np.exp(np.array([-1 / 8, -1 / 8, 0]) / ACCURACY_SCALE)
    expected = quality / np.array([1 + 0.25, 1 + 0.25, 1.0])
    np.testing.assert_allclose(found, expected / expected.sum(), atol=1e-15)


def test_weights_are_positive_and_sum_to_one_and_the_better_model_weighs_more():
    found = model_weights(*predictions(n=5000))
    assert (found > 0).all()
    assert found.sum() == pytest.approx(1, abs=1e-12)
    assert (np.diff(found) < 0).all()


def test_models_that_share_no_mistake_weigh_by_accuracy_alone():
    labels = np.zeros(100, dtype=np.int32)
    first, second = labels.copy(), labels.copy()
    first[:10], second[50:70] = 1, 1
    found = model_weights([first, second], labels)
    assert found[0] / found[1] == pytest.approx(np.exp(0.1 / ACCURACY_SCALE), abs=1e-12)


@pytest.mark.parametrize("copies", [2, 5, 20])
def test_copies_share_the_weight_of_one_beside_models_with_other_mistakes(copies):
    labels = np.zeros(100, dtype=np.int32)
    first, second = labels.copy(), labels.copy()
    first[:10], second[50:60] = 1, 1
    alone = model_weights([first, second], labels)
    found = model_weights([first] * copies + [second], labels)
    np.testing.assert_allclose(found, [alone[0] / copies] * copies + [alone[1]], atol=1e-12)


def test_as_many_copies_of_every_model_share_alike():
    models, labels = predictions()
    alone = model_weights(models, labels)
    found = model_weights([m for m in models for _ in range(3)], labels)
    np.testing.assert_allclose(found, np.repeat(alone, 3) / 3, atol=1e-12)


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("copies", [2, 5, 20])
def test_copies_share_the_weight_of_one_whatever_mistakes_the_others_share(copies, at):
    models, labels = predictions(n=2000)
    # three items in twenty are hard, and models take most of them for the same other class
    rng, hard = np.random.default_rng(6), np.arange(2000) % 20 < 3
    models = [np.where(hard & (rng.random(2000) < 0.9), (labels + 1) % 4, m).astype(np.int32) for m in models]
    predicted = np.stack(models)
    assert likeness(predicted, predicted != labels)[at].min() > 0.2
    alone = model_weights(models, labels)
    found = model_weights(models[:at] + [models[at]] * copies + models[at + 1 :], labels)
    np.testing.assert_allclose(found[at : at + copies], alone[at] / copies, atol=1e-5)
    np.testing.assert_allclose(np.delete(found, slice(at, at + copies)), np.delete(alone, at), atol=1e-5)


def test_a_model_with_much_in_common_with_others_counts_less_than_one_without():
    labels = np.zeros(1000, dtype=np.int32)
    first, second, other = (labels.copy() for _ in range(3))
    first[:100], second[20:120], other[500:600] = 1, 1, 1
    found = model_weights([first, second, other], labels)
    # 80 of 120 mistakes in common: more than one vote together, less than two
    assert found[0] == pytest.approx(found[1], abs=1e-12)
    assert found[2] < found[0] + found[1] < 2 * found[2]


def test_the_order_of_models_and_items_does_not_matter():
    models, labels = predictions()
    found = model_weights(models, labels)
    order = np.random.default_rng(1).permutation(len(labels))
    np.testing.assert_allclose(model_weights([m[order] for m in models], labels[order]), found, atol=1e-12)
    np.testing.assert_allclose(model_weights(models[::-1], labels), found[::-1], atol=1e-12)


def test_what_the_classes_are_called_does_not_matter():
    models, labels = predictions()
    to = ints(2, 0, 3, 1)
    renamed = model_weights([to[m] for m in models], to[labels])
    np.testing.assert_array_equal(renamed, model_weights(models, labels))


def test_one_model_has_all_the_weight():
    models, labels = predictions()
    np.testing.assert_array_equal(model_weights(models[:1], labels), [1.0])


@pytest.mark.parametrize("said", [0, 1, -1])
def test_models_that_all_say_the_same_weigh_alike(said):
    # 0: no mistake at all; 1: all wrong; -1: no answer at all
    found = model_weights([np.full(7, said, dtype=np.int32)] * 4, np.zeros(7, dtype=np.int32))
    np.testing.assert_allclose(found, 0.25, atol=1e-15)


def test_models_that_are_all_wrong_in_ways_of_their_own_weigh_alike():
    found = model_weights([np.full(7, c, dtype=np.int32) for c in (1, 2, 3)], np.zeros(7, dtype=np.int32))
    np.testing.assert_allclose(found, 1 / 3, atol=1e-15)


def test_no_answer_is_wrong():
    labels = np.zeros(10, dtype=np.int32)
    silent, wrong = labels.copy(), labels.copy()
    silent[:2], wrong[8:] = -1, 1
    np.testing.assert_allclose(model_weights([silent, wrong], labels), 0.5, atol=1e-15)


def test_accuracies_are_of_all_items_though_likeness_is_of_a_sample():
    even, labels = np.arange(0, 20, 2), np.zeros(20, dtype=np.int32)
    first, second = labels.copy(), labels.copy()
    first[1], second[[3, 5]] = 1, 1  # odd rows, which are not in the sample: there both are without mistakes
    found = model_weights([first, second], labels, even)
    assert found[0] / found[1] == pytest.approx(np.exp(0.05 / ACCURACY_SCALE), abs=1e-12)
    first[0], second[2] = 1, 1
    found = model_weights([first, second], labels, even)
    assert found[0] / found[1] == pytest.approx(np.exp(0.05 / ACCURACY_SCALE), abs=1e-12)


def test_likeness_worked_by_hand():
    labels = ints(0, 0, 0, 0, 0)
    predicted = np.stack([ints(1, 1, 0, 0, 0), ints(1, 2, 1, 0, 0), ints(0, 0, 0, 0, 0)])
    expected = [[1, 1 / 3, 0], [1 / 3, 1, 0], [0, 0, 1]]
    np.testing.assert_allclose(likeness(predicted, predicted != labels), expected, atol=1e-15)


def test_likeness_is_symmetric_and_one_for_copies_and_for_models_without_mistakes():
    models, labels = predictions()
    predicted = np.stack([*models, models[2], labels, labels])
    found = likeness(predicted, predicted != labels)
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(np.diag(found), 1)
    assert found[2, 4] == found[5, 6] == 1
    assert ((found >= 0) & (found <= 1)).all()
