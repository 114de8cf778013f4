from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from audits.contracts import SIGNALS
from audits.signals.base import agreement_vote, likeliest_other, signal_table

IDS = pa.array(["a", "b", "c", "d"])


def build(**more) -> pa.Table:
    given = {
        "score": np.array([0.9, 0.1, 0.5, 0.2]),
        "flagged_in_order": np.array([1, 3]),
        "suggested": np.array([2, 0, -1, 1], dtype=np.int32),
    }
    return signal_table(IDS, "some_signal", "m", **{**given, **more})


def test_ranks_follow_the_order_that_was_given():
    table = build(flagged_in_order=np.array([3, 0, 1]))
    assert table.schema == SIGNALS
    assert table["rank"].to_pylist() == [2, 3, None, 1]
    assert table["flagged"].to_pylist() == [True, True, False, True]
    assert table["item_id"].to_pylist() == ["a", "b", "c", "d"]


def test_nothing_flagged():
    table = build(flagged_in_order=np.array([], dtype=np.intp))
    assert table["rank"].null_count == 4
    assert table["flagged"].to_pylist() == [False] * 4


def test_what_is_about_the_suggestion_is_null_where_there_is_none():
    table = build(
        n_agree=np.array([1, 2, 0, 3], dtype=np.int32),
        n_models=3,
        p_given=np.array([0.1, 0.2, 0.3, 0.4]),
        p_suggested=np.array([0.5, 0.6, 0.7, 0.8]),
    )
    assert table["suggested_label"].to_pylist() == [2, 0, None, 1]
    assert table["n_agree"].to_pylist() == [1, 2, None, 3]
    assert table["n_models"].to_pylist() == [3] * 4
    assert table["p_given"].to_pylist() == [0.1, 0.2, 0.3, 0.4]
    assert table["p_suggested"].to_pylist() == [0.5, 0.6, None, 0.8]


def test_what_is_not_given_is_null_and_nan_becomes_null():
    table = build()
    assert table["n_agree"].null_count == table["p_given"].null_count == table["p_suggested"].null_count == 4
    assert build(p_given=np.array([0.1, np.nan, 0.3, 0.4]))["p_given"].to_pylist() == [0.1, None, 0.3, 0.4]


def test_a_signal_over_all_models_has_no_model():
    table = signal_table(
        IDS,
        "s",
        None,
        score=np.zeros(4),
        flagged_in_order=np.array([], dtype=np.intp),
        suggested=np.zeros(4, dtype=np.int32),
    )
    assert table["model"].null_count == 4
    assert set(table["signal"].to_pylist()) == {"s"}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_likeliest_other_is_what_a_loop_finds(dtype):
    rng = np.random.default_rng(2)
    probs = (rng.multinomial(8, np.ones(4) / 4, size=200) / 8).astype(dtype)  # many ties
    labels = rng.integers(4, size=200).astype(np.int32)
    before = probs.copy()
    other, p_other, p_given = likeliest_other(probs, labels)
    for i, row in enumerate(probs.tolist()):
        rest = [(-p, c) for c, p in enumerate(row) if c != labels[i]]
        assert (other[i], p_other[i]) == (min(rest)[1], -min(rest)[0])
        assert p_given[i] == row[labels[i]]
    assert np.array_equal(probs, before)
    assert p_other.dtype == p_given.dtype == np.float64


def test_the_likeliest_other_is_never_the_given_label_though_all_else_is_zero():
    other, p_other, p_given = likeliest_other(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 1], np.int32))
    assert other.tolist() == [1, 0]
    assert p_other.tolist() == [0, 0]
    assert p_given.tolist() == [1, 1]


@pytest.mark.parametrize(("count", "of", "share", "reached"), [
    (7, 10, 0.7, True),
    (1, 3, 1 / 3, True),
    (3, 10, 0.1 + 0.2, True),  # which is a little more than 0.3
    (6, 10, 0.7, False),
    (499_999, 1_000_000, 0.5, False),
    (0, 3, 0.001, False),
])  # fmt: skip
def test_a_share_is_reached_in_spite_of_rounding(count, of, share, reached):
    assert agreement_vote(np.array([count / of]), share).tolist() == [reached]
