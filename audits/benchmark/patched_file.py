"""Apply a patch to a copy of an items file, keeping every other column as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from audits.benchmark.patch import PatchResult, apply_patch
from audits.benchmark.table_files import write_table
from audits.classes import label_texts
from audits.errors import InputError
from audits.ingest.tables import id_texts, read_table


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
        The file to read and the file to write, which may be the same; the format is the ending's.
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
        When the file cannot be read or the patch does not fit it; nothing is written then.
    UsageError
        When the target's format cannot hold the table.
    """
    table = read_table(source, [id_column, label_column], as_text=[id_column, label_column])
    labels = table[label_column]
    try:
        texts = label_texts(labels)
    except InputError as e:
        raise InputError(f"{source}: column {label_column!r}: {e}") from e
    result = apply_patch(
        patch, id_texts(table, id_column, source).to_pylist(), texts.to_pylist(), allow_applied=allow_applied
    )
    type_ = labels.type.value_type if pa.types.is_dictionary(labels.type) else labels.type
    try:
        new = pa.array(result.labels, pa.string()).cast(type_)
    except pa.ArrowInvalid as e:
        raise InputError(
            f"{source}: column {label_column!r} holds {type_}; a new label does not fit: {e}"
        ) from e
    position = table.column_names.index(label_column)
    patched = table.set_column(position, label_column, new).filter(pa.array(~np.asarray(result.drop)))
    write_table(patched, target)
    return result
