"""Features as points: scales, directions, and what cannot be compared."""

from __future__ import annotations

import numpy as np
import pytest

from audits.signals.inputs import Features
from audits.signals.neighbours import nearest
from audits.signals.points import any_varies, metric_of, points_of
from tests.audits.signals.feature_inputs import images, texts, vectors


@pytest.mark.parametrize(
    ("features", "metric"),
    [
        (vectors([[1.0]]), "cosine"),
        (vectors([[1.0]], metric="euclidean"), "euclidean"),
        (vectors([[1.0]], "numeric"), "euclidean"),
        (vectors([[1.0]], "numeric", metric="cosine"), "cosine"),
        (texts(["a"]), "cosine"),
        (images([0] * 64, ["x"]), "hamming"),
    ],
)
def test_the_metric_goes_with_the_kind_unless_it_is_said(features, metric):
    assert metric_of(features) == metric
    assert points_of(features).metric == metric


def test_numeric_columns_count_alike_whatever_their_units():
    values = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    units = values * np.float32([1e-3, 1, 1e6]) + np.float32([5, 0, -1e6])
    assert np.allclose(
        points_of(vectors(units, "numeric")).values, points_of(vectors(values, "numeric")).values, atol=1e-2
    )


@pytest.mark.parametrize("constant", [0.0, 0.1, -3e8])
def test_a_constant_column_counts_nothing(constant):
    values = np.random.default_rng(0).normal(size=(1000, 2)).astype(np.float32)
    values[:, 0] = constant
    points = points_of(vectors(values, "numeric")).values
    assert not points[:, 0].any()
    assert points[:, 1].std() == pytest.approx(1, abs=1e-3)


def test_directions_have_length_one_and_zeros_none():
    points = points_of(vectors([[3, 4], [0, 0], [1e-20, 0], [1e30, 1e30]]))
    assert points.known.tolist() == [True, False, True, True]
    assert np.allclose(points.values, [[0.6, 0.8], [0, 0], [1, 0], [0.5**0.5, 0.5**0.5]], atol=1e-6)


def test_centring_keeps_what_a_large_offset_would_lose():
    values = np.float32([[1000.0, 0.0], [1000.5, 0.0], [1003.0, 0.0]])
    points = points_of(vectors(values, metric="euclidean"))
    assert points.known.all()
    assert np.allclose(np.diff(points.values[:, 0]), [0.5, 2.5])


def doubles(values) -> Features:
    return Features("v", "numeric", vectors=np.asarray(values, dtype=np.float64))


@pytest.mark.parametrize("unit", [1e-300, 1e-30, 1e30, 1e298])
@pytest.mark.parametrize("offset", [0.0, 1e9])
def test_numeric_columns_of_any_unit_and_offset(unit, offset):
    values = np.random.default_rng(0).normal(size=(200, 3))
    moved = points_of(doubles((values + offset) * unit))
    assert moved.known.all()
    assert np.allclose(moved.values, points_of(doubles(values)).values, atol=1e-5)


@pytest.mark.parametrize("extreme", [1e8, 1e30, -1e300])
def test_one_extreme_value_leaves_the_others_apart(extreme):
    values = np.random.default_rng(0).normal(size=(100, 2))
    without = nearest(doubles(np.delete(values, 5, axis=0)), 4)
    values[5, 1] = extreme
    points = points_of(doubles(values)).values
    assert np.delete(points, 5, axis=0).std(axis=0) == pytest.approx([1, 1], abs=0.01)
    assert 1e5 < points[5, 1] * np.sign(extreme) < 1e10
    rows = np.delete(nearest(doubles(values), 4).rows, 5, axis=0)
    same = rows == np.delete(np.arange(100), 5)[without.rows]
    assert same.mean() > 0.97  # the scale of the other column has changed a little


def test_of_two_extreme_values_the_larger_is_further():
    values = np.append(np.random.default_rng(0).normal(size=50), [1e20, 1e200, -1e308])
    points = points_of(doubles(values[:, None])).values[:, 0]
    assert points[-1] < points[:-3].min() < points[:-3].max() < points[-3] < points[-2]


def test_rounding_is_no_variation():
    third = np.array([0.1 + 0.2, 0.3] * 20)[:, None]
    assert not any_varies(third)
    assert not any_varies(third.astype(np.float32))
    assert any_varies(1e9 + np.arange(40.0)[:, None])
    assert not any_varies(np.empty((0, 2)))
    assert not any_varies(np.empty((4, 0)))


def test_columns_none_of_which_varies_are_not_compared():
    points = points_of(vectors(np.full((20, 2), 7.5), "numeric"))
    assert not points.known.any()
    assert (nearest(vectors(np.full((20, 2), 7.5), "numeric"), 3).rows == -1).all()


@pytest.mark.parametrize("unit", [1e-30, 1e-15, 1e15, 1e25, 5e37])
def test_vectors_of_any_unit_under_euclidean(unit):
    values = np.clip(np.random.default_rng(0).normal(size=(100, 8)), -3, 3).astype(np.float32)
    plain, scaled = (
        nearest(vectors(x, metric="euclidean"), 5) for x in (values, values * np.float32(unit) * 2)
    )
    assert np.array_equal(plain.rows, scaled.rows)
    ratio = scaled.distances / plain.distances
    assert np.allclose(ratio, ratio[0, 0], rtol=1e-4)


@pytest.mark.parametrize("extreme", [1e9, 1e25, 3e38])
def test_one_extreme_vector_leaves_the_others_apart(extreme):
    values = np.random.default_rng(0).normal(size=(100, 8)).astype(np.float32)
    before = nearest(vectors(np.delete(values, 5, axis=0), metric="euclidean"), 4)
    values[5] = extreme
    after = nearest(vectors(values, metric="euclidean"), 4)
    assert np.array_equal(np.delete(after.rows, 5, axis=0), np.delete(np.arange(100), 5)[before.rows])
    assert np.allclose(np.delete(after.distances, 5, axis=0), before.distances, rtol=1e-3)
    assert (after.distances[5] > 1e6).all()
    assert (after.rows[5] >= 0).all()


def test_images_that_are_missing_or_of_one_colour_are_not_compared():
    half, flat = [0, 1] * 32, [1] + [0] * 63
    points = points_of(images([half, half, flat], ["a", None, "c"]))
    assert points.known.tolist() == [True, False, False]
    assert points.values[0].tolist() == half


@pytest.mark.parametrize(
    "features", [vectors(np.empty((0, 3))), vectors(np.empty((0, 3)), "numeric"), texts([])]
)
def test_no_items(features):
    points = points_of(features)
    assert len(points.values) == len(points.known) == 0
