"""Labels without support, against what the models lead one to expect."""

from __future__ import annotations

import numpy as np
import pytest

from audits.evidence import excess as module
from audits.evidence.excess import unsupported
from audits.evidence.support import support
from tests.audits.evidence.made import a_model, answers, dense, top_k


def p_of(model, i, c):
    if model.pred_probs is not None:
        return float(model.pred_probs[i, c])
    if model.top_k_labels is not None:
        listed = dict(zip(model.top_k_labels[i].tolist(), model.top_k_probs[i].tolist(), strict=True))
        left = max(1 - sum(listed.values()), 0) / max(model.n_classes - len(listed), 1)
        return listed.get(c, min(left, min(listed.values())))
    return float(model.labels[i] == c)


def by_loop(models, weights, given):
    """What is documented, one support after the other."""
    k = models[0].n_classes
    there = [i for i in range(len(given)) if any(m.predicted()[i] >= 0 for m in models)]
    out, given = np.zeros(len(given)), given[there]
    unseen = 0.0
    if all(m.kind == "labels" for m in models):
        said = np.stack([m.labels for m in models], axis=1)
        unseen = float(np.mean([(row == c).sum() == 1 for row in said for c in row if c >= 0]))
    asked = {
        i: [(m, w) for m, w in zip(models, weights, strict=True) if m.predicted()[i] >= 0] for i in there
    }
    means = np.array(
        [
            [sum(w * p_of(m, i, c) for m, w in said) / sum(w for _, w in said) for c in range(k)]
            for i, said in asked.items()
        ]
    )
    means, given = means * (1 - unseen) + unseen / k, given * (1 - unseen) + unseen / k
    supports = sorted(set(given.tolist()))
    upto = [means[means <= t * (1 + 1e-6)].sum() for t in supports]
    steps = np.diff(upto, prepend=0.0)
    bins = [sum(edge <= t for edge in module._EDGES) for t in supports]
    ratio = {}
    for b in set(bins):
        awaited = sum(s for s, own in zip(steps, bins, strict=True) if own == b)
        seen = sum((given == t).sum() for t, own in zip(supports, bins, strict=True) if own == b)
        ratio[b] = seen / awaited if awaited >= module._LEAST_EXPECTED else 1.0
    expected, share = 0.0, []
    for t, step, own in zip(supports, steps, bins, strict=True):
        expected += step * min([1.0, *(r for b, r in ratio.items() if b > own)])
        observed = (given <= t).sum()
        least, most = observed - np.sqrt(observed), expected + np.sqrt(expected) + 1
        share.append(np.clip(1 - most / least, 0, 1) if least > 0 else 0.0)
    matter = [
        max((max(share[i:]) - module._NO_MATTER) / (1 - module._NO_MATTER), 0) for i in range(len(supports))
    ]
    out[there] = np.sqrt([matter[supports.index(t)] for t in given.tolist()])
    return out


