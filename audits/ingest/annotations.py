"""Ingest annotations in long form: one row per item and annotator."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from audits import contracts
from audits.config import Dataset
from audits.expectations import rules_of_annotations
from audits.ingest.faults import Faults
from audits.ingest.tables import id_texts, read_table
from audits.input_config import AnnotationsConfig


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
    FileError
        When the file cannot be read.
    InputError
        With all that can be seen at once, of the kind that all of it is: columns that are missing or of a type that
        cannot be read, labels that cannot be read in one way; and then also ids and labels that are missing
        or unknown.
    """
    path = dataset.resolve(config.path)
    columns = [config.id, config.annotator, config.label]
    faults = Faults(path)
    table = read_table(path, columns, as_text=columns, faults=faults)
    ids, annotators = (_ids(table, c, path, faults) for c in (config.id, config.annotator))
    encoded = labels = known = None
    if config.label in table.column_names:
        with faults.noted(f"column {config.label!r}"):
            encoded = dataset.classes.encode(table[config.label], config.labels_as)
            labels = pa.array(encoded.index, mask=encoded.index < 0, type=pa.int32())
    if ids is not None:
        # a missing id is another rule's matter
        known = pc.if_else(pc.is_null(ids), None, pc.is_in(ids, value_set=item_ids))
    given = None if encoded is None else encoded.text
    if faults:
        found = {
            "item_id": ids,
            "annotator_id": annotators,
            "label": labels,
            "given_label": given,
            "known": known,
        }
        faults.look(found, table.num_rows, rules_of_annotations())
        raise faults.error()
    return pa.Table.from_arrays([ids, annotators, labels, given, known], schema=contracts.ANNOTATIONS)


def _ids(table: pa.Table, column: str, path: Path, faults: Faults) -> pa.Array | None:
    ids: pa.Array | None = None
    if column in table.column_names:
        with faults.noted():
            ids = id_texts(table, column, path)
    return ids
