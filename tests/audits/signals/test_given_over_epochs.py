"""The given label over the epochs: by hand, its words, and a real training with planted errors."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from audits.signals.given_over_epochs import course, detect
from audits.training_config import GivenOverEpochsConfig
from tests.audits.signals.training_runs import digits_run, small

PARAMS = GivenOverEpochsConfig()


def test_by_hand():
    values = [[[0.2, 0.7, 0.1], [0.6, 0.4, 0.0]], [[0.4, 0.3, 0.3], [0.8, 0.2, 0.0]]]
    table = detect(small(values, [0, 0], names=("cat", "dog", "fox")), PARAMS)
    np.testing.assert_allclose(table["score"].to_numpy(), [0.3, 0.7])
    np.testing.assert_allclose(table["p_suggested"].to_numpy(), [0.5, 0.3])
    assert table["rank"].to_pylist() == [1, None]
    assert table["suggested_label"].to_pylist() == [1, 1]
    assert table["reason"].to_pylist() == [
        "over 2 epochs the model in training gave cat 0.30 (spread 0.10) and dog 0.50: "
        "the given label was learned late",
        None,
    ]


@pytest.mark.parametrize(
    ("right", "words"),
    [
        ("0000", "never learned"),
        ("0110", "forgotten"),
        ("1000", "forgotten"),
        ("0001", "learned late"),
        ("0011", "learned late"),
        ("0111", "learned early"),
        ("1111", "learned early"),
        ("1011", "unstable"),
        ("0101", "unstable"),
        ("0", "never learned"),
        ("1", "learned early"),
        ("01", "learned late"),
    ],
)
def test_how_a_label_was_learned(right, words):
    column = np.array([[c == "1"] for c in right])
    assert course(column) == [words]
    assert course(np.hstack([column, ~column, column]))[::2] == [words, words]


def test_a_tie_is_no_flag():
    table = detect(small([[[0.4, 0.4, 0.2]], [[0.4, 0.4, 0.2]]], [0]), PARAMS)
    assert table["flagged"].to_pylist() == [False]


def test_it_ranks_planted_errors_first_in_a_real_training():
    run = digits_run()
    table = detect(run.inputs, PARAMS)
    assert average_precision_score(run.wrong, -table["score"].to_numpy()) > 0.95
    flagged = table["flagged"].to_numpy()
    assert flagged[run.wrong].mean() > 0.95
    assert run.wrong[flagged].mean() > 0.6
    assert all(r is not None for r in table.filter(table["flagged"])["reason"].to_pylist())
