"""What the models say of each item, against a loop over items and models."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from audits.evidence import support as module
from audits.evidence.model_weights import model_weights
from audits.evidence.support import FLOOR, Support, backing, probability, support
from tests.audits.evidence.made import a_model, answers, dense, permuted, top_k

KINDS = {
    "dense": ["dense"] * 4,
    "float32": ["float32"] * 4,
    "top_k": ["top_k"] * 4,
    "labels": ["labels"] * 5,
    "mixed": ["dense", "top_k", "labels", "float32", "labels"],
    "one": ["dense"],
}
ARRAYS = [f.name for f in fields(Support) if f.name not in ("weights", "probabilities")]
NUMBERS = [a for a in ARRAYS if a not in ("other", "answered")]
SHARES = [a for a in NUMBERS if a not in ("classes", "entropy", "low_given", "low_other")]


def case(kinds, seed=0, n=150, n_classes=5):
    rng = np.random.default_rng(seed)
    truth = rng.integers(n_classes, size=n)
    labels = np.where(rng.random(n) < 0.2, (truth + 1) % n_classes, truth).astype(np.int32)
    skills = np.linspace(0.5, 2.5, len(kinds))
    models = [
        a_model(rng, truth, n_classes, k, s, f"m{j}")
        for j, (k, s) in enumerate(zip(kinds, skills, strict=True))
    ]
    return models, labels


def p_of(model, i, c):
    """Probability of one class by one model."""
    if c < 0:
        return 0.0
    if model.pred_probs is not None:
        return float(model.pred_probs[i, c])
    if model.top_k_labels is not None:
        listed = dict(zip(model.top_k_labels[i].tolist(), model.top_k_probs[i].tolist(), strict=True))
        left = max(1 - sum(listed.values()), 0) / max(model.n_classes - len(listed), 1)
        return listed.get(c, min(left, min(listed.values())))
    return float(model.labels[i] == c)


def rival_of(model, i, given):
    """The likeliest class of a model other than the given one."""
    if model.pred_probs is not None:
        return max((c for c in range(model.n_classes) if c != given), key=lambda c: (p_of(model, i, c), -c))
    if model.top_k_labels is not None:
        left = [c for c in model.top_k_labels[i].tolist() if c != given]
        return max(left, key=lambda c: p_of(model, i, c)) if left else -1
    return -1 if model.labels[i] == given else int(model.labels[i])


def by_loop(models, labels):
    weights = model_weights([m.predicted() for m in models], labels)
    strong = [w >= np.median(weights) for w in weights]
    out = {name: [] for name in ARRAYS}
    every = list(zip(models, weights / weights.sum(), strong, strict=True))
    for i, given in enumerate(labels.tolist()):
        # models that gave no answer are left out, and the others share their weight
        left = [(m, w, s) for m, w, s in every if m.predicted()[i] >= 0]
        out["answered"].append(bool(left))
        if not left:
            for name in ARRAYS:
                if name != "answered":
                    out[name].append(-1 if name == "other" else 0.0)
            continue
        models, weights, strong = (list(column) for column in zip(*left, strict=True))
        weights = np.array(weights) / np.sum(weights)
        said = [int(m.predicted()[i]) for m in models]
        best, other = -1.0, -1
        for c in sorted({rival_of(m, i, given) for m in models} - {-1}):
            votes = sum(w for w, s in zip(weights, said, strict=True) if s == c)
            value = votes + 1e-3 * sum(w * p_of(m, i, c) for m, w in zip(models, weights, strict=True))
            if value > best + 1e-12:
                best, other = value, c
        out["other"].append(other)
        of = {"given": [p_of(m, i, given) for m in models], "other": [p_of(m, i, other) for m in models]}
        for name, c in (("given", given), ("other", other)):
            on = [s == c and c >= 0 for s in said]
            out[f"share_{name}"].append(sum(w for w, o in zip(weights, on, strict=True) if o))
            out[f"plain_{name}"].append(np.mean(on))
            better = [o for o, s in zip(on, strong, strict=True) if s]
            out[f"strong_{name}"].append(np.mean(better) if better else 0.0)
            out[f"mean_{name}"].append(float(np.dot(weights, of[name])))
            out[f"low_{name}"].append(
                np.prod([(p + 0.03) ** w for p, w in zip(of[name], weights, strict=True)])
            )
            out[f"spread_{name}"].append(np.std(of[name]))
        out["top_given"].append(max(of["given"]))
        own = [p_of(m, i, rival_of(m, i, given)) for m in models]
        out["mean_rival"].append(float(np.dot(weights, own)))
        sure, product, with_probs = 0.0, 1.0, 0.0
        for m, w, p in zip(models, weights, of["other"], strict=True):
            if m.kind == "labels":
                sure += w * p
            else:
                product, with_probs = product * (p + FLOOR) ** w, with_probs + w
        backed = with_probs * (product ** (1 / with_probs) - FLOOR) if with_probs else 0.0
        out["backing"].append(min(max(backed + sure, 0), 1))
        sure_of = [1.0 if m.kind == "labels" else p_of(m, i, s) for m, s in zip(models, said, strict=True)]
        out["confidence"].append(float(np.dot(weights, sure_of)))
        counts = np.unique(said, return_counts=True)[1]
        out["classes"].append(np.log(len(counts)))
        out["entropy"].append(-np.sum(counts / len(said) * np.log(counts / len(said))))
    return {name: np.array(values) for name, values in out.items()}


@pytest.mark.parametrize("kinds", KINDS.values(), ids=KINDS)
def test_as_a_loop_over_items_and_models_has_it(kinds):
    models, labels = case(kinds)
    found, expected = support(models, labels), by_loop(models, labels)
    for name in ARRAYS:
        np.testing.assert_allclose(getattr(found, name), expected[name], atol=1e-6, err_msg=name)
    assert found.other.dtype == np.int32
    assert found.probabilities == any(k != "labels" for k in kinds)
    np.testing.assert_allclose(found.margin, expected["backing"] - expected["mean_given"], atol=1e-6)


@pytest.mark.parametrize("size", [1, 7, 149, 150, 151])
def test_blocks_do_not_matter(size, monkeypatch):
    models, labels = case(KINDS["mixed"])
    whole = support(models, labels)
    monkeypatch.setattr(module, "_BLOCK", size)
    blocked = support(models, labels)
    for name in ARRAYS:
        np.testing.assert_allclose(getattr(blocked, name), getattr(whole, name), atol=1e-12, err_msg=name)


@pytest.mark.parametrize("kinds", KINDS.values(), ids=KINDS)
def test_the_other_class_is_never_the_given_one_and_shares_are_shares(kinds):
    models, labels = case(kinds, seed=1, n=400)
    found = support(models, labels)
    assert (found.other != labels).all()
    assert ((found.other >= -1) & (found.other < 5)).all()
    for name in SHARES:
        values = getattr(found, name)
        assert values.min() >= 0, name
        assert values.max() <= 1 + 1e-12, name
    assert np.abs(found.margin).max() <= 1 + 1e-12
    assert found.classes.min() >= 0
    assert found.entropy.min() >= -1e-12
    assert (found.entropy <= found.classes + 1e-12).all()
    assert (found.share_given + found.share_other <= 1 + 1e-12).all()


def test_without_a_model_that_names_another_class_there_is_none():
    found = support([answers([0, 1, -1], 3), answers([0, 2, -1], 3)], np.array([0, 1, 2], dtype=np.int32))
    assert found.other.tolist() == [-1, 2, -1]
    np.testing.assert_array_equal(found.backing[[0, 2]], 0)
    np.testing.assert_array_equal(found.mean_other[[0, 2]], 0)
    np.testing.assert_array_equal(found.margin[[0, 2]], [-1, 0])
    assert found.answered.tolist() == [True, True, False]
    alone = support([top_k([[1], [0]], [[0.7], [0.6]], 3)], np.array([1, 1], dtype=np.int32))
    assert alone.other.tolist() == [-1, 0]


def test_for_two_classes_the_other_is_the_other():
    rng = np.random.default_rng(2)
    truth = rng.integers(2, size=100)
    labels = rng.integers(2, size=100).astype(np.int32)
    found = support([a_model(rng, truth, 2, "dense"), a_model(rng, truth, 2, "dense", 1.0)], labels)
    np.testing.assert_array_equal(found.other, 1 - labels)
    np.testing.assert_allclose(found.mean_given + found.mean_other, 1, atol=1e-12)


@pytest.mark.parametrize("kinds", KINDS.values(), ids=KINDS)
def test_what_the_classes_are_called_changes_the_name_of_the_other_class_alone(kinds):
    models, labels = case(kinds)
    to = np.array([3, 0, 4, 1, 2], dtype=np.int32)
    found, renamed = support(models, labels), support([permuted(m, to) for m in models], to[labels])
    np.testing.assert_array_equal(renamed.other, np.where(found.other < 0, -1, to[found.other]))
    for name in (*NUMBERS, "answered"):
        np.testing.assert_allclose(getattr(renamed, name), getattr(found, name), atol=1e-9, err_msg=name)


def test_the_order_of_models_and_items_does_not_matter():
    models, labels = case(KINDS["mixed"])
    order = np.random.default_rng(3).permutation(len(labels))
    found, turned = support(models, labels), support(models[::-1], labels)
    moved = support([m.take(order) for m in models], labels[order])
    for name in ARRAYS:
        np.testing.assert_allclose(getattr(turned, name), getattr(found, name), atol=1e-9, err_msg=name)
        np.testing.assert_allclose(getattr(moved, name), getattr(found, name)[order], atol=1e-9, err_msg=name)


def test_copies_of_all_models_change_nothing():
    models, labels = case(KINDS["mixed"])
    found, copied = support(models, labels), support([m for m in models for _ in range(3)], labels)
    for name in ARRAYS:
        np.testing.assert_allclose(getattr(copied, name), getattr(found, name), atol=1e-9, err_msg=name)


@pytest.mark.parametrize("copied", range(5))
def test_copies_of_one_model_count_as_one(copied):
    # the models share mistakes, and some items have no answer of some models
    models, labels = case(KINDS["mixed"])
    found, many = support(models, labels), support(models + [models[copied]] * 8, labels)
    for name in (
        "other",
        "answered",
        "share_given",
        "share_other",
        "mean_given",
        "mean_other",
        "backing",
        "mean_rival",
        "low_given",
        "low_other",
        "confidence",
        "margin",
    ):
        np.testing.assert_allclose(getattr(many, name), getattr(found, name), atol=1e-4, err_msg=name)


@pytest.mark.parametrize("kinds", [KINDS["labels"], KINDS["mixed"]], ids=["labels", "mixed"])
def test_a_model_that_gave_no_answer_is_left_out(kinds):
    models, labels = case(kinds)
    gone, said = np.arange(0, 150, 2), models[-1].labels.copy()
    said[gone] = -1
    found = support([*models[:-1], answers(said, 5)], labels)
    assert models[-1].kind == "labels"
    # on these items it is as if there were the others alone, with the weights that they have here
    row = found.weights[:-1] / found.weights[:-1].sum()
    for i in gone:
        there = [j for j, m in enumerate(models[:-1]) if m.predicted()[i] >= 0]
        given = [p_of(models[j], i, labels[i]) for j in there]
        assert found.mean_given[i] == pytest.approx(np.dot(row[there], given) / row[there].sum(), abs=1e-6)
        assert found.plain_given[i] == pytest.approx(
            np.mean([models[j].predicted()[i] == labels[i] for j in there]), abs=1e-12
        )


def test_where_no_model_gave_an_answer_all_is_zero():
    models, labels = case(KINDS["labels"])
    said = [m.labels.copy() for m in models]
    for s in said:
        s[10:20] = -1
    silent = [answers(s, 5) for s in said]
    found, expected = support(silent, labels), by_loop(silent, labels)
    np.testing.assert_array_equal(np.flatnonzero(~found.answered), np.arange(10, 20))
    np.testing.assert_array_equal(found.other[10:20], -1)
    for name in ARRAYS:
        np.testing.assert_allclose(getattr(found, name), expected[name], atol=1e-6, err_msg=name)
        if name in NUMBERS:
            np.testing.assert_array_equal(getattr(found, name)[10:20], 0, err_msg=name)


def test_the_likeness_of_models_may_be_taken_from_a_sample():
    models, labels = case(KINDS["dense"])
    some = np.arange(0, 150, 3)
    predicted = [m.predicted() for m in models]
    found = support(models, labels, some)
    np.testing.assert_array_equal(found.weights, model_weights(predicted, labels, some))
    assert (found.weights != support(models, labels).weights).any()


def test_a_prediction_counts_before_a_probability():
    labels = np.zeros(2, dtype=np.int32)
    # the second model finds class 1 nearly as likely as class 0; the first predicts class 2
    models = [dense([[0.3, 0.3, 0.4], [0.6, 0.1, 0.3]]), dense([[0.505, 0.49, 0.005], [0.55, 0.4, 0.05]])]
    found = support(models, labels)
    assert found.other.tolist() == [2, 1]  # where none predicts another class, the likelier one


def test_of_equal_support_the_first_class():
    models = [dense([[0.2, 0.1, 0.7]], "a"), dense([[0.2, 0.7, 0.1]], "b")]
    for order in (models, models[::-1]):
        assert support(order, np.zeros(1, dtype=np.int32)).other.tolist() == [1]


def test_backing_worked_by_hand():
    models = [dense([[0.1, 0.9]]), dense([[0.6, 0.4]]), answers([1], 2)]
    weights = np.array([0.5, 0.25, 0.25])
    classes = np.array([1], dtype=np.int32)
    mean = (0.901**0.5 * 0.401**0.25) ** (1 / 0.75) - 0.001
    assert backing(models, classes, weights)[0] == pytest.approx(0.75 * mean + 0.25, abs=1e-12)
    assert backing(models[2:], classes, np.ones(1))[0] == 1
    assert backing(models, np.array([-1], dtype=np.int32), weights)[0] == pytest.approx(0, abs=1e-12)


def test_no_single_model_vetoes_a_class():
    unsure = dense([[0.0, 1.0]]), dense([[1.0, 0.0]])
    found = backing(unsure, np.array([1], dtype=np.int32), np.array([0.5, 0.5]))
    assert 0.02 < found[0] < 0.05


def test_probabilities_are_held_within_their_range():
    odd = dense([[1 + 1e-7, -1e-7]], dtype=np.float32)
    assert probability(odd, np.array([0], dtype=np.int32))[0] == 1
    assert probability(odd, np.array([1], dtype=np.int32))[0] == 0
    assert probability(answers([1, -1], 2), np.array([1, -1], dtype=np.int32)).tolist() == [1, 0]
