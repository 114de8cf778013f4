"""Model outputs in memory: one type over dense probabilities, top-k classes and predicted labels alone.

Stored as plain `.npy` arrays in items order, one folder a model, so that they can be memory-mapped and
read by row blocks without decoding. Dense probabilities keep float64 and float32 as they came; anything
narrower is widened to float32, since float16 changes which items confident learning flags.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from audits.errors import AuditError

Kind = Literal["dense", "top_k", "labels"]
Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.floating]

#: The prediction of a model that gave no answer for an item. It is wrong under every label.
NO_ANSWER = -1

#: Row blocks are about this large.
_BLOCK_BYTES = 64 << 20


@dataclass(frozen=True)
class ModelOutputs:
    """One model's outputs for all items of a dataset, in items order.

    Attributes
    ----------
    model : str
        The model's name.
    kind : {"dense", "top_k", "labels"}
        What the outputs hold.
    n_classes : int
        K, the length of the class list.
    pred_probs : float array, shape (n, K), or None
        dense: probability of each class.
    top_k_labels, top_k_probs : int32 and float arrays, shape (n, k), or None
        top_k: class indices and their probabilities, not necessarily sorted.
    labels : int32 array, shape (n,), or None
        labels: predicted class indices, -1 where the model gave none.
    """

    model: str
    kind: Kind
    n_classes: int
    pred_probs: Floats | None = None
    top_k_labels: Ints | None = None
    top_k_probs: Floats | None = None
    labels: Ints | None = None

    def __len__(self) -> int:
        return len(self._rows())

    def _rows(self) -> npt.NDArray[np.generic]:
        for array in (self.pred_probs, self.top_k_labels, self.labels):
            if array is not None:
                return array
        raise AuditError(f"model {self.model!r} has no outputs")

    def predicted(self) -> Ints:
        """Predicted class index of each item, shape (n,): the class with the highest probability.

        Of equal probabilities the first in column order counts, as in `numpy.argmax`; for top-k outputs
        the first in the order of the file (column 0 need not be the likeliest). Worked out once.
        """
        return self._predicted

    def confidence(self) -> npt.NDArray[np.float64] | None:
        """Probability of the predicted class, shape (n,), in [0, 1]; None for labels alone."""
        return self._confidence

    def top5(self) -> Ints | None:
        """Class indices of the five likeliest classes, shape (n, 5), in no order; None when unknown.

        Of equal probabilities the first in column order counts, so the predicted class is always one of
        the five.
        """
        return self._top5

    def probability_of(self, labels: Ints) -> npt.NDArray[np.float64] | None:
        """Probability of one class an item, shape (n,), in [0, 1]; None for labels alone.

        Parameters
        ----------
        labels : int32 array, shape (n,)
            Class index asked for; where it is -1 the result is 0.

        Notes
        -----
        For top-k outputs a class outside the top k gets an equal part of what the top k leave over, and
        never more than the least of them.
        """
        if self.pred_probs is not None:
            rows = np.arange(len(labels))
            found = np.asarray(self.pred_probs[rows, np.maximum(labels, 0)], dtype=np.float64)
            return np.where(labels < 0, 0.0, found)
        if self.top_k_labels is not None and self.top_k_probs is not None:
            probs = np.asarray(self.top_k_probs, dtype=np.float64)
            hit = np.asarray(self.top_k_labels) == labels[:, None]
            outside = max(self.n_classes - probs.shape[1], 1)
            rest = np.clip(1.0 - probs.sum(axis=1), 0.0, None) / outside
            found = np.where(hit.any(axis=1), (probs * hit).sum(axis=1), np.minimum(rest, probs.min(axis=1)))
            return np.where(labels < 0, 0.0, found)
        return None

    @cached_property
    def _predicted(self) -> Ints:
        if self.pred_probs is not None:
            return _argmax_by_blocks(self.pred_probs)
        if self.top_k_labels is not None and self.top_k_probs is not None:
            best = self.top_k_probs.argmax(axis=1)
            return np.take_along_axis(self.top_k_labels, best[:, None], axis=1)[:, 0].astype(np.int32)
        if self.labels is not None:
            return np.asarray(self.labels, dtype=np.int32)
        raise AuditError(f"model {self.model!r} has no outputs")

    @cached_property
    def _confidence(self) -> npt.NDArray[np.float64] | None:
        if self.pred_probs is not None:
            return _max_by_blocks(self.pred_probs)
        if self.top_k_probs is not None:
            return np.asarray(self.top_k_probs.max(axis=1), dtype=np.float64)
        return None

    @cached_property
    def _top5(self) -> Ints | None:
        if self.pred_probs is not None:
            return _top5_by_blocks(self.pred_probs) if self.n_classes >= 5 else None
        if self.top_k_labels is None or self.top_k_probs is None or self.top_k_labels.shape[1] < 5:
            return None
        best = np.argsort(-self.top_k_probs, axis=1, kind="stable")[:, :5]
        return np.take_along_axis(np.asarray(self.top_k_labels), best, axis=1)

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> ModelOutputs:
        """The same model's outputs for some of the items."""

        def part(array: npt.NDArray[np.generic] | None) -> npt.NDArray[np.generic] | None:
            return None if array is None else array[rows]

        return ModelOutputs(
            self.model,
            self.kind,
            self.n_classes,
            pred_probs=part(self.pred_probs),  # type: ignore[arg-type]
            top_k_labels=part(self.top_k_labels),  # type: ignore[arg-type]
            top_k_probs=part(self.top_k_probs),  # type: ignore[arg-type]
            labels=part(self.labels),  # type: ignore[arg-type]
        )


