"""Labels that were looked at again: `revised.parquet` beside a folder of outputs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from benchmarks.detection.audited import Audited
from benchmarks.detection.datasets.folder import aligned, read_folder


def revised_labels(folder: Path) -> np.ndarray:
    """The revised label of each item, in items order."""
    path = folder / "revised.parquet"
    table = aligned(pq.read_table(path), read_folder(folder).inputs.item_ids, path)
    return np.asarray(table["revised_label"].to_numpy(), dtype=np.int32)


def revised(folder: Path) -> Audited:
    """All items; wrong: the revised label is another one."""
    inputs = read_folder(folder).inputs
    return Audited(
        folder.name,
        inputs,
        np.arange(len(inputs)),
        revised_labels(folder) != inputs.labels,
        "the revised label is another one",
        clusters=inputs.labels.astype(np.int64),
        learned=True,
    )


def revised_with_held_out_classes(folder: Path) -> Audited:
    """The same, where verdicts come from classes of even id and rankings are judged on those of odd id."""
    whole = revised(folder)
    odd = whole.inputs.labels % 2 == 1
    return replace(whole, name=f"{folder.name}-held-out-classes", pool=~odd, scored=odd)
