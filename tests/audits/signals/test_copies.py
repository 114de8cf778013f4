"""Groups of equal items."""

from __future__ import annotations

import numpy as np
import pytest

from audits.signals.copies import FEW, copies, members
from tests.audits.signals.feature_inputs import images, texts, vectors


def test_vectors_are_equal_value_by_value():
    values = [[1, 2], [0, 3], [1, 2], [-0.0, 3], [1, 2.0000002]]
    assert copies(vectors(values)).tolist() == [0, 1, 0, 1, 2]


def test_zeros_have_no_direction_but_are_numbers():
    values = [[0, 0], [1, 1], [0, 0]]
    assert copies(vectors(values)).tolist() == [-1, 0, -1]
    assert copies(vectors(values, metric="euclidean")).tolist() == [0, 1, 0]
    assert copies(vectors(values, "numeric")).tolist() == [0, 1, 0]


def test_columns_of_few_values_say_nothing_on_copies():
    rng = np.random.default_rng(0)
    people = np.stack([rng.integers(18, 90, 2000), rng.integers(0, 2, 2000)], axis=1)
    assert (copies(vectors(people, "numeric")) == -1).all()
    measured = np.concatenate([people, rng.normal(size=(2000, 1))], axis=1)
    measured[1000:1500] = measured[:500]
    groups = copies(vectors(measured, "numeric"))
    assert len(np.unique(groups)) == 1500
    assert np.array_equal(groups[1000:1500], groups[:500])
    assert len(np.unique(copies(vectors(people)))) < 150  # embeddings are meant to tell items apart


def test_texts_by_their_key_and_images_by_their_bytes():
    assert copies(texts(["A b", None, "a  B!", "", "c"])).tolist() == [0, -1, 0, -1, 1]
    assert copies(images([[0, 1] * 32] * 4, ["x", "y", None, "x"])).tolist() == [0, 1, -1, 0]


def test_what_most_items_share_is_no_copy():
    rest = [f"text {k}" for k in range(20)]
    for shared in (15, 20, 21, 100):
        groups = copies(texts([*rest[:9], *["none given"] * shared, *rest[9:], rest[0]]))
        placeholder = groups[9 : 9 + shared]
        if shared <= 21:  # of 42 items 21 are no more than half
            assert len(set(placeholder.tolist())) == 1
            assert placeholder[0] == 9
        else:
            assert (placeholder == -1).all()
            assert sorted(set(groups.tolist())) == [-1, *range(20)]
        assert groups[-1] == groups[0] == 0


@pytest.mark.parametrize("n", [FEW, FEW + 1])
def test_all_equal(n):
    wanted = 0 if n <= FEW else -1
    for metric in ("cosine", "euclidean"):
        assert (copies(vectors(np.ones((n, 3)), metric=metric)) == wanted).all()
    assert (copies(vectors(np.ones((n, 3)), "numeric")) == wanted).all()
    assert (copies(images([[0, 1] * 32] * n, ["x"] * n)) == wanted).all()
    assert (copies(texts(["x"] * n)) == wanted).all()


def test_members_are_the_rows_of_each_group():
    groups = np.array([1, -1, 0, 1, 2, 1])
    assert [m.tolist() for m in members(groups)] == [[2], [0, 3, 5], [4]]
    assert members(np.array([], dtype=np.int64)) == []
    assert members(np.array([-1, -1])) == []
