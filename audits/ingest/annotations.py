"""Ingest annotations in long form: one row per item and annotator."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from audits import contracts
from audits.config import AnnotationsConfig, Dataset
from audits.errors import InputError
from audits.ingest.tables import id_texts, read_table


def ingest_annotations(dataset: Dataset, config: AnnotationsConfig, item_ids: pa.Array) -> pa.Table:
    """Read a dataset's annotations.

    Parameters
    ----------
    dataset : Dataset
    config : AnnotationsConfig
        `dataset.config.annotations`.
    item_ids : pyarrow string array
        The items' ids, to mark annotations of unknown items.

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.ANNOTATIONS`, in the file's order; a label in no class is null.

    Raises
    ------
    InputError
        When the file cannot be read, lacks a column, or its labels cannot be read in one way.
    """
    path = dataset.resolve(config.path)
    columns = [config.id, config.annotator, config.label]
    table = read_table(path, columns, as_text=columns)
    ids = id_texts(table, config.id, path)
    try:
        encoded = dataset.classes.encode(table[config.label], config.labels_as)
    except InputError as e:
        raise InputError(f"{path}: column {config.label!r}: {e}") from e
    return pa.Table.from_arrays(
        [
            ids,
            id_texts(table, config.annotator, path),
            pa.array(encoded.index, mask=encoded.index < 0, type=pa.int32()),
            encoded.text,
            pc.is_in(ids, value_set=item_ids),
        ],
        schema=contracts.ANNOTATIONS,
    )
