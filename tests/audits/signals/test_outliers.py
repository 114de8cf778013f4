"""Outliers against cleanlab on the raw features, and where there is nothing to compare."""

from __future__ import annotations

import numpy as np
import pytest
from cleanlab.outlier import OutOfDistribution
from sklearn.datasets import load_digits
from sklearn.metrics import average_precision_score

from audits.contracts import SIGNALS
from audits.feature_config import OutliersConfig
from audits.signals.outliers import detect
from tests.audits.signals.feature_inputs import made, texts, vectors

CONFIG = OutliersConfig()


@pytest.fixture(scope="module")
def with_noise() -> np.ndarray:
    """Digits, and thirty pictures of noise after them."""
    return np.concatenate([load_digits().data, np.random.default_rng(0).uniform(0, 16, (30, 64))]).astype(
        np.float32
    )


@pytest.mark.parametrize("k", [3, 10])
def test_the_score_is_cleanlabs(with_noise, k):
    table = detect(made(np.zeros(len(with_noise)), vectors(with_noise)), OutliersConfig(neighbours=k))
    assert table.schema == SIGNALS
    expected = OutOfDistribution({"k": k}).fit_score(features=with_noise, verbose=False)
    assert np.allclose(table["score"].to_numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("kinds", [["embeddings"], ["numeric", "embeddings"]])
def test_planted_outliers(with_noise, kinds):
    inputs = made(np.zeros(len(with_noise)), *(vectors(with_noise, kind, name=kind) for kind in kinds))
    table = detect(inputs, CONFIG)
    planted = np.arange(len(with_noise)) >= len(with_noise) - 30
    assert average_precision_score(planted, -table["score"].to_numpy()) > 0.9
    flagged = table["flagged"].to_numpy()
    assert flagged[planted].all()
    assert flagged[~planted].mean() < 0.05
    assert table["suggested_label"].null_count == len(with_noise)
    last = table.slice(len(with_noise) - 1).to_pylist()[0]
    assert "its nearest neighbours by embeddings are " in last["reason"]
    assert last["reason"].endswith(" times as far as usual")
    assert (np.diff(table.filter(table["flagged"]).sort_by("rank")["score"].to_numpy()) >= 0).all()


def test_by_hand():
    """Points 0, 1, 2 ... 19 on a line and one at 100."""
    values = np.append(np.arange(20), 100)[:, None]
    table = detect(made(np.zeros(21), vectors(values, metric="euclidean")), OutliersConfig(neighbours=2))
    score = table["score"].to_numpy()
    assert np.allclose(score[1:19], np.exp(-1))  # as far as usual
    assert np.allclose(score[[0, 19]], np.exp(-1.5))
    assert score[20] == pytest.approx(np.exp(-81.5), abs=1e-9)
    assert table["reason"][20].as_py() == "its nearest neighbours by v are 81.5 times as far as usual"


def test_what_cannot_be_compared_is_no_outlier():
    table = detect(made([0] * 4, texts([None, "a b c", "a b d", ""])), CONFIG)
    assert table["score"].to_pylist()[0] == table["score"].to_pylist()[3] == 1
    assert not table["flagged"].to_numpy().any()


def test_items_all_alike_and_one_apart():
    values = np.ones((30, 3))
    table = detect(made(np.zeros(30), vectors(values)), CONFIG)
    assert not table["flagged"].to_numpy().any()
    assert np.allclose(table["score"].to_numpy(), 1)
    values[7] = [1, -5, 0]
    table = detect(made(np.zeros(30), vectors(values)), CONFIG)
    assert np.flatnonzero(table["flagged"].to_numpy()).tolist() == [7]
    assert table["reason"][7].as_py() == "its nearest neighbours by v are farther than usual"


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_items(n):
    table = detect(made(np.zeros(n), vectors(np.eye(2)[:n])), CONFIG)
    assert table.num_rows == n
    assert not table["flagged"].to_numpy().any()
