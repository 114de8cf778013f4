"""How good each annotator is."""

from dataclasses import replace

import numpy as np
import pytest

from audits.annotators.aggregate import Aggregate
from audits.annotators.dawid_skene import dawid_skene
from audits.annotators.majority import majority
from audits.annotators.quality import quality
from audits.annotators.votes import votes_of
from audits.errors import UsageError
from audits.inference.proportion import wilson
from tests.audits.annotators.crowds import NOBODY, crowd, made, said, shuffled


def test_by_hand():
    annotations = replace(
        said((0, "x", 0), (0, "y", 1), (1, "x", 1), (1, "y", 1), (2, "x", 0), (3, "z", 1)),
        names=("x", "y", "z", "u"),
    )
    votes = votes_of(annotations, 2)
    found = quality(
        Aggregate("by hand", votes, votes.classes, np.array([[0.8, 0.2], [0.1, 0.9], [1, 0], [0, 1]]))
    )
    assert found.labels.tolist() == [3, 2, 1, 0]
    assert found.shared.tolist() == [2, 2, 0, 0]
    assert found.with_others.tolist()[:2] == [0.5, 0.5]
    assert found.with_consensus.tolist()[:2] == [1, 0.5]
    assert found.accuracy[:2] == pytest.approx([1.7 / 2, 1.1 / 2])
    ends = wilson([1.7, 1.1], [2, 2])
    assert found.low[:2] == pytest.approx(ends.low)
    assert found.high[:2] == pytest.approx(ends.high)
    for figures in (found.with_others, found.with_consensus, found.accuracy, found.low, found.high):
        assert np.isnan(figures[2:]).all(), "one who shares no item with anybody has no figures"


def test_nobody():
    found = quality(majority(NOBODY, 3))
    assert (found.labels.tolist(), found.accuracy.tolist()) == ([], [])


def test_certain_annotators_stay_within_1():
    annotations = said(*((i, who, i % 3) for i in range(3001) for who in "xyz"))
    found = quality(dawid_skene(annotations, 3))
    assert found.accuracy == pytest.approx(1)
    assert (found.high <= 1).all()


def test_it_finds_who_is_good():
    annotations, truth = made(1500, 15, 4, per=6, skills=(0.2, 0.95))
    right = np.bincount(annotations.annotators, annotations.labels == truth[annotations.rows])
    share = right / np.bincount(annotations.annotators)
    found = quality(dawid_skene(annotations, 4))
    assert np.corrcoef(found.accuracy, share)[0, 1] > 0.97
    assert np.abs(found.accuracy - share).max() < 0.1
    inside = (found.low <= share) & (share <= found.high)
    assert inside.mean() >= 0.8


def test_it_follows_the_truth_on_a_public_set(public_data):
    c = crowd(public_data, "web")
    a = c.annotations
    known = np.array([row in c.truth for row in a.rows.tolist()])
    right = np.array(
        [c.truth.get(row) == label for row, label in zip(a.rows.tolist(), a.labels.tolist(), strict=True)]
    )
    number = np.bincount(a.annotators[known], minlength=len(a.names))
    busy = number >= 50
    share = np.bincount(a.annotators[known], right[known], minlength=len(a.names))[busy] / number[busy]
    assert busy.sum() >= 30
    found = quality(dawid_skene(a, c.n_classes))
    assert np.corrcoef(found.accuracy[busy], share)[0, 1] > 0.85


def test_the_order_does_not_matter():
    annotations, _ = made(60, 8, 3)
    a, b = quality(majority(annotations, 3)), quality(majority(shuffled(annotations), 3))
    assert a.accuracy == pytest.approx(b.accuracy, nan_ok=True)
    assert (a.shared == b.shared).all()


def test_wrong_level():
    with pytest.raises(UsageError, match="level"):
        quality(majority(NOBODY, 3), level=2)
