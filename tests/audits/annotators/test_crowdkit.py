"""crowd-kit's aggregators through ours."""

import sys
from functools import cache

import numpy as np
import pytest
from crowdkit.aggregation import classification

from audits.annotators.aggregate import Aggregate
from audits.annotators.crowdkit import by_crowdkit
from audits.annotators.majority import majority
from audits.errors import InputError, UsageError
from audits.signals.inputs import Annotations
from tests.audits.annotators.crowds import NOBODY, Crowd, crowd, made, said, votes_for

METHODS = ("glad", "mace", "wawa", "zero_based_skill", "m_msr")


ANNOTATIONS, TRUTH = made(60, 6, 3, per=5, skills=(0.6, 0.95))


@cache
def ours(method: str) -> Aggregate:
    return by_crowdkit(ANNOTATIONS, 5, method)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")  # in crowd-kit
@pytest.mark.parametrize(
    ("method", "theirs"),
    [("glad", classification.GLAD), ("mace", classification.MACE), ("m_msr", classification.MMSR)],
)
def test_as_crowdkit(method, theirs):
    found, fitted = ours(method), theirs()
    labels = fitted.fit_predict(Crowd(ANNOTATIONS, 3, {}).frame)
    assert (found.labels == labels.loc[found.items].to_numpy()).all()
    if method != "m_msr":  # its scores are sums of logarithms, not probabilities
        expected = fitted.probas_.loc[found.items, found.classes].to_numpy()
        assert np.abs(found.posterior - expected).max() < 1e-9


@pytest.mark.parametrize("method", METHODS)
def test_posteriors_are_sound_and_labels_good(method):
    found = ours(method)
    assert found.method == method
    assert found.posterior.sum(axis=1) == pytest.approx(1)
    assert found.posterior.min() >= 0
    assert np.mean(found.labels == TRUTH) > np.mean(majority(ANNOTATIONS, 3).labels == TRUTH) - 0.05


def test_wawa_by_hand():
    # the majority is 0, 1, 0, 1; x and y agree with it throughout, z on one item of four: the skills
    entries = [(i, who, i % 2) for i in range(4) for who in "xy"]
    entries += [(i, "z", 1 - i % 2 if i else 0) for i in range(4)]
    found = by_crowdkit(said(*entries), 2, "wawa")
    assert found.posterior[:, 0] == pytest.approx([1, 0.25 / 2.25, 2 / 2.25, 0.25 / 2.25])


def test_wawa_does_not_depend_on_the_order_of_items_and_annotations():
    rng = np.random.default_rng(0)
    row, annotator = (a.astype(np.int32) for a in np.nonzero(rng.random((40, 5)) < 0.6))
    label = rng.integers(0, 3, len(row), dtype=np.int32)  # at random: many ties
    first = by_crowdkit(Annotations(row, annotator, label, tuple("abcde")), 3, "wawa")
    for _ in range(5):
        place = rng.permutation(40).astype(np.int32)
        order = rng.permutation(len(row))
        moved = Annotations(place[row][order], annotator[order], label[order], tuple("abcde"))
        again = by_crowdkit(moved, 3, "wawa")
        at = np.searchsorted(again.items, place[first.items])
        np.testing.assert_allclose(again.posterior[at], first.posterior, rtol=0, atol=1e-12)
        assert (again.labels[at] == first.labels).all()


def test_on_a_public_set(public_data):
    c = crowd(public_data, "dog")
    found = by_crowdkit(c.annotations, c.n_classes, "wawa")
    assert c.accuracy_of(found) == pytest.approx(0.8290, abs=5e-5)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_to_tell_apart(method):
    assert by_crowdkit(NOBODY, 3, method).labels.tolist() == []
    assert by_crowdkit(votes_for((0, 2), (0, 1)), 2, method).posterior.tolist() == [[1.0], [1.0]]


def test_what_a_method_cannot_take_is_refused():
    # two annotators who share no item: there is nothing to compare them by
    with pytest.raises(InputError, match="m_msr"):
        by_crowdkit(said((0, "x", 0), (1, "y", 1)), 2, "m_msr")


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "crowdkit", None)
    monkeypatch.setitem(sys.modules, "crowdkit.aggregation", None)
    with pytest.raises(UsageError, match=r"'glad' needs crowd-kit.*pip install 'labelaudit\[crowd\]'"):
        by_crowdkit(votes_for((1, 1)), 2, "glad")
