"""What detectors look at beside items and outputs, on disk: features, neighbours, training dynamics, annotations."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audits.ingest.features import IngestedFeatures
from audits.ingest.training import IngestedTraining
from audits.outputs import Ints
from audits.signals.inputs import Annotations, Features, Neighbours, TrainingDynamics
from audits.stored import (
    ANNOTATIONS,
    TRAINING,
    features_table,
    is_features_table,
    neighbours_table,
    version_in,
)
from audits.table_store import TableRef, TableStore

_META = "features.json"
_ROWS = "rows.parquet"


def save_features(store: TableStore, ingested: IngestedFeatures, inputs: Mapping[str, str]) -> TableRef:
    """Write features as a new version."""
    features = ingested.features
    table = features_table(features.name)
    with store.draft(table) as draft:
        for name, array in (("vectors", features.vectors), ("hashes", features.hashes)):
            if array is not None:
                np.save(draft.folder / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
        texts = {"texts": features.texts, "digests": features.digests}
        if there := {name: column for name, column in texts.items() if column is not None}:
            pq.write_table(pa.table(there), draft.folder / "texts.parquet")
        pq.write_table(ingested.rows, draft.folder / _ROWS)
        meta = {"name": features.name, "kind": features.kind, "metric": features.metric}
        (draft.folder / _META).write_text(json.dumps(meta), encoding="utf-8")
    return TableRef(table, draft.version, dict(inputs))


def load_features(store: TableStore, lineage: Mapping[str, str]) -> dict[str, Features]:
    """Open all features that a lineage names, by name, in the order of names; vectors memory-mapped."""
    found = [_features(store, lineage, table) for table in sorted(lineage) if is_features_table(table)]
    return {f.name: f for f in found}


def _features(store: TableStore, lineage: Mapping[str, str], table: str) -> Features:
    folder = store.folder(table, version_in(store, lineage, table))
    with store.readable(folder):
        meta = json.loads((folder / _META).read_text(encoding="utf-8"))
        arrays = {
            name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            for name in ("vectors", "hashes")
            if (folder / f"{name}.npy").exists()
        }
        path = folder / "texts.parquet"
        texts = pq.read_table(path, memory_map=True) if path.exists() else pa.table({})
        columns = {name: texts[name].combine_chunks() for name in texts.column_names}
        return Features(**meta, **arrays, **columns)


def load_feature_rows(store: TableStore, lineage: Mapping[str, str], table: str) -> pa.Table:
    """Open the summary that the expectations judge, of features or training dynamics.

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.OUTPUT_ROWS`.
    """
    folder = store.folder(table, version_in(store, lineage, table))
    with store.readable(folder):
        return pq.read_table(folder / _ROWS)


def save_neighbours(store: TableStore, neighbours: Neighbours) -> TableRef:
    """Write the nearest neighbours by some features as a new version."""
    table = neighbours_table(neighbours.features)
    with store.draft(table) as draft:
        for name, array in (("rows", neighbours.rows), ("distances", neighbours.distances)):
            np.save(draft.folder / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
        meta = {"features": neighbours.features, "metric": neighbours.metric}
        (draft.folder / "neighbours.json").write_text(json.dumps(meta), encoding="utf-8")
    return TableRef(table, draft.version)


def load_neighbours(store: TableStore, lineage: Mapping[str, str], features: str) -> Neighbours:
    """Open the nearest neighbours by some features, memory-mapped."""
    table = neighbours_table(features)
    folder = store.folder(table, version_in(store, lineage, table))
    with store.readable(folder):
        meta = json.loads((folder / "neighbours.json").read_text(encoding="utf-8"))
        rows, distances = (
            np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            for name in ("rows", "distances")
        )
        return Neighbours(meta["features"], rows, distances, meta["metric"])


def save_training(store: TableStore, ingested: IngestedTraining, inputs: Mapping[str, str]) -> TableRef:
    """Write training dynamics as a new version, an epoch at a time: the array may be larger than memory."""
    values = ingested.training.values
    with store.draft(TRAINING) as draft:
        dtype = np.float64 if values.dtype.itemsize >= 8 else np.float32
        written = np.lib.format.open_memmap(
            draft.folder / "values.npy", mode="w+", dtype=dtype, shape=values.shape
        )
        for epoch in range(len(values)):
            # what leaves [0, 1] by more than a tolerance is refused by the check
            written[epoch] = values[epoch].clip(0, 1) if ingested.training.kind == "probs" else values[epoch]
        written.flush()
        del written
        pq.write_table(ingested.rows, draft.folder / _ROWS)
        meta = {"kind": ingested.training.kind}
        (draft.folder / "training.json").write_text(json.dumps(meta), encoding="utf-8")
    return TableRef(TRAINING, draft.version, dict(inputs))


def load_training(store: TableStore, lineage: Mapping[str, str]) -> TrainingDynamics | None:
    """Open the training dynamics that a lineage names, memory-mapped; None where it names none."""
    if TRAINING not in lineage:
        return None
    folder = store.folder(TRAINING, lineage[TRAINING])
    with store.readable(folder):
        meta = json.loads((folder / "training.json").read_text(encoding="utf-8"))
        values = np.load(folder / "values.npy", mmap_mode="r", allow_pickle=False)
        return TrainingDynamics(values, meta["kind"])


def load_annotations(store: TableStore, lineage: Mapping[str, str], item_ids: pa.Array) -> Annotations | None:
    """Open the annotations that a lineage names, as arrays; None where it names none.

    Parameters
    ----------
    store : TableStore
    lineage : mapping of str to str
    item_ids : pyarrow string array, length n
        In items order. Published annotations are of known items, annotators and classes alone.
    """
    if ANNOTATIONS not in lineage:
        return None
    table = store.read(ANNOTATIONS, lineage[ANNOTATIONS])
    annotators = table["annotator_id"].combine_chunks()
    names = sorted(pc.unique(annotators).to_pylist())
    return Annotations(
        rows=_ints(pc.index_in(table["item_id"].combine_chunks(), value_set=item_ids)),
        annotators=_ints(pc.index_in(annotators, value_set=pa.array(names, pa.string()))),
        labels=_ints(table["label"].combine_chunks()),
        names=tuple(names),
    )


def _ints(values: pa.Array) -> Ints:
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.int32)
