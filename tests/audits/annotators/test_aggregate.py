"""What every way of combining annotations gives."""

import numpy as np
import pytest

from audits.annotators.aggregate import Aggregate
from audits.annotators.votes import votes_of
from tests.audits.annotators.crowds import NOBODY, said


@pytest.fixture
def aggregate():
    votes = votes_of(said((0, "x", 2), (0, "y", 4), (3, "y", 2)), 6)
    return Aggregate(
        "by hand", votes, np.array([2, 3, 4], np.int32), np.array([[0.2, 0.4, 0.4], [0.9, 0.1, 0.0]])
    )


def test_consensus(aggregate):
    assert aggregate.labels.tolist() == [3, 2], "of equal probabilities the first in class order"
    assert aggregate.confidence.tolist() == [0.4, 0.9]


def test_quality_is_the_mean_probability_of_the_labels(aggregate):
    assert aggregate.quality == pytest.approx([0.2, (0.4 + 0.9) / 2])


def test_quality_of_nobody():
    votes = votes_of(NOBODY, 3)
    assert Aggregate("none", votes, votes.classes, np.empty((0, 0))).quality.tolist() == []


def test_probability_of_any_class(aggregate):
    assert aggregate.probability_of(np.array([4, 5], np.int32)).tolist() == [0.4, 0.0]
    assert aggregate.probability_of(np.array([-1, 0], np.int32)).tolist() == [0.0, 0.0]
    assert aggregate.columns_of(np.array([2, 3, 4, 5, 0], np.int32)).tolist() == [0, 1, 2, -1, -1]
