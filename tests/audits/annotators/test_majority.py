"""Shares of the annotators."""

import numpy as np
import pytest
from crowdkit.aggregation import MajorityVote  # type: ignore[attr-defined]

from audits.annotators.majority import majority
from tests.audits.annotators.crowds import NOBODY, SETS, crowd, made, said, shuffled, votes_for


def test_by_hand():
    found = majority(votes_for((3, 1, 0), (1, 1, 0), (0, 0, 1)), 3)
    assert found.posterior.tolist() == [[0.75, 0.25, 0], [0.5, 0.5, 0], [0, 0, 1]]
    assert found.labels.tolist() == [0, 0, 2], "of equal counts the first in class order"
    assert found.confidence.tolist() == [0.75, 0.5, 1]
    assert found.method == "majority"


def test_items_without_annotations_are_left_out():
    found = majority(said((5, "x", 1), (9, "x", 0)), 4)
    assert (found.items.tolist(), found.labels.tolist()) == ([5, 9], [1, 0])
    assert majority(NOBODY, 4).labels.tolist() == []


def test_the_order_of_the_annotations_does_not_matter():
    annotations, _ = made(60, 8, 5)
    a, b = majority(annotations, 5), majority(shuffled(annotations), 5)
    assert (a.posterior == b.posterior).all()
    assert a.quality == pytest.approx(b.quality)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of pandas, in crowd-kit
def test_as_crowdkit(public_data, name):
    c = crowd(public_data, name)
    found = majority(c.annotations, c.n_classes)
    theirs = MajorityVote().fit_predict_proba(c.frame).loc[found.items, found.classes].to_numpy()
    assert np.abs(found.posterior - theirs).max() < 1e-12
