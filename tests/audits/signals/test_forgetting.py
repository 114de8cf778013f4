"""Forgetting events: counted by hand, bounded, and on a real training with planted errors."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from audits.signals.forgetting import detect
from audits.training_config import ForgettingConfig
from tests.audits.signals.training_runs import digits_run, small

PARAMS = ForgettingConfig()


def item(right: str) -> list[list[float]]:
    """One item of class 0, right in the epochs with a 1."""
    return [[0.8, 0.2] if c == "1" else [0.3, 0.7] for c in right]


@pytest.mark.parametrize(
    ("right", "score"),
    [
        ("1111", 1.0),
        ("0011", 1.0),
        ("1000", 2 / 3),
        ("0110", 2 / 3),
        ("1011", 2 / 3),
        ("1010", 1 / 3),
        ("0000", 0.0),
        ("10101", 1 / 3),
        ("1", 1.0),
        ("0", 0.0),
        ("10", 0.5),
    ],
)
def test_by_hand(right, score):
    table = detect(small(np.array(item(right))[:, None], [0]), PARAMS)
    assert table["score"].to_pylist() == [pytest.approx(score)]
    assert table["flagged"].to_pylist() == [score == 0]


def test_a_tie_counts_as_right_whichever_class_is_first():
    values = np.full((3, 2, 2), 0.5)
    assert detect(small(values, [0, 1]), PARAMS)["score"].to_pylist() == [1.0, 1.0]


def test_items_that_were_never_learned_are_ranked_by_what_they_were_given():
    values = np.array([[[0.1, 0.9], [0.4, 0.6], [0.9, 0.1]]] * 2)
    table = detect(small(values, [0, 0, 0]), PARAMS)
    assert table["rank"].to_pylist() == [1, 2, None]
    assert table["suggested_label"].to_pylist() == [1, 1, 1]
    assert table["reason"].to_pylist() == [
        "in none of 2 epochs of training was 0 the likeliest class; 1 had 0.90 on average",
        "in none of 2 epochs of training was 0 the likeliest class; 1 had 0.60 on average",
        None,
    ]


def test_every_score_is_one_of_the_few_there_can_be():
    rng = np.random.default_rng(0)
    values = rng.dirichlet(np.ones(3), size=(7, 200))
    score = detect(small(values, rng.integers(3, size=200)), PARAMS)["score"].to_numpy()
    assert set(np.round(score * 4).astype(int)) == {0, 1, 2, 3, 4}
    np.testing.assert_allclose(score * 4, np.round(score * 4), atol=1e-12)


def test_it_ranks_planted_errors_first_in_a_real_training():
    run = digits_run()
    table = detect(run.inputs, PARAMS)
    assert average_precision_score(run.wrong, -table["score"].to_numpy()) > 0.8
    flagged = table["flagged"].to_numpy()
    assert flagged[run.wrong].mean() > 0.9
    assert run.wrong[flagged].mean() > 0.8
