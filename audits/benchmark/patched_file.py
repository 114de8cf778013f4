"""Apply a patch to a copy of an items file, keeping every other column as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audits.benchmark.patch import PatchResult, apply_patch
from audits.benchmark.table_files import write_table
from audits.benchmark.text_cells import edit_csv, edit_jsonl
from audits.classes import label_texts
from audits.errors import FileError, InputError, PatchError, UsageError
from audits.ingest.tables import id_texts, read_table
from audits.out_files import checked_target, write_out

#: Formats that are edited as text when the copy has the same one.
_TEXT_FORMATS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


def patch_file(
    patch: pa.Table,
    source: Path,
    target: Path,
    *,
    id_column: str = "item_id",
    label_column: str = "label",
    allow_applied: bool = False,
) -> PatchResult:
    """Write a patched copy of an items file.

    Parameters
    ----------
    patch : pyarrow.Table
        As `read_patch` gives it.
    source, target : Path
        The file to read and the file to write, which may be the same; the format is the ending's. CSV to
        CSV and JSONL to JSONL leave every byte but the labels and the dropped rows as it is.
    id_column, label_column : str
        Their names in the file.
    allow_applied : bool
        Pass over items that are as the patch wants them already.

    Returns
    -------
    PatchResult

    Raises
    ------
    InputError
        When the file cannot be read; nothing is written then.
    PatchError
        When the patch does not fit it; nothing is written then.
    UsageError
        When the target's format cannot hold the table, or there is no such folder.
    """
    checked_target(target)
    table = read_table(source, [id_column, label_column], as_text=[id_column, label_column])
    labels = table[label_column]
    try:
        texts = label_texts(labels)
    except InputError as e:
        raise type(e)(f"{source}: column {label_column!r}: {e}") from e
    result = apply_patch(
        patch, id_texts(table, id_column, source).to_pylist(), texts.to_pylist(), allow_applied=allow_applied
    )
    try:
        new = _as_column(result.labels, labels)
    except pa.ArrowInvalid as e:
        raise PatchError(
            f"{source}: column {label_column!r} holds {labels.type}; a new label does not fit: {e}"
        ) from e
    position = table.column_names.index(label_column)
    kind = _TEXT_FORMATS.get(source.suffix.lower())
    if kind is not None and kind == _TEXT_FORMATS.get(target.suffix.lower()):
        # Text is edited, not parsed and written again: `007`, `1.50` or a date must stay as they are.
        changed = [
            i
            for i, (old, now) in enumerate(zip(texts.to_pylist(), result.labels, strict=True))
            if old != now and not result.drop[i]
        ]
        edits = {i: new[i].as_py() for i in changed}
        drop = frozenset(np.flatnonzero(result.drop).tolist())
        data = source.read_bytes()
        try:
            if kind == "csv":
                data = edit_csv(data, position, edits, drop, table.num_rows)
            else:
                data = edit_jsonl(data, label_column, edits, drop, table.num_rows)
        except InputError as e:
            raise FileError(f"{source}: {e}") from e
        write_out(target, data)
        return result
    patched = table.set_column(position, table.field(position), new).filter(pa.array(~result.drop))
    try:
        write_table(patched, target, as_is=True)  # the dataset's own file, not a report of ours
    except (TypeError, pa.ArrowException) as e:
        raise UsageError(f"{target}: this format cannot hold the columns of {source}: {e}") from e
    return result


def _as_column(texts: Sequence[str | None], like: pa.ChunkedArray) -> pa.Array:
    """Labels as a column of the same type; a dictionary keeps its order and is added to at its end."""
    values = pa.array(texts, pa.string())
    if not pa.types.is_dictionary(like.type):
        return values.cast(like.type)
    values = values.cast(like.type.value_type)
    chunks = like.unify_dictionaries().chunks
    known = chunks[0].dictionary if chunks else pa.array([], like.type.value_type)
    fresh = pc.unique(values.filter(pc.invert(pc.is_in(values, value_set=known))).drop_null())
    full = pa.concat_arrays([known, fresh])
    indices = pc.index_in(values, value_set=full).cast(like.type.index_type)
    return pa.DictionaryArray.from_arrays(indices, full, ordered=like.type.ordered)
