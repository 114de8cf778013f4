"""Ingest the items file: ids, given labels, content hashes, and every further column as it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from audits import contracts
from audits.classes import LabelsAs, label_texts
from audits.config import Dataset, ItemsConfig
from audits.errors import InputError, first_few
from audits.ingest.content import content_hashes
from audits.ingest.tables import id_texts, read_table


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
    """

    items: pa.Table
    further: pa.Table
    content_columns: tuple[str, ...]
    labels_as: LabelsAs


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
    InputError
        When the file cannot be read, lacks a named column, or its labels cannot be read in one way.
    """
    config = dataset.config.items
    path = dataset.resolve(config.path)
    table = _read(path, config)
    content_columns = _content_columns(table, config, path)
    try:
        encoded = dataset.classes.encode(table[config.label], config.labels_as)
    except InputError as e:
        raise InputError(f"{path}: column {config.label!r}: {e}") from e
    further = table.drop_columns([config.id, config.label] if config.id != config.label else [config.id])
    try:
        hashes = content_hashes(further, content_columns, config.files, dataset.path.parent)
    except InputError as e:
        raise InputError(f"{path}: {e}") from e
    labels = pa.array(encoded.index, mask=encoded.index < 0, type=pa.int32())
    items = pa.Table.from_arrays(
        [id_texts(table, config.id, path), labels, encoded.text, pa.array(hashes, pa.string())],
        schema=contracts.ITEMS,
    )
    return IngestedItems(items, further, tuple(content_columns), encoded.labels_as)


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
        raise InputError(f"{path}: column {config.label!r} holds {len(found)} labels; expected at least 2")
    if all(v.isdecimal() and len(v) < 20 for v in found):
        return sorted(found, key=lambda v: (int(v), v))
    return sorted(found)


def _read(path: Path, config: ItemsConfig) -> pa.Table:
    named: Sequence[str] = [config.id, config.label, *(config.content or ()), *config.files, *config.groups]
    # A CSV file has no types. Were they guessed, one odd row would change every item's content hash.
    return read_table(path, named, as_text="all")


def _content_columns(table: pa.Table, config: ItemsConfig, path: Path) -> list[str]:
    if config.content is None:
        own = {config.id, config.label, *config.groups}
        columns = [c for c in table.column_names if c not in own]
    else:
        columns = list(config.content)
        if overlap := sorted({config.id, config.label} & set(columns)):
            raise InputError(f"{path}: 'content' names the id or label column ({first_few(overlap)})")
    if stray := [c for c in config.files if c not in columns]:
        raise InputError(f"{path}: 'files' names columns that are no content ({first_few(stray)})")
    return columns
