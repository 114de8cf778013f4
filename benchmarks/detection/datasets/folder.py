"""A folder with items and the outputs of models as Parquet files: `items.parquet`, `outputs/MODEL.parquet`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audits.errors import InputError, first_few
from audits.outputs import NO_ANSWER, ModelOutputs
from audits.signals.inputs import Inputs


@dataclass(frozen=True)
class Folder:
    """A read folder: what is audited, and the items' table with what else it holds."""

    inputs: Inputs
    items: pa.Table


@cache
def read_folder(folder: Path) -> Folder:
    """Read items, outputs and class names.

    Raises
    ------
    InputError
        When an output file has other items than `items.parquet`, or columns of no known kind.
    """
    items = pq.read_table(folder / "items.parquet").combine_chunks()
    ids = items["item_id"].combine_chunks()
    labels = items["label"].to_numpy().astype(np.int32)
    raw = {
        path.stem: aligned(pq.read_table(path), ids, path)
        for path in sorted((folder / "outputs").glob("*.parquet"))
    }
    if not raw:
        raise InputError(f"{folder / 'outputs'}: expected Parquet files of model outputs, found none")
    names = folder / "class_names.json"
    called = tuple(json.loads(names.read_text(encoding="utf-8"))) if names.exists() else ()
    columns = {model: _columns(model, table) for model, table in raw.items()}
    highest = max(int(labels.max()), *(int(classes.max()) for classes, _ in columns.values()))
    k = max(len(called), highest + 1)
    if called and len(called) < k:
        raise InputError(f"{names}: {len(called)} names, but there is a class {highest}")
    outputs = {m: _outputs(m, k, classes, probs) for m, (classes, probs) in columns.items()}
    return Folder(Inputs(ids, labels, k, outputs, class_names=called), items)


def aligned(table: pa.Table, ids: pa.Array, path: Path) -> pa.Table:
    """The table's rows in items order.

    Raises
    ------
    InputError
        Unless it has each item once.
    """
    found = pc.index_in(ids, value_set=table["item_id"].combine_chunks())
    if table.num_rows != len(ids) or found.null_count:
        lacking = ids.filter(pc.is_null(found)).to_pylist()
        raise InputError(
            f"{path}: {table.num_rows} rows for {len(ids)} items; {len(lacking)} items have none ({first_few(lacking)})"
        )
    return table.take(found)


def rows_of(table: pa.Table, ids: pa.Array, path: Path) -> npt.NDArray[np.int64]:
    """Row in items order of each row of a table that has some of the items.

    Raises
    ------
    InputError
        When it has an item that is unknown, or one twice.
    """
    named = table["item_id"].combine_chunks()
    found = pc.index_in(named, value_set=ids)
    if found.null_count:
        unknown = named.filter(pc.is_null(found)).to_pylist()
        raise InputError(f"{path}: {len(unknown)} items are unknown ({first_few(unknown)})")
    rows = np.asarray(found.to_numpy(), dtype=np.int64)
    if len(np.unique(rows)) != len(rows):
        raise InputError(f"{path}: {len(rows)} rows name {len(np.unique(rows))} items")
    return rows


def _columns(model: str, table: pa.Table) -> tuple[np.ndarray, np.ndarray | None]:
    if {"top_k_labels", "top_k_probs"} <= set(table.column_names):
        classes = _matrix(table["top_k_labels"]).astype(np.int32)
        # float16 is widened, as in an audit
        return classes, _matrix(table["top_k_probs"]).astype(np.float32)
    if "predicted_label" in table.column_names:
        predicted = pc.fill_null(table["predicted_label"].cast(pa.int32()), NO_ANSWER)
        return predicted.to_numpy(), None
    if "pred_probs" in table.column_names:
        probs = _matrix(table["pred_probs"])
        return np.array([probs.shape[1] - 1], dtype=np.int32), probs
    raise InputError(f"{model}: expected top_k_labels and top_k_probs, predicted_label or pred_probs")


def _matrix(column: pa.ChunkedArray) -> np.ndarray:
    values = column.combine_chunks()
    return np.asarray(values.flatten()).reshape(len(values), -1)


def _outputs(model: str, k: int, classes: np.ndarray, probs: np.ndarray | None) -> ModelOutputs:
    if probs is None:
        return ModelOutputs(model, "labels", k, labels=classes)
    if classes.ndim == 1:
        return ModelOutputs(model, "dense", k, pred_probs=probs)
    return ModelOutputs(model, "top_k", k, top_k_labels=classes, top_k_probs=probs)
