"""Made-up data that every test of the harness may use."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from threadpoolctl import threadpool_limits

from benchmarks.detection.datasets import noise
from tests.benchmarks.detection.made import MODELS, K, N, ids


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """As a run of the harness has it: two threads on small matrices that share their cores wait for each other."""
    import sklearn.linear_model  # noqa: F401 - the limit holds for libraries that are loaded

    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def made():
    """Right labels, noisy labels, and top-3 classes with probabilities of five models that know the right ones."""
    rng = np.random.default_rng(5)
    truth = rng.integers(0, K, N).astype(np.int32)
    labels = noise.symmetric(truth, K, 90, rng)
    models = {}
    for m in range(MODELS):
        logits = rng.normal(size=(N, K))
        logits[np.arange(N), truth] += 2.5
        probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        models[f"m{m}"] = probs
    return truth, labels, models


@pytest.fixture(scope="session")
def folder(made, tmp_path_factory):
    """A folder with items, outputs of models, votes on every item but the first hundred, and reassessed labels."""
    truth, labels, models = made
    root = tmp_path_factory.mktemp("data") / "made-up"
    (root / "outputs").mkdir(parents=True)
    pq.write_table(
        pa.table({"item_id": ids(N), "label": pa.array(labels, pa.int16())}), root / "items.parquet"
    )
    shuffled = np.random.default_rng(0).permutation(N)
    for name, probs in models.items():
        top = np.argsort(-probs, axis=1)[:, :3]
        kept = np.take_along_axis(probs, top, axis=1)
        table = pa.table(
            {
                "item_id": ids(N),
                "top_k_labels": pa.array(list(top.astype(np.int16)), pa.list_(pa.int16())),
                "top_k_probs": pa.array(list(kept.astype(np.float32)), pa.list_(pa.float32())),
            }
        )
        pq.write_table(table.take(shuffled), root / "outputs" / f"{name}.parquet")
    voted = np.arange(N - 1, 99, -1)
    votes = {
        "item_id": ids(N).take(voted),
        "given_label": labels[voted],
        "suggested_label": truth[voted],
        "votes_given": np.where(truth == labels, 4, 1)[voted],
    }
    pq.write_table(pa.table(votes), root / "votes.parquet")
    sets = [[] if i < 50 else [int(t)] for i, t in enumerate(truth)]
    pq.write_table(
        pa.table({"item_id": ids(N), "reassessed_labels": pa.array(sets, pa.list_(pa.int16()))}),
        root / "reassessed_labels.parquet",
    )
    return root
