"""Ways of combining annotations by name."""

from typing import get_args

import numpy as np
import pytest

from audits.annotator_config import Aggregator
from audits.annotators.combining import combine
from audits.errors import UsageError
from tests.audits.annotators.crowds import NOBODY, made, said, votes_for


@pytest.mark.parametrize("method", get_args(Aggregator))
def test_every_method_of_the_yaml(method):
    annotations, truth = made(60, 6, 3, per=5, skills=(0.7, 0.95))
    found = combine(annotations, 3, method, [np.eye(3)[truth] * 0.7 + 0.1])
    assert found.method == method
    assert np.mean(found.labels == truth) > 0.8


def test_what_auto_is():
    several, single = votes_for((2, 1, 0), (0, 1, 1)), said((0, "x", 1), (1, "y", 0))
    probs = [np.full((2, 3), 1 / 3)]
    assert combine(several, 3, "auto", probs).method == "crowdlab"
    assert combine(several, 3, "auto").method == "dawid_skene"
    assert combine(single, 3, "auto", probs).method == "dawid_skene"
    assert combine(NOBODY, 3, "auto", probs).method == "dawid_skene"


def test_the_last_label_of_an_annotator_counts():
    found = combine(said((0, "x", 1), (0, "y", 0), (0, "x", 0)), 2, "majority")
    assert found.posterior.tolist() == [[1.0]]


def test_unknown_method():
    with pytest.raises(UsageError, match="cannot be combined by 'vote'"):
        combine(NOBODY, 3, "vote")
    with pytest.raises(UsageError, match="at least one model"):
        combine(votes_for((2, 1)), 2, "crowdlab")
