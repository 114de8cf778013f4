"""Ingest the items file: ids, given labels, content hashes, and every further column as it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audits import contracts
from audits.classes import ClassList, LabelsAs, label_texts
from audits.config import Dataset
from audits.errors import ColumnsError, LabelsError, first_few
from audits.expectations import rules_of_items
from audits.ingest.content import content_hashes
from audits.ingest.faults import Faults
from audits.ingest.groups import groups_of
from audits.ingest.references import ingest_references, reference_columns
from audits.ingest.tables import id_texts, read_table
from audits.input_config import ItemsConfig


@dataclass(frozen=True)
class IngestedItems:
    """The items as read, not judged yet.

    Attributes
    ----------
    items : pyarrow.Table
        In the schema `contracts.ITEMS`, n rows in the order of the file.
    further : pyarrow.Table
        The further columns of the file, the same n rows.
    content_columns : tuple of str
        Those of them that a reviewer sees and that make up the content hash.
    labels_as : {"id", "name", "position"}
        How the file writes labels.
    references : pyarrow.Table
        Reference labels: the same n rows, a list<int32> column of class indices for each; without columns where
        the dataset has none.
    suggestions : pyarrow int32 array, length n, or None
        Class index that came with the data as a better label; null where there is none.
    splits : pyarrow string array, length n, or None
        Part of the dataset that each item belongs to; null where it is in none.
    """

    items: pa.Table
    further: pa.Table
    content_columns: tuple[str, ...]
    labels_as: LabelsAs
    references: pa.Table
    suggestions: pa.Array | None = None
    splits: pa.Array | None = None


def ingest_items(dataset: Dataset) -> IngestedItems:
    """Read a dataset's items file.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    IngestedItems
        Labels that are in no class are null in `items.label`; repeated and missing ids are kept: the
        expectations judge them.

    Raises
    ------
    FileError
        When the file cannot be read.
    InputError
        With all that can be seen at once, of the kind that all of it is: columns that are missing or of a type that
        cannot be read, ids that are too long, labels that cannot be read in one way, files that are missing
        or not allowed, suggestions in no class; and then also repeated and missing ids and unknown labels. What is
        wrong with reference labels is looked at when the items can be read.
    """
    config = dataset.config.items
    path = dataset.resolve(config.path)
    faults = Faults(path)
    table = _read(path, config, faults)
    ids = labels = encoded = None
    hashes: list[str] = []
    if config.id in table.column_names:
        with faults.noted():
            ids = id_texts(table, config.id, path)
    if config.label in table.column_names:
        with faults.noted(f"column {config.label!r}"):
            encoded = dataset.classes.encode(table[config.label], config.labels_as)
            labels = pa.array(encoded.index, mask=encoded.index < 0, type=pa.int32())
    own = [c for c in dict.fromkeys([config.id, config.label]) if c in table.column_names]
    further = table.drop_columns(own)
    content_columns: list[str] = []
    with faults.noted():
        content_columns = _content_columns(table, config, reference_columns(dataset.config.reference_labels))
        there = set(further.column_names)
        files = [c for c in config.files if c in there]
        seen = [c for c in content_columns if c in there]
        hashes = content_hashes(further, seen, files, dataset.path.parent, dataset.roots.of_data(path))
    for name in config.groups:
        if name in table.column_names:
            with faults.noted(f"column {name!r}"):
                groups_of(table[name])
    suggestions = splits = None
    if config.suggestion in table.column_names and encoded is not None:
        with faults.noted(f"column {config.suggestion!r}"):
            suggestions = _suggestions(table, config, dataset.classes, encoded.labels_as, ids)
    if config.split in table.column_names:
        with faults.noted(f"column {config.split!r}"):
            splits = _splits(table[config.split])
    if faults or ids is None or labels is None or encoded is None:
        columns = {"item_id": ids, "label": labels, "given_label": None if encoded is None else encoded.text}
        faults.look(columns, table.num_rows, rules_of_items())
        raise faults.error()
    items = pa.Table.from_arrays(
        [ids, labels, encoded.text, pa.array(hashes, pa.string())], schema=contracts.ITEMS
    )
    references = ingest_references(dataset, table, ids, labels)
    return IngestedItems(
        items, further, tuple(content_columns), encoded.labels_as, references, suggestions, splits
    )


def derive_classes(path: Path, config: ItemsConfig) -> list[str]:
    """Class ids derived from the labels of an items file: the distinct labels, numbers in their order.

    Raises
    ------
    InputError
        When the file cannot be read or has fewer than two labels.
    """
    texts = label_texts(_read(path, config)[config.label])
    found = [v for v in pc.unique(texts).to_pylist() if v]  # an empty text is a missing label too
    if len(found) < 2:
        raise LabelsError(f"{path}: column {config.label!r} holds {len(found)} labels; expected at least 2")
    if all(v.isdecimal() and len(v) < 20 for v in found):
        return sorted(found, key=lambda v: (int(v), v))
    return sorted(found)


def _read(path: Path, config: ItemsConfig, faults: Faults | None = None) -> pa.Table:
    own = [c for c in (config.suggestion, config.split) if c is not None]
    named: Sequence[str] = [
        config.id,
        config.label,
        *(config.content or ()),
        *config.files,
        *config.groups,
        *own,
    ]
    # A CSV file has no types. Were they guessed, one odd row would change every item's content hash.
    return read_table(path, named, as_text="all", faults=faults)


def _content_columns(table: pa.Table, config: ItemsConfig, references: Sequence[str]) -> list[str]:
    if config.content is None:
        # a reviewer who saw the labels of others would repeat them
        own = {config.id, config.label, config.suggestion, config.split, *config.groups, *references}
        columns = [c for c in table.column_names if c not in own]
    else:
        columns = list(config.content)
        if overlap := sorted({config.id, config.label} & set(columns)):
            raise ColumnsError(f"'content' names the id or label column ({first_few(overlap)})")
    if stray := [c for c in config.files if c not in columns]:
        raise ColumnsError(f"'files' names columns that are no content ({first_few(stray)})")
    return columns


def _suggestions(
    table: pa.Table, config: ItemsConfig, classes: ClassList, labels_as: LabelsAs, ids: pa.Array | None
) -> pa.Array:
    """Suggested classes, written as the given labels are; null where the cell is empty."""
    if config.suggestion in (config.id, config.label):
        raise ColumnsError("'suggestion' names the id or label column")
    encoded = classes.encode(table[config.suggestion], labels_as)
    empty = pc.fill_null(pc.equal(encoded.text, ""), True).to_numpy(zero_copy_only=False)
    if len(bad := np.flatnonzero((encoded.index < 0) & ~empty)):
        named = [
            f"{f'row {i + 1}' if ids is None else f'item_id {ids[i]}'}: {encoded.text[i].as_py()!r}"
            for i in bad.tolist()
        ]
        raise LabelsError(
            f"{len(bad)} of {table.num_rows} suggestions are not in the class list, read by {labels_as} as the "
            f"labels are ({first_few(named)})"
        )
    return pa.array(encoded.index, pa.int32(), mask=encoded.index < 0)


def _splits(values: pa.ChunkedArray) -> pa.Array:
    """The name of each item's part of the dataset; an empty cell is in none."""
    groups = groups_of(values, what="a column of splits")
    named = pa.array([*(n or None for n in groups.names), None], pa.string())
    return named.take(pa.array(groups.codes % len(named)))
