"""Items behind a flip: by hand, and their gains add up to the change of the lead."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from audits.benchmark.behind_flips import behind
from audits.benchmark.truth import Truth


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int32)


def test_by_hand():
    # item:           0  1  2  3  4  5
    given_ = Truth(ints(0, 0, 0, 0, 0, 0))
    cleaned = Truth(ints(1, 1, 1, 0, 1, -1))
    was = ints(0, 0, 1, 0, 2, 0)
    now = ints(1, 2, 0, 1, 2, 1)
    # 0: was right, now the other is: 2; 1: the one that was right no longer is: 1; 2: the other way round: -2;
    # 3: its label did not change; 4: both were and are wrong; 5: left the set
    found = behind(given_, cleaned, was, now)
    assert found.rows.tolist() == [0, 1, 2]
    assert found.gain.tolist() == [2, 1, -2]
    assert len(found) == 3


def test_a_label_beside_another_counts():
    before = Truth(ints(0))
    after = Truth(ints(0), ints(1)[:, None], ints(0))
    found = behind(before, after, ints(0), ints(1))
    assert (found.rows.tolist(), found.gain.tolist()) == ([0], [1])


def test_nothing_changed():
    truth = Truth(ints(0, 1, 2))
    assert len(behind(truth, truth, ints(0, 0, 0), ints(0, 1, 2))) == 0


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_gains_add_up_and_items_that_kept_their_label_have_none(seed, n):
    rng = np.random.default_rng(seed)
    before, after = (Truth(rng.integers(-1, 3, n).astype(np.int32)) for _ in range(2))
    was, now = (rng.integers(-1, 3, n).astype(np.int32) for _ in range(2))
    found = behind(before, after, was, now)
    common = before.scored & after.scored
    leads = [int((t.hits(now) & common).sum()) - int((t.hits(was) & common).sum()) for t in (before, after)]
    assert int(found.gain.sum()) == leads[1] - leads[0]
    assert not before.same_as(after)[found.rows].any()
    assert (np.diff(found.gain) <= 0).all()
    other = behind(before, after, now, was)
    assert sorted(other.rows) == sorted(found.rows)
    assert int(other.gain.sum()) == -int(found.gain.sum())
