"""The graph against brute force, its order and ties, and what has no neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import pairwise_distances

from audits.errors import InputError, UsageError
from audits.feature_config import OutliersConfig
from audits.signals import neighbours as module
from audits.signals.inputs import Neighbours
from audits.signals.neighbours import chosen, graph_of, nearest
from audits.signals.points import points_of
from tests.audits.signals.feature_inputs import images, made, texts, vectors


def by_brute_force(apart: np.ndarray, k: int) -> np.ndarray:
    apart = apart.copy()
    np.fill_diagonal(apart, np.inf)
    return np.sort(apart, axis=1)[:, :k]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("k", [1, 7])
def test_every_pair_is_looked_at(metric, k):
    values = np.random.default_rng(0).normal(size=(400, 12)).astype(np.float32)
    graph = nearest(vectors(values, metric=metric), k)
    apart = pairwise_distances(values.astype(np.float64), metric=metric)
    assert graph.rows.dtype == np.int32
    assert graph.metric == metric
    assert np.allclose(graph.distances, by_brute_force(apart, k), atol=1e-5)
    assert np.allclose(graph.distances, np.take_along_axis(apart, graph.rows.astype(int), axis=1), atol=1e-5)


def test_hashes_by_bits():
    bits = np.random.default_rng(1).permuted(np.tile([0, 1], (200, 32)), axis=1)
    graph = nearest(images(bits, [str(i) for i in range(200)]), 5)
    apart = (bits[:, None] != bits[None]).sum(axis=2).astype(float)
    assert np.array_equal(graph.distances, by_brute_force(apart, 5))
    assert graph.metric == "hamming"


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.integers(1, 15), st.integers(0, 2**32 - 1))
def test_never_itself_and_in_order(n, k, seed):
    values = np.random.default_rng(seed).integers(-1, 2, size=(n, 2))
    graph = nearest(vectors(values, metric="euclidean"), k)
    assert graph.rows.shape == graph.distances.shape == (n, min(k, n - 1))
    assert not (graph.rows == np.arange(n)[:, None]).any()
    assert all(len(set(row)) == len(row) for row in graph.rows.tolist())
    assert (np.diff(graph.distances, axis=1) >= 0).all()
    ties = (np.diff(graph.distances, axis=1) == 0) & (np.diff(graph.rows, axis=1) < 0)
    assert not ties.any()


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_fifty_copies_are_each_others_neighbours_at_nought(metric):
    values = np.random.default_rng(2).normal(size=(80, 5)) + 100
    values[:50] = values[0]
    graph = nearest(vectors(values, metric=metric), 10)
    assert not graph.distances[:50].any()
    assert (graph.rows[:50] < 50).all()
    assert not (graph.rows == np.arange(80)[:, None]).any()


def test_items_with_nothing_to_compare_have_no_neighbours_and_are_nobodys():
    graph = nearest(vectors([[1, 0], [0, 0], [1, 1], [0, 1]]), 3)
    assert graph.rows.tolist() == [[2, 3, -1], [-1, -1, -1], [0, 3, -1], [2, 0, -1]]
    assert np.isinf(graph.distances[graph.rows < 0]).all()
    graph = nearest(texts(["a cat sat", None, "A CAT, sat", "", "the dog sat"]), 2)
    assert graph.rows[[1, 3]].tolist() == [[-1, -1], [-1, -1]]
    assert graph.rows[0].tolist() == [2, 4]
    assert graph.distances[0, 0] == 0


def test_few_items():
    assert nearest(vectors(np.empty((0, 3))), 4).rows.shape == (0, 0)
    assert nearest(vectors([[1, 2]]), 4).rows.shape == (1, 0)
    assert nearest(vectors([[1, 2], [0, 0]]), 4).rows.tolist() == [[-1], [-1]]
    with pytest.raises(UsageError, match="k must be 1 or more, not 0"):
        nearest(vectors([[1, 2]]), 0)


@pytest.fixture
def index_from_500(monkeypatch):
    monkeypatch.setattr(module, "EXACT_UP_TO", 500)
    monkeypatch.setattr(module, "EXACT_HASHES_UP_TO", 500)


@pytest.mark.parametrize("kind", ["clustered", "without structure"])
def test_the_index_finds_the_neighbours(index_from_500, kind):
    rng = np.random.default_rng(4)
    values = rng.normal(size=(6000, 16))
    if kind == "clustered":
        values = values * 0.3 + rng.normal(size=(50, 16))[rng.integers(50, size=6000)]
    features = vectors(values.astype(np.float32))
    graph = nearest(features, 10)
    unit = points_of(features).values
    last = np.sort(1 - unit @ unit.T, axis=1)[:, 10]
    assert np.mean(graph.distances <= last[:, None] + 1e-5) >= 0.99
    again = nearest(features, 10)
    assert np.array_equal(graph.rows, again.rows)


def test_the_index_of_hashes(index_from_500):
    rng = np.random.default_rng(5)
    centres = rng.permuted(np.tile([0, 1], (40, 32)), axis=1)
    bits = centres[np.arange(3000) % 40] ^ (rng.random((3000, 64)) < 0.03)
    graph = nearest(images(bits, [str(i) for i in range(3000)]), 5)
    apart = (bits[:300, None] != bits[None]).sum(axis=2)
    last = np.sort(apart, axis=1)[:, 5]
    assert np.mean(graph.distances[:300] <= last[:, None]) >= 0.99


def test_the_graph_at_hand_is_used_where_it_is_wide_enough():
    features = vectors(np.random.default_rng(0).normal(size=(20, 3)))
    at_hand = Neighbours("v", np.zeros((20, 6), np.int32), np.zeros((20, 6), np.float32), "cosine")
    inputs = made(np.zeros(20), features, neighbours={"v": at_hand})
    assert not graph_of(inputs, features, 4).rows.any()
    assert graph_of(inputs, features, 4).rows.shape == (20, 4)
    assert graph_of(inputs, features, 7).rows.any()


def test_features_are_chosen_by_name():
    a, b = vectors([[1.0]], name="a"), texts(["x"], name="b")
    inputs = made([0], a, b)
    assert chosen(inputs, "outliers", OutliersConfig()) == [a, b]
    assert chosen(inputs, "outliers", OutliersConfig(features=("b",))) == [b]
    with pytest.raises(InputError, match=r"audit 'outliers': there are no features 'c'"):
        chosen(inputs, "outliers", OutliersConfig(features=("a", "c")))
    with pytest.raises(InputError, match=r"audit 'outliers' needs features; the dataset has none"):
        chosen(made([0]), "outliers", OutliersConfig())
