"""Dawid and Skene's model against crowd-kit's, a plain computation, and the truth."""

from dataclasses import replace

import numpy as np
import pytest
from crowdkit.aggregation import DawidSkene as Theirs  # type: ignore[attr-defined]

from audits.annotators.dawid_skene import dawid_skene
from audits.annotators.majority import majority
from audits.errors import UsageError
from tests.audits.annotators.crowds import NOBODY, SETS, crowd, made, said, shuffled

#: Share of items with the true label: Dawid-Skene with the usual settings, and the majority with ties to the first.
ACCURACY = {
    "adultcontent": (0.7658, 0.7628),
    "cf": (0.8300, 0.9000),
    "dog": (0.8426, 0.8178),
    "face_sentiment_identification": (0.6404, 0.6301),
    "rte": (0.9275, 0.9188),
    "web": (0.8292, 0.7765),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of pandas, in crowd-kit
@pytest.mark.parametrize("name", SETS)
def test_equal_to_crowdkit_on_public_sets(public_data, name):
    c = crowd(public_data, name)
    found, theirs = dawid_skene(c.annotations, c.n_classes), Theirs().fit(c.frame)
    assert found.iterations == len(theirs.loss_history_)
    assert (found.labels == theirs.labels_.loc[found.items].to_numpy()).all()
    posterior = theirs.probas_.loc[found.items, found.classes].to_numpy()
    assert np.abs(found.posterior - posterior).max() < 1e-9
    assert c.accuracy_of(found) == pytest.approx(ACCURACY[name][0], abs=5e-5)
    assert c.accuracy_of(majority(c.annotations, c.n_classes)) == pytest.approx(ACCURACY[name][1], abs=5e-5)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of pandas, in crowd-kit
@pytest.mark.parametrize("name", ["cf", "web"])
def test_equal_to_crowdkit_after_many_iterations(public_data, name):
    c = crowd(public_data, name)
    found = dawid_skene(c.annotations, c.n_classes, tolerance=-np.inf)
    theirs = Theirs(tol=-np.inf).fit(c.frame)
    assert found.iterations == len(theirs.loss_history_) == 100
    assert not found.converged
    posterior = theirs.probas_.loc[found.items, found.classes].to_numpy()
    assert np.abs(found.posterior - posterior).max() < 1e-6
    errors = theirs.errors_.loc[list(zip(found.pair_annotator, found.pair_label, strict=True)), found.classes]
    assert np.abs(found.errors - errors.to_numpy()).max() < 1e-6
    assert np.abs(found.priors - theirs.priors_.loc[found.classes].to_numpy()).max() < 1e-6


def test_the_error_on_dogs_with_smoothing(public_data):
    # an independent run with 0.01 smoothing and at most 100 iterations came to 0.1574
    c = crowd(public_data, "dog")
    found = dawid_skene(c.annotations, c.n_classes, smoothing=0.01, tolerance=1e-9)
    assert 1 - c.accuracy_of(found) == pytest.approx(0.1574, abs=5e-5)


def plain(annotations, k: int, iterations: int, smoothing: float) -> np.ndarray:
    """The same with whole confusion matrices and no logarithms, in loops."""
    items = np.unique(annotations.rows)
    posterior = np.zeros((len(items), k))
    at = np.searchsorted(items, annotations.rows)
    entries = list(zip(at, annotations.annotators, annotations.labels, strict=True))
    for i, _, label in entries:
        posterior[i, label] += 1
    posterior /= posterior.sum(axis=1, keepdims=True)
    for _ in range(iterations):
        errors = np.full((len(annotations.names), k, k), smoothing)
        for i, a, label in entries:
            errors[a, label] += posterior[i]
        errors = np.maximum(errors, 1e-10)
        errors /= errors.sum(axis=1, keepdims=True)
        posterior = np.tile(posterior.mean(axis=0), (len(items), 1))
        for i, a, label in entries:
            posterior[i] *= errors[a, label]
        posterior /= posterior.sum(axis=1, keepdims=True)
    return posterior


@pytest.mark.parametrize("smoothing", [0.3, 1.0])
def test_as_in_loops(smoothing):
    annotations, _ = made(50, 7, 3)
    found = dawid_skene(annotations, 3, iterations=6, tolerance=-np.inf, smoothing=smoothing)
    assert np.abs(found.posterior - plain(annotations, 3, 6, smoothing)).max() < 1e-9


def test_one_who_always_errs_is_turned_round():
    # two who know, and one who always says the other of two classes
    entries = []
    for i in range(40):
        entries += [(i, "good", i % 2), (i, "fine", i % 2 if i % 9 else 1 - i % 2), (i, "wrong", 1 - i % 2)]
    found = dawid_skene(said(*entries), 2)
    assert found.labels.tolist() == [i % 2 for i in range(40)]
    assert found.quality[list(found.votes.annotator[:3])] == pytest.approx([1, 35 / 40, 0], abs=1e-6)


def test_better_than_the_majority_where_annotators_differ():
    annotations, truth = made(2000, 30, 4, per=7, skills=(0.1, 0.95))
    shares, model = majority(annotations, 4), dawid_skene(annotations, 4)
    assert np.mean(model.labels == truth) > np.mean(shares.labels == truth) + 0.03


def test_the_order_of_annotations_and_the_names_of_classes_do_not_matter():
    annotations, _ = made(200, 12, 5)
    a, b = dawid_skene(annotations, 5), dawid_skene(shuffled(annotations), 5)
    assert np.abs(a.posterior - b.posterior).max() < 1e-9
    turned = dawid_skene(replace(annotations, labels=4 - annotations.labels), 5)
    assert np.abs(a.posterior - turned.posterior[:, ::-1]).max() < 1e-9


def test_many_annotators_of_an_item_do_not_underflow():
    entries = [(i, f"a{j}", i % 2 if j % 3 else 0) for i in range(4) for j in range(2000)]
    found = dawid_skene(said(*entries), 2)
    assert np.isfinite(found.posterior).all()
    assert found.labels.tolist() == [0, 1, 0, 1]


def test_degenerate_input():
    none = dawid_skene(NOBODY, 3)
    assert (none.posterior.shape, none.iterations, none.converged) == ((0, 0), 0, True)
    alone = dawid_skene(said((0, "x", 1)), 3)
    assert (alone.labels.tolist(), alone.posterior.tolist()) == ([1], [[1.0]])
    tie = dawid_skene(said((0, "x", 2), (0, "y", 1)), 3)
    assert tie.labels.tolist() == [1], "of equal probabilities the first in class order"
    same = dawid_skene(said((0, "x", 1), (0, "y", 1), (1, "x", 1)), 3)
    assert same.posterior.tolist() == [[1.0], [1.0]]


def test_wrong_options():
    with pytest.raises(UsageError, match="iterations: expected at least 1, got 0"):
        dawid_skene(NOBODY, 2, iterations=0)
    with pytest.raises(UsageError, match="smoothing: expected 0 or more, got -1"):
        dawid_skene(NOBODY, 2, smoothing=-1)