def case(kinds, seed=0, n=200, n_classes=5, rate=0.1, skill=3.0):
    """Models that are sure of the truth, and labels of which some are mixed up at random."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(n_classes, size=n)
    mixed = rng.random(n) < rate
    labels = np.where(mixed, (truth + rng.integers(1, n_classes, size=n)) % n_classes, truth).astype(np.int32)
    models = [a_model(rng, truth, n_classes, k, skill + 0.3 * j, f"m{j}") for j, k in enumerate(kinds)]
    return models, labels, mixed


def found_in(models, labels):
    said = support(models, labels)
    return unsupported(models, said.weights, said.mean_given), said


KINDS = {
    "dense": ["dense"] * 3,
    "top_k": ["top_k"] * 3,
    "labels": ["labels"] * 5,
    "mixed": ["dense", "labels", "top_k"],
    "one": ["dense"],
}


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.4])
@pytest.mark.parametrize("kinds", KINDS.values(), ids=KINDS)
def test_as_a_loop_has_it(kinds, rate):
    models, labels, _ = case(kinds, rate=rate)
    found, said = found_in(models, labels)
    # supports that differ in their last bits alone lie on either side of a limit
    np.testing.assert_allclose(found, by_loop(models, said.weights, said.mean_given), atol=0.02)


@pytest.mark.parametrize("kinds", KINDS.values(), ids=KINDS)
def test_it_is_a_share_and_never_higher_for_a_label_with_more_support(kinds):
    models, labels, _ = case(kinds, seed=1, n=500)
    found, said = found_in(models, labels)
    assert found.min() >= 0
    assert found.max() <= 1
    order = np.argsort(said.mean_given, kind="stable")
    assert (np.diff(found[order]) <= 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_in_excess_where_models_are_calibrated_and_labels_drawn_as_they_say(seed):
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.full(5, 0.3), size=2000)
    labels = np.array([rng.choice(5, p=p) for p in probs], dtype=np.int32)
    found, _ = found_in([dense(probs)], labels)
    np.testing.assert_array_equal(found, 0)


@pytest.mark.parametrize("rate", [0.05, 0.1])
@pytest.mark.parametrize("kinds", [["dense"] * 3, ["labels"] * 8], ids=["dense", "labels"])
def test_labels_that_were_mixed_up_are_in_excess(kinds, rate):
    models, labels, mixed = case(kinds, n=3000, n_classes=10, rate=rate, skill=6.0)
    found, _ = found_in(models, labels)
    assert np.median(found[mixed]) > 0.5
    assert np.median(found[~mixed]) < 0.3
    assert found[mixed].mean() > found[~mixed].mean() + 0.3


def test_of_models_that_give_labels_alone_what_one_says_alone_tells_what_none_says():
    # ten models, each alone with one answer in ten: a tenth of all answers is to be expected beyond them all
    n, m, k = 1000, 10, 20
    predicted = np.zeros((m, n), dtype=np.int32)
    for i in range(n):
        predicted[i % m, i] = 1 + i % (k - 1)
    models = [answers(p, k, f"m{j}") for j, p in enumerate(predicted)]
    weights = np.full(m, 1 / m)
    assert module._alone(models, np.arange(n)) == pytest.approx(0.1)
    few, many = np.ones(n) * 0.9, np.ones(n) * 0.9
    few[:50], many[:400] = 0, 0
    # of the unseen tenth 17 or 18 of 19 parts are of classes that no model names: some 90 labels of 1,000
    assert unsupported(models, weights, few).max() == 0
    found = unsupported(models, weights, many)
    assert found[:400].min() > 0.7
    assert found[400:].max() == 0


def test_one_model_with_probabilities_of_zero():
    probs = np.tile([1.0, 0.0, 0.0], (100, 1))
    labels = np.zeros(100, dtype=np.int32)
    labels[:20] = 1
    found, _ = found_in([dense(probs)], labels)
    # O = 20, E = 0, one label may always be wrong, and a share of 0.2 does not matter
    share = 1 - 1 / (20 - np.sqrt(20))
    np.testing.assert_allclose(found[:20], np.sqrt((share - 0.2) / 0.8), atol=1e-12)
    np.testing.assert_array_equal(found[20:], 0)


def test_few_labels_prove_nothing():
    probs = np.tile([1.0, 0.0], (50, 1))
    labels = np.zeros(50, dtype=np.int32)
    labels[:2] = 1
    assert found_in([dense(probs)], labels)[0].max() == 0
    assert unsupported([dense([[1.0, 0.0]])], np.ones(1), np.zeros(1)).tolist() == [0]


@pytest.mark.parametrize("sampled", [400, 999, 1000, 1999])
def test_a_sample_of_the_items_is_enough(sampled, monkeypatch):
    models, labels, _ = case(["dense"] * 3, n=2000)
    whole, _ = found_in(models, labels)
    monkeypatch.setattr(module, "_BLOCK", 33)
    some = np.sort(np.random.default_rng(sampled).choice(2000, sampled, replace=False))
    said = support(models, labels)
    np.testing.assert_allclose(unsupported(models, said.weights, said.mean_given, some), whole, atol=0.2)
    every = unsupported(models, said.weights, said.mean_given, np.arange(2000))
    np.testing.assert_allclose(every, whole, atol=1e-9)


def silent_on(models, rows):
    """The same models, of labels alone, without answers for some items."""
    said = [m.labels.copy() for m in models]
    for labels in said:
        labels[rows] = -1
    return [answers(labels, m.n_classes, m.model) for labels, m in zip(said, models, strict=True)]


@pytest.mark.parametrize("rate", [0.1, 0.4])
def test_items_that_no_model_answered_for_are_left_out(rate):
    models, labels, _ = case(KINDS["labels"], n=300, rate=rate)
    gone = np.arange(0, 300, 3)
    left = np.setdiff1d(np.arange(300), gone)
    silent = silent_on(models, gone)
    found, said = found_in(silent, labels)
    np.testing.assert_array_equal(found[gone], 0)
    np.testing.assert_allclose(found, by_loop(silent, said.weights, said.mean_given), atol=0.02)
    fewer = [m.take(left) for m in models]
    np.testing.assert_allclose(
        found[left], unsupported(fewer, said.weights, said.mean_given[left]), atol=1e-9
    )
    assert found.max() > 0.3
    some = np.arange(0, 300, 2)  # of which a third is silent
    expected = np.flatnonzero(np.isin(left, some))
    np.testing.assert_allclose(
        unsupported(silent, said.weights, said.mean_given, some)[left],
        unsupported(fewer, said.weights, said.mean_given[left], expected),
        atol=1e-9,
    )
    none, _ = found_in(silent_on(models, np.arange(300)), labels)
    np.testing.assert_array_equal(none, 0)
    np.testing.assert_array_equal(unsupported(silent, said.weights, said.mean_given, gone), 0)


def test_what_is_not_answered_is_no_answer_of_which_one_model_is_alone():
    models = [answers([0, 0, -1, -1], 3), answers([0, 1, 2, -1], 3)]
    # of five answers three are alone
    assert module._alone(models, np.arange(4)) == pytest.approx(3 / 5)
    assert module._alone(models, np.array([3])) == 0


def test_the_mean_is_over_the_models_that_answered():
    models = [dense([[0.5, 0.5], [0.2, 0.8]]), answers([1, -1], 2)]
    found = module._mean_probs(models, np.array([0.75, 0.25]))
    np.testing.assert_allclose(found, [[0.375, 0.625], [0.2, 0.8]], atol=1e-7)


def test_blocks_and_the_order_of_items_do_not_matter(monkeypatch):
    models, labels, _ = case(KINDS["mixed"])
    whole, _ = found_in(models, labels)
    order = np.random.default_rng(5).permutation(len(labels))
    moved, _ = found_in([m.take(order) for m in models], labels[order])
    np.testing.assert_allclose(moved, whole[order], atol=1e-9)
    monkeypatch.setattr(module, "_BLOCK", 7)
    np.testing.assert_allclose(found_in(models, labels)[0], whole, atol=1e-9)


def test_what_a_top_k_row_leaves_over_is_spread_evenly_and_never_above_its_least():
    model = top_k([[0, 1], [2, 1]], [[0.5, 0.3], [0.15, 0.15]], 4)
    found = module._mean_probs([model], np.ones(1))
    np.testing.assert_allclose(found, [[0.5, 0.3, 0.1, 0.1], [0.15, 0.15, 0.15, 0.15]], atol=1e-7)
    loop = [[p_of(model, i, c) for c in range(4)] for i in range(2)]
    np.testing.assert_allclose(found, loop, atol=1e-7)
