"""Labels by several annotators, and the truth: `label.csv` and `truth.csv`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv

from audits.signals.inputs import Annotations


@dataclass(frozen=True)
class Crowd:
    """A crowd-labelled set.

    Attributes
    ----------
    name : str
    annotations : Annotations
        The last one counts where an annotator labelled an item more than once.
    n_items, n_classes : int
    rows : int array, shape (m,)
        Items whose truth is known, ascending.
    truth : int32 array, shape (m,)
    """

    name: str
    annotations: Annotations
    n_items: int
    n_classes: int
    rows: np.ndarray
    truth: np.ndarray


@cache
def read_crowd(folder: Path) -> Crowd:
    """Read a set; items without any annotation are left out, with their truth."""
    asked, known = (csv.read_csv(folder / f"{part}.csv") for part in ("label", "truth"))
    item, worker, label = (asked[c].to_numpy() for c in ("item", "worker", "label"))
    items, row = np.unique(item, return_inverse=True)
    workers, annotator = np.unique(worker, return_inverse=True)
    # of repeats the last: the first from the end
    _, from_end = np.unique((row * len(workers) + annotator)[::-1], return_index=True)
    keep = np.sort(len(row) - 1 - from_end)
    truth_of = dict(zip(known["item"].to_pylist(), known["truth"].to_pylist(), strict=True))
    judged = np.array([i for i, name in enumerate(items.tolist()) if name in truth_of])
    truth = np.array([truth_of[name] for name in items[judged].tolist()], dtype=np.int32)
    names = [str(w) for w in workers.tolist()]
    order = np.argsort(np.array(names))
    place = np.argsort(order)
    return Crowd(
        folder.name,
        Annotations(
            row[keep].astype(np.int32),
            place[annotator[keep]].astype(np.int32),
            label[keep].astype(np.int32),
            tuple(names[i] for i in order),
        ),
        len(items),
        int(max(label.max(), truth.max())) + 1,
        judged,
        truth,
    )


def item_ids(crowd: Crowd) -> pa.Array:
    """Ids of the items, by row."""
    return pa.array([str(i) for i in range(crowd.n_items)])
