"""Length of the error vector: by hand, its bounds, and a real training with planted errors."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from audits.signals.el2n import detect
from audits.training_config import El2nConfig
from tests.audits.signals.training_runs import digits_run, small


def test_by_hand():
    # error vectors of item 0: (-.5, .3, .2) and (-1, 0, 1); of item 1: (0, 0, 0) and (-.4, .4, 0)
    values = [[[0.5, 0.3, 0.2], [1, 0, 0]], [[0, 0, 1], [0.6, 0.4, 0]]]
    table = detect(small(values, [0, 0]), El2nConfig())
    lengths = [(np.sqrt(0.38) + np.sqrt(2)) / 2, np.sqrt(0.32) / 2]
    np.testing.assert_allclose(table["score"].to_numpy(), 1 - np.array(lengths) / np.sqrt(2))
    assert table["rank"].to_pylist() == [1, None]
    assert table["suggested_label"].to_pylist() == [2, 1]
    assert table["reason"].to_pylist() == [
        "in the first 2 epochs of training 0 had 0.25 and 2 0.60 on average",
        None,
    ]
    # of the first epoch alone the first item has no other class that is likelier
    early = detect(small(values, [0, 0]), El2nConfig(epochs=1))
    np.testing.assert_allclose(early["score"].to_numpy(), [1 - np.sqrt(0.19), 1])
    assert not early["flagged"].to_numpy().any()


def test_with_two_classes_it_is_the_probability_of_the_given_label():
    p = np.random.default_rng(0).random((4, 50))
    table = detect(small(np.stack([p, 1 - p], axis=2), np.zeros(50)), El2nConfig())
    np.testing.assert_allclose(table["score"].to_numpy(), p.mean(axis=0))
    assert np.array_equal(table["flagged"].to_numpy(), p.mean(axis=0) < 0.5)


def test_bounds():
    table = detect(small([[[1, 0], [0, 1]]], [0, 0]), El2nConfig())
    np.testing.assert_allclose(table["score"].to_numpy(), [1, 0], atol=1e-15)
    # of ten equal classes the given one is one too: far off, but nothing else is likelier
    even = detect(small(np.full((1, 1, 10), 0.1), [3]), El2nConfig())
    assert even["score"].to_numpy()[0] == pytest.approx(1 - np.sqrt(0.9 / 2))
    assert not even["flagged"].to_numpy().any()


def test_it_ranks_planted_errors_first_in_a_real_training():
    run = digits_run()
    table = detect(run.inputs, El2nConfig(epochs=6))
    assert average_precision_score(run.wrong, -table["score"].to_numpy()) > 0.95
    flagged = table["flagged"].to_numpy()
    assert flagged[run.wrong].mean() > 0.95
    assert run.wrong[flagged].mean() > 0.6
