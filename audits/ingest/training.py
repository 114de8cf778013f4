"""Ingest training dynamics: what a model said of each item while it was trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from audits.config import Dataset
from audits.errors import InputError, PathError, ShapeError
from audits.ingest.arrays import open_npy
from audits.ingest.features import id_rows
from audits.outputs import row_blocks
from audits.signals.inputs import TrainingDynamics
from audits.training_config import TrainingDynamicsConfig


@dataclass(frozen=True)
class IngestedTraining:
    """Training dynamics as read, not judged yet.

    Attributes
    ----------
    training : TrainingDynamics
        With the array of the file, memory-mapped.
    rows : pyarrow.Table
        In the schema `contracts.OUTPUT_ROWS`, over all epochs of an item; `sum` is the one farthest from 1. The numbers
        are null for logits.
    """

    training: TrainingDynamics
    rows: pa.Table


def ingest_training(dataset: Dataset, config: TrainingDynamicsConfig, item_ids: pa.Array) -> IngestedTraining:
    """Read a dataset's training dynamics.

    Parameters
    ----------
    dataset : Dataset
    config : TrainingDynamicsConfig
        `dataset.config.training_dynamics`.
    item_ids : pyarrow string array, length n
        The items' ids: the array's second axis is in their order.

    Returns
    -------
    IngestedTraining

    Raises
    ------
    FileError, PathError
        When the file cannot be read, or is in none of the allowed folders.
    ShapeError
        When it is no array of floats of shape (epochs, n, K), with an epoch at least.
    """
    try:
        values = _opened(dataset, config, len(item_ids))
    except (InputError, PathError) as e:
        raise type(e)(f"training dynamics: {e}") from e
    finite, numbers = _summary(values)
    rows = id_rows(item_ids, item_ids, finite, numbers if config.kind == "probs" else None)
    return IngestedTraining(TrainingDynamics(values, config.kind), rows)


def _opened(dataset: Dataset, config: TrainingDynamicsConfig, n: int) -> npt.NDArray[np.floating]:
    path = dataset.resolve(config.path)
    values: npt.NDArray[Any] = open_npy(path, 3, "f", "an array (epochs, items, classes)")
    k = len(dataset.classes)
    if values.shape[1:] != (n, k) or not len(values):
        turned = (
            " (they look like items, epochs, classes)"
            if values.shape[::2] == (n, k) != values.shape[1:]
            else ""
        )
        raise ShapeError(
            f"{path}: an array of shape {values.shape}{turned}; expected epochs x {n} items x {k} classes"
        )
    return values


def _summary(
    values: npt.NDArray[np.floating],
) -> tuple[npt.NDArray[np.bool_], dict[str, npt.NDArray[np.float64]]]:
    """Whether all of an item's values are finite; their least, largest, and the sum of an epoch farthest from 1."""
    n = values.shape[1]
    finite = np.ones(n, dtype=bool)
    low, high, total = np.full(n, np.inf), np.full(n, -np.inf), np.ones(n)
    for epoch in values:
        start = 0
        for part in row_blocks(epoch):
            block = part.astype(np.float64, copy=False) if part.dtype.itemsize < 4 else part
            rows = slice(start, start + len(block))
            start += len(block)
            with np.errstate(all="ignore"):  # infinities of both signs sum to NaN
                finite[rows] &= np.isfinite(block).all(axis=1)
                low[rows] = np.minimum(low[rows], block.min(axis=1))
                high[rows] = np.maximum(high[rows], block.max(axis=1))
                sums = block.sum(axis=1, dtype=np.float64)
                farther = np.abs(sums - 1) > np.abs(total[rows] - 1)
                total[rows] = np.where(farther, sums, total[rows])
    return finite, {"min": low, "max": high, "sum": total}
