"""Ingest one model's outputs, joined to the items by id and kept in items order."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from audits import contracts
from audits.classes import UNKNOWN
from audits.config import Dataset
from audits.errors import InputError, PathError, ShapeError
from audits.expectations import rules_of_outputs
from audits.ingest.faults import Faults
from audits.ingest.output_files import OutputFile, read_output_file
from audits.ingest.shifted import shifted
from audits.input_config import ModelConfig
from audits.outputs import NO_ANSWER, Floats, Ints, ModelOutputs, row_blocks


@dataclass(frozen=True)
class IngestedOutputs:
    """One model's outputs as read, not judged yet.

    Attributes
    ----------
    outputs : ModelOutputs
        In items order; NaN or -1 where an item has no row.
    rows : pyarrow.Table
        In the schema `contracts.OUTPUT_ROWS`: what the expectations judge.
    clipped : int
        How many probabilities lay outside [0, 1] by no more than the tolerance and were clipped.
    unanswered : int
        Items for which the model gave no prediction (labels alone).
    """

    outputs: ModelOutputs
    rows: pa.Table
    clipped: int
    unanswered: int


def ingest_outputs(
    dataset: Dataset, model: ModelConfig, item_ids: pa.Array, given: Ints | None = None
) -> IngestedOutputs:
    """Read one model's outputs and join them to the items.

    Parameters
    ----------
    dataset : Dataset
    model : ModelConfig
        One of `dataset.config.models`.
    item_ids : pyarrow string array, length n
        The items' ids, in items order.
    given : int32 array, length n, optional
        Given labels as class indices, -1 where there is none: rows without ids that fit them only when shifted
        are refused.

    Returns
    -------
    IngestedOutputs

    Raises
    ------
    InputError
        With all that can be seen at once, of the kind that all of it is: a file that cannot be read, has another
        shape than the class list, has no ids without the YAML saying that its rows are in items order, or then
        has another number of rows than there are items, or rows that are shifted against them.
    """

    def look(ids: pa.Array, faults: Faults) -> None:
        columns = id_columns(ids, positions_of(ids, item_ids), item_ids)
        rules = rules_of_outputs(model.outputs.kind, dataset.config.tolerance)
        faults.look(columns, len(columns["item_id"]), rules, numbered=False)

    try:
        read = read_output_file(dataset, model, look)
        path = dataset.resolve(model.outputs.path)
        if read.ids is None and len(read.outputs) != len(item_ids):
            raise ShapeError(
                f"{path}: {len(read.outputs)} rows said to be in items order, but there are {len(item_ids)} items"
            )
        if read.ids is None and given is not None and (says := shifted(read.outputs, given)):
            raise ShapeError(f"{path}: {says}")
    except (InputError, PathError) as e:
        raise type(e)(f"model {model.name!r}: {e}") from e
    if read.ids is None:
        ids = item_ids
        position: npt.NDArray[np.integer] = np.arange(len(item_ids))
    else:
        ids, position = read.ids, positions_of(read.ids, item_ids)
    joined, first_row = _join(read, position, len(item_ids))
    rows = _row_summary(read, joined, ids, position, first_row, item_ids)
    clean, clipped = _clip(joined, dataset.config.tolerance.range)
    known = first_row >= 0
    unanswered = int(((joined.labels == NO_ANSWER) & known).sum()) if joined.labels is not None else 0
    return IngestedOutputs(clean, rows, clipped, unanswered)


def positions_of(ids: pa.Array, item_ids: pa.Array) -> npt.NDArray[np.integer]:
    """The position of each id among the items, -1 where it is none."""
    found: npt.NDArray[np.integer] = (
        pc.index_in(ids, value_set=item_ids).fill_null(-1).to_numpy(zero_copy_only=False)
    )
    return found


def id_columns(ids: pa.Array, position: npt.NDArray[np.integer], item_ids: pa.Array) -> dict[str, pa.Array]:
    """What can be judged of the ids alone: a row an item, one each id that is none, one each missing id."""
    n = len(item_ids)
    counts = np.bincount(position[position >= 0], minlength=n).astype(np.int32)
    stray = pc.value_counts(ids.filter(pa.array(position < 0)).drop_null())
    missing = ids.null_count
    return {
        "item_id": pa.concat_arrays([item_ids, stray.field("values"), pa.nulls(missing, pa.string())]),
        "rows": pa.concat_arrays(
            [pa.array(counts), stray.field("counts").cast(pa.int32()), pa.nulls(missing, pa.int32())]
        ),
        # a missing id is another rule's matter
        "known": pa.array([True] * n + [False] * len(stray) + [None] * missing, pa.bool_()),
    }


def _join(
    read: OutputFile, position: npt.NDArray[np.integer], n: int
) -> tuple[ModelOutputs, npt.NDArray[np.intp]]:
    """Bring rows into items order; the second value is the file row of each item, -1 where it has none."""
    if len(position) == n and bool((position == np.arange(n)).all()):
        return read.outputs, np.arange(n)
    first_row = np.full(n, -1, dtype=np.intp)
    inside = np.flatnonzero(position >= 0)[::-1]  # reversed, so that the first row of a repeated id stays
    first_row[position[inside]] = inside
    absent = first_row < 0
    taken = (
        read.outputs.take(np.where(absent, 0, first_row)) if len(read.outputs) else _empty(read.outputs, n)
    )
    if not absent.any():
        return taken, first_row
    for name, blank in (
        ("pred_probs", np.nan),
        ("top_k_labels", -1),
        ("top_k_probs", np.nan),
        ("labels", -1),
    ):
        array = getattr(taken, name)
        if array is not None:
            array[absent] = blank  # in place: taking made a copy
    return taken, first_row


def _empty(outputs: ModelOutputs, n: int) -> ModelOutputs:
    def blank(array: npt.NDArray[np.generic] | None) -> npt.NDArray[np.generic] | None:
        return None if array is None else np.zeros((n, *array.shape[1:]), dtype=array.dtype)

    arrays = {k: blank(getattr(outputs, k)) for k in ("pred_probs", "top_k_labels", "top_k_probs", "labels")}
    return replace(outputs, **arrays)  # type: ignore[arg-type]


def _row_summary(
    read: OutputFile,
    joined: ModelOutputs,
    ids: pa.Array,
    position: npt.NDArray[np.integer],
    first_row: npt.NDArray[np.intp],
    item_ids: pa.Array,
) -> pa.Table:
    n = len(item_ids)
    present = first_row >= 0
    probs = joined.pred_probs if joined.pred_probs is not None else joined.top_k_probs
    nothing = np.full(n, np.nan)
    low, high, total = (nothing, nothing, nothing) if probs is None else _row_stats(probs)
    finite = np.isfinite(low) & np.isfinite(high) if probs is not None else present
    distinct = np.ones(n, dtype=bool)
    if joined.top_k_labels is not None:
        ordered = np.sort(joined.top_k_labels, axis=1)
        # two classes that are in no list are another rule's matter
        distinct = ((np.diff(ordered, axis=1) != 0) | (ordered[:, 1:] == UNKNOWN)).all(axis=1)
    known_labels = np.ones(n, dtype=bool)
    if read.labels_known is not None and len(read.labels_known):
        known_labels = read.labels_known[np.where(present, first_row, 0)]
    columns = id_columns(ids, position, item_ids)
    judged = {
        "finite": pa.array(finite, mask=~present),
        "min": pa.array(low, mask=~finite | ~present),
        "max": pa.array(high, mask=~finite | ~present),
        "sum": pa.array(total, mask=~finite | ~present),
        "labels_known": pa.array(known_labels, mask=~present),
        "labels_distinct": pa.array(distinct, mask=~present),
    }
    strangers = len(columns["item_id"]) - n
    judged = {k: pa.concat_arrays([v, pa.nulls(strangers, v.type)]) for k, v in judged.items()}
    return pa.table({**columns, **judged}, schema=contracts.OUTPUT_ROWS)


def _row_stats(probs: Floats) -> tuple[npt.NDArray[np.float64], ...]:
    """Least, largest and sum of each row, by blocks."""
    with np.errstate(all="ignore"):  # infinities of both signs sum to NaN, which is what is asked for
        parts = [
            (
                b.min(axis=1).astype(np.float64),
                b.max(axis=1).astype(np.float64),
                b.sum(axis=1, dtype=np.float64),
            )
            for b in row_blocks(probs)
        ]
    if not parts:
        return np.empty(0), np.empty(0), np.empty(0)
    low, high, total = (np.concatenate(column) for column in zip(*parts, strict=True))
    return low, high, total


def _clip(outputs: ModelOutputs, tolerance: float) -> tuple[ModelOutputs, int]:
    """Clip what leaves [0, 1] by no more than the tolerance; leave the rest for the check to refuse."""
    for name in ("pred_probs", "top_k_probs"):
        probs = getattr(outputs, name)
        if probs is None:
            continue
        clipped = 0
        for block in row_blocks(probs):
            clipped += int(
                (((block < 0) & (block >= -tolerance)) | ((block > 1) & (block <= 1 + tolerance))).sum()
            )
        if clipped:
            inside = np.array(probs)
            for block in row_blocks(inside):
                near = (block >= -tolerance) & (block <= 1 + tolerance)
                np.clip(block, 0, 1, out=block, where=near)
            return replace(outputs, **{name: inside}), clipped  # type: ignore[arg-type]
    return outputs, 0
