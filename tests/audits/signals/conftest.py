"""Real matrices as a user gets them: ingested from a YAML, stored, and opened again as memory maps."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audits.config import Dataset
from audits.ingest.items import ingest_items
from audits.ingest.model_outputs import ingest_outputs
from audits.outputs import ModelOutputs, load_outputs, save_outputs
from audits.yaml_files import load_dataset


@dataclass(frozen=True)
class Real:
    """One public data set: its arrays as published, and the same through ingest and store."""

    name: str
    labels: np.ndarray
    probs: np.ndarray
    ids: pa.Array
    stored_labels: np.ndarray
    stored: ModelOutputs
    voted: list[str]


def write_dataset(folder: Path, labels: np.ndarray, outputs: str, n_classes: int) -> Dataset:
    """An items file and a YAML with one model; `outputs` is the YAML of its output file."""
    table = pa.table({"item_id": [str(i) for i in range(len(labels))], "label": labels})
    pq.write_table(table, folder / "items.parquet")
    (folder / "data.yaml").write_text(
        "items: {path: items.parquet}\n"
        f"classes: {list(range(n_classes))}\n"
        f"models: [{{name: cv, out_of_sample: true, outputs: {{kind: dense, {outputs}}}}}]\n"
    )
    return load_dataset(folder / "data.yaml")


def through_the_store(dataset: Dataset, folder: Path) -> tuple[pa.Array, np.ndarray, ModelOutputs]:
    """Ids, labels and outputs as the ingest stores them and a detector gets them."""
    items = ingest_items(dataset).items
    ids = items["item_id"].combine_chunks()
    ingested = ingest_outputs(dataset, dataset.config.models[0], ids)
    folder.mkdir()
    save_outputs(ingested.outputs, folder)
    return ids, items["label"].to_numpy().astype(np.int32), load_outputs(folder)


@pytest.fixture(scope="session")
def store_dense() -> Callable[..., tuple[pa.Array, np.ndarray, ModelOutputs]]:
    """Write labels and an output file as a data set, ingest it, store it and open it again."""

    def build(folder: Path, labels: np.ndarray, outputs: str, n_classes: int):
        dataset = write_dataset(folder, labels, outputs, n_classes)
        return through_the_store(dataset, folder / "stored")

    return build


@pytest.fixture(scope="session", params=["20news", "cifar10"])
def real(request: pytest.FixtureRequest, public_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Real:
    name, root = request.param, public_data / "label-errors"
    labels = np.load(root / "original_test_labels" / f"{name}_test_set_original_labels.npy")
    path = root / "cross_validated_predicted_probabilities" / f"{name}_test_set_pyx.npy"
    probs = np.load(path)
    folder = tmp_path_factory.mktemp(name)
    dataset = write_dataset(folder, labels, f"path: '{path}', rows: items_order", probs.shape[1])
    ids, stored_labels, stored = through_the_store(dataset, folder / "stored")
    votes = json.loads((root / "mturk" / f"{name}_mturk.json").read_text())
    return Real(name, labels, probs, ids, stored_labels, stored, [str(v["id"]) for v in votes])