def save_outputs(outputs: ModelOutputs, folder: Path) -> None:
    """Write one model's arrays and their description into an existing folder."""
    arrays = {
        "pred_probs": outputs.pred_probs,
        "top_k_labels": outputs.top_k_labels,
        "top_k_probs": outputs.top_k_probs,
        "labels": outputs.labels,
    }
    for name, array in arrays.items():
        if array is not None:
            # Row after row, whatever the order in the file that it came from: it is read by row blocks.
            np.save(folder / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
    meta = {"model": outputs.model, "kind": outputs.kind, "n_classes": outputs.n_classes}
    (folder / "outputs.json").write_text(json.dumps(meta), encoding="utf-8")


def load_outputs(folder: Path) -> ModelOutputs:
    """Open one model's arrays as read-only memory maps."""
    meta = json.loads((folder / "outputs.json").read_text(encoding="utf-8"))
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for name in ("pred_probs", "top_k_labels", "top_k_probs", "labels"):
        path = folder / f"{name}.npy"
        if path.exists():
            arrays[name] = np.load(path, mmap_mode="r", allow_pickle=False)
    return ModelOutputs(meta["model"], meta["kind"], meta["n_classes"], **arrays)  # type: ignore[arg-type]


def agreeing_length(outputs: Mapping[str, ModelOutputs], n: int) -> None:
    """Raise AuditError unless every model has exactly `n` rows: the tables do not belong together."""
    for name, o in outputs.items():
        if len(o) != n:
            raise AuditError(f"model {name!r} has outputs for {len(o)} items, the dataset has {n}")


def row_blocks(array: Floats) -> list[Floats]:
    """Views of a matrix by rows, some 64 MB each, so that a memory map is never read in whole."""
    rows = max(1, _BLOCK_BYTES // max(1, array.shape[1] * array.itemsize))
    return [array[i : i + rows] for i in range(0, len(array), rows)]


def _max_by_blocks(array: Floats) -> npt.NDArray[np.float64]:
    """Largest value of each row, never reading a memory map in whole."""
    parts = [block.max(axis=1).astype(np.float64) for block in row_blocks(array)]
    return np.concatenate(parts) if parts else np.empty(0)


def _argmax_by_blocks(array: Floats) -> Ints:
    """Column of the largest value of each row, never reading a memory map in whole."""
    parts = [block.argmax(axis=1).astype(np.int32) for block in row_blocks(array)]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int32)


def _top5_by_blocks(array: Floats) -> Ints:
    """Columns of the five largest values of each row; ties go to the first columns."""
    n_classes = array.shape[1]
    parts = []
    for block in row_blocks(array):
        best = np.argpartition(block, n_classes - 5, axis=1)[:, -5:]
        # A partition picks any of the classes that tie for the fifth place; these rows are sorted instead.
        fifth = np.take_along_axis(block, best, axis=1).min(axis=1, keepdims=True)
        tied = np.count_nonzero(block >= fifth, axis=1) > 5
        best[tied] = np.argsort(-block[tied], axis=1, kind="stable")[:, :5]
        parts.append(best.astype(np.int32))
    return np.concatenate(parts) if parts else np.empty((0, 5), dtype=np.int32)
