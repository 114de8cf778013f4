"""Near vectors and images: the threshold follows the data, planted copies are found, and crowds stay small."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits

from audits.signals.copies import copies
from audits.signals.neighbours import nearest
from audits.signals.vector_pairs import hash_threshold, near_pairs, vector_threshold
from tests.audits.signals.feature_inputs import images, vectors


def near(features, labels=None, *, k=10, fraction=0.25, bits=6) -> dict[tuple[int, int], float]:
    groups = copies(features)
    labels = np.zeros(len(groups), dtype=np.int32) if labels is None else np.asarray(labels, dtype=np.int32)
    found = near_pairs(features, groups, labels, nearest(features, k), fraction=fraction, bits=bits)
    return {(a, b): d for a, b, d in zip(*(x.tolist() for x in found), strict=True)}


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("unit", [1e-4, 1.0, 1e4])
def test_the_threshold_is_in_units_of_the_data(metric, unit):
    values = np.random.default_rng(0).normal(size=(500, 6))
    usual = nearest(vectors(values * unit, metric=metric), 10).distances.astype(np.float64)
    threshold = vector_threshold(usual, metric, 0.25)
    # of evenly spread points it is the fraction of the median distance to the nearest
    chords = np.sqrt(2 * usual[:, 0]) if metric == "cosine" else usual[:, 0]
    chord = np.sqrt(2 * threshold) if metric == "cosine" else threshold
    assert chord / np.median(chords) == pytest.approx(0.25, rel=0.2)


def test_in_few_dimensions_chance_lowers_it():
    rng = np.random.default_rng(1)
    for d in (1, 2, 3):
        usual = nearest(vectors(rng.random((4000, d)), metric="euclidean"), 10).distances.astype(np.float64)
        threshold = vector_threshold(usual, "euclidean", 0.25)
        assert np.mean(usual[:, 0] <= threshold) < 0.01
        assert threshold > 0


@pytest.mark.parametrize(
    "distances", [np.empty((0, 10)), np.empty((5, 0)), np.ones((5, 1)), np.zeros((5, 4))]
)
def test_nothing_to_go_by_lets_nothing_be_near(distances):
    assert vector_threshold(distances, "euclidean", 0.25) == -1


def test_hashes_much_alike_lower_the_bits():
    assert hash_threshold(np.full((9, 10), 20.0), 6) == 6
    assert hash_threshold(np.full((9, 10), 7.0), 6) == 3
    assert hash_threshold(np.empty((0, 10)), 6) == 6


REAL = {"digits": load_digits, "breast cancer": load_breast_cancer}


@pytest.mark.parametrize("data", list(REAL))
def test_real_data_has_no_near_duplicates(data):
    assert near(vectors(REAL[data](return_X_y=True)[0], "numeric")) == {}


@pytest.mark.parametrize("data", list(REAL))
@pytest.mark.parametrize("planted", [40, 500])
@pytest.mark.parametrize("jitter", [0.001, 0.02])
def test_planted_copies_are_found_however_many(data, planted, jitter):
    values = REAL[data](return_X_y=True)[0][:550]
    copied = values[:planted] + jitter * np.random.default_rng(0).normal(
        size=(planted, values.shape[1])
    ) * values.std(0)
    found = near(vectors(np.concatenate([values, copied]), "numeric"))
    assert set(found) == {(i, len(values) + i) for i in range(planted)}


def test_near_groups_of_many_copies():
    """Two texts of fifty copies each that are near: their lists of neighbours are full of copies."""
    values = np.random.default_rng(2).normal(size=(300, 8))
    values[:50], values[50:100] = values[0], values[0] + 1e-3
    features = vectors(values, metric="euclidean")
    groups = copies(features)
    assert near(features).keys() == {(groups[0], groups[50])}


def test_a_few_copies_among_many_items_do_not_hide_a_near_one():
    values = np.random.default_rng(3).normal(size=(2000, 8))
    values[:12], values[12:16] = values[0], values[0] + 1e-3
    groups = copies(vectors(values))
    assert near(vectors(values, metric="euclidean")).keys() == {(groups[0], groups[12])}


def test_a_crowd_keeps_the_nearest_and_every_label():
    rng = np.random.default_rng(4)
    values = rng.normal(size=(1000, 8))
    values[:200] = values[0] + 1e-6 * rng.normal(size=(200, 8))
    labels = np.zeros(1000, dtype=np.int32)
    labels[77], labels[150] = 1, 2
    found = near(vectors(values, metric="euclidean"), labels)
    assert all(b < 200 for _, b in found)
    for odd in (77, 150):
        assert {x for pair in found if odd in pair for x in pair} == set(range(200))
    assert len(found) < 200 * 60


def test_images_by_bits():
    rng = np.random.default_rng(5)
    bits = rng.permuted(np.tile([0, 1], (100, 32)), axis=1)
    copied = bits[:3].copy()
    copied[0, :2] ^= 1
    copied[1, :6] ^= 1
    copied[2, :12] ^= 1
    features = images(np.concatenate([bits, copied]), [str(i) for i in range(103)])
    assert near(features) == {(0, 100): 2, (1, 101): 6}
    assert near(features, bits=2) == {(0, 100): 2}


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_items(n):
    assert near(vectors(np.eye(3)[:n])) == {}
