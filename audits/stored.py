"""Ingested tables on disk: how items and model outputs are written as versions and opened again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audits import contracts
from audits.classes import UNKNOWN, ClassList, LabelsAs
from audits.errors import AuditError
from audits.ingest.items import IngestedItems
from audits.ingest.model_outputs import IngestedOutputs
from audits.input_config import ModelConfig
from audits.names import folder_name
from audits.outputs import Ints, ModelOutputs, load_outputs, save_outputs
from audits.table_store import TABLE_FILE, TableRef, TableStore

ITEMS = "items"
ANNOTATIONS = "annotations"
TRAINING = "training"
DUPLICATES = "duplicates"
_OUTPUTS = "outputs."
_FEATURES = "features."
_NEIGHBOURS = "neighbours."
_SIGNALS = "signals."
_REFERENCES = "references.parquet"
_BESIDE = "beside.parquet"


@dataclass(frozen=True)
class StoredItems:
    """A version of the items.

    Attributes
    ----------
    items : pyarrow.Table
        In the schema `contracts.ITEMS`, n rows.
    further : pyarrow.Table
        The file's further columns, n rows.
    content_columns : tuple of str
        Those of them that a reviewer sees and that make up the content hash.
    classes : ClassList
        The class list in force when they were ingested: what the class indices mean.
    labels_as : {"id", "name", "position"}
        How the file writes labels.
    references : pyarrow.Table or None
        Reference labels, n rows, a list<int32> column for each; None where the dataset has none.
    beside : pyarrow.Table or None
        n rows: `suggestion` (class index, int32) and `split` (text), those of them that the YAML names.
    """

    items: pa.Table
    further: pa.Table
    content_columns: tuple[str, ...]
    classes: ClassList
    labels_as: LabelsAs
    references: pa.Table | None = None
    beside: pa.Table | None = None

    @cached_property
    def ids(self) -> pa.Array:
        """Item ids, length n."""
        return self.items["item_id"].combine_chunks()

    @cached_property
    def labels(self) -> Ints:
        """Given labels as class indices, shape (n,)."""
        return np.asarray(self.items["label"].to_numpy(), dtype=np.int32)

    @cached_property
    def suggestions(self) -> Ints | None:
        """Suggested class indices, shape (n,), -1 where there is none; None where the YAML names no such column."""
        if self.beside is None or "suggestion" not in self.beside.column_names:
            return None
        return np.asarray(self.beside["suggestion"].fill_null(UNKNOWN).to_numpy(), dtype=np.int32)

    @cached_property
    def splits(self) -> pa.Array | None:
        """Names of the items' splits, length n; None where the YAML names no such column."""
        if self.beside is None or "split" not in self.beside.column_names:
            return None
        return self.beside["split"].combine_chunks()

    @cached_property
    def rows(self) -> dict[str, int]:
        """Row by item id."""
        return {id_: i for i, id_ in enumerate(self.ids.to_pylist())}

    @property
    def further_by_id(self) -> pa.Table:
        """The further columns with the item ids before them."""
        return self._by_id(self.further.column_names)

    @property
    def content_by_id(self) -> pa.Table:
        """What a reviewer sees, with the item ids before it: never a column that is no content."""
        return self._by_id(self.content_columns)

    def _by_id(self, columns: Iterable[str]) -> pa.Table:
        return pa.table({"item_id": self.ids, **{c: self.further[c] for c in columns if c != "item_id"}})

    def label_text(self, index: int) -> str:
        """A class as the items file would write it."""
        if self.labels_as == "position":
            return str(index)
        return self.classes.names[index] if self.labels_as == "name" else self.classes.ids[index]


@dataclass(frozen=True)
class StoredModel:
    """A version of one model's outputs, with what the configuration said of the model then."""

    outputs: ModelOutputs
    family: str | None
    out_of_sample: bool
    raised_flags: bool
    scored: bool


def outputs_table(model: str) -> str:
    """Name of the table that holds a model's outputs: a folder's name, whatever signs the model's has."""
    return _OUTPUTS + folder_name(model)


def features_table(name: str) -> str:
    """Name of the table that holds what items are compared by."""
    return _FEATURES + folder_name(name)


def neighbours_table(name: str) -> str:
    """Name of the table that holds the nearest neighbours by some features."""
    return _NEIGHBOURS + folder_name(name)


def save_items(store: TableStore, ingested: IngestedItems, classes: ClassList) -> TableRef:
    """Write ingested items as a new version."""
    with store.draft(ITEMS) as draft:
        pq.write_table(ingested.items, draft.folder / TABLE_FILE)
        pq.write_table(ingested.further, draft.folder / "further.parquet")
        if ingested.references.column_names:
            pq.write_table(ingested.references, draft.folder / _REFERENCES)
        beside = {"suggestion": ingested.suggestions, "split": ingested.splits}
        if there := {name: column for name, column in beside.items() if column is not None}:
            pq.write_table(pa.table(there), draft.folder / _BESIDE)
        meta = {
            "ids": classes.ids,
            "names": classes.names,
            "labels_as": ingested.labels_as,
            "content_columns": ingested.content_columns,
            "rows": ingested.items.num_rows,
            "ids_hash": columns_hash(ingested.items, ["item_id"]),
            "labels_hash": columns_hash(ingested.items, ["item_id", "label"]),
            "beside_hashes": {name: columns_hash(pa.table({name: c}), [name]) for name, c in there.items()},
        }
        (draft.folder / "items.json").write_text(json.dumps(meta), encoding="utf-8")
    return TableRef(ITEMS, draft.version)


@dataclass(frozen=True)
class ItemsSummary:
    """What is known of a version of the items without reading its rows.

    Attributes
    ----------
    rows : int
        How many items.
    ids_hash : str
        Fingerprint of the item ids, in order.
    labels_hash : str
        Fingerprint of the item ids and given labels, in order.
    ids, names : tuple of str
        The class list.
    beside : mapping of str to str
        Fingerprints of the columns `suggestion` and `split`, of those that there are.
    """

    rows: int
    ids_hash: str
    labels_hash: str
    ids: tuple[str, ...]
    names: tuple[str, ...]
    beside: Mapping[str, str] = field(default_factory=dict)


def items_summary(store: TableStore, lineage: Mapping[str, str]) -> ItemsSummary:
    """Read what is known of the items that a lineage names without opening their rows."""
    folder = store.folder(ITEMS, version_in(store, lineage, ITEMS))
    with store.readable(folder):
        meta = json.loads((folder / "items.json").read_text(encoding="utf-8"))
        return ItemsSummary(
            meta["rows"],
            meta["ids_hash"],
            meta["labels_hash"],
            tuple(meta["ids"]),
            tuple(meta["names"]),
            meta.get("beside_hashes", {}),  # none in a version of an older labelaudit
        )


def columns_hash(table: pa.Table, columns: Sequence[str]) -> str:
    """Fingerprint of some columns of a table, row by row in their order."""
    hashed = hashlib.blake2b(digest_size=16)
    for batch in table.select(list(columns)).combine_chunks().to_batches():
        hashed.update(memoryview(batch.serialize()))
    return hashed.hexdigest()


def load_items(store: TableStore, lineage: Mapping[str, str]) -> StoredItems:
    """Open the items that a lineage names."""
    folder = store.folder(ITEMS, version_in(store, lineage, ITEMS))
    with store.readable(folder):
        meta = json.loads((folder / "items.json").read_text(encoding="utf-8"))
        return StoredItems(
            items=pq.read_table(folder / TABLE_FILE, memory_map=True),
            further=pq.read_table(folder / "further.parquet", memory_map=True),
            content_columns=tuple(meta["content_columns"]),
            classes=ClassList(tuple(meta["ids"]), tuple(meta["names"])),
            labels_as=meta["labels_as"],
            references=pq.read_table(folder / _REFERENCES) if (folder / _REFERENCES).exists() else None,
            beside=pq.read_table(folder / _BESIDE) if (folder / _BESIDE).exists() else None,
        )


def save_model(
    store: TableStore, ingested: IngestedOutputs, config: ModelConfig, inputs: Mapping[str, str]
) -> TableRef:
    """Write one model's ingested outputs as a new version."""
    table = outputs_table(config.name)
    with store.draft(table) as draft:
        save_outputs(ingested.outputs, draft.folder)
        pq.write_table(ingested.rows, draft.folder / "rows.parquet")
        meta = config.model_dump(include={"family", "out_of_sample", "raised_flags", "scored"})
        (draft.folder / "model.json").write_text(json.dumps(meta, sort_keys=True), encoding="utf-8")
    return TableRef(table, draft.version, dict(inputs))


def load_model(store: TableStore, lineage: Mapping[str, str], table: str) -> StoredModel:
    """Open one model's outputs, memory-mapped."""
    folder = store.folder(table, version_in(store, lineage, table))
    with store.readable(folder):
        meta = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        return StoredModel(load_outputs(folder), **meta)


def load_output_rows(store: TableStore, lineage: Mapping[str, str], table: str) -> pa.Table:
    """Open the row summary of one model's outputs, in the schema `contracts.OUTPUT_ROWS`."""
    folder = store.folder(table, version_in(store, lineage, table))
    with store.readable(folder):
        return pq.read_table(folder / "rows.parquet")


def load_models(store: TableStore, lineage: Mapping[str, str]) -> dict[str, StoredModel]:
    """Open every model that a lineage names, by model name, in the order of names."""
    models = [load_model(store, lineage, t) for t in sorted(lineage) if t.startswith(_OUTPUTS)]
    return {m.outputs.model: m for m in models}


def signal_table_name(signal: str, model: str | None) -> str:
    """Name of the table of one detector on one model, or on all of them."""
    return _SIGNALS + (signal if model is None else f"{signal}.{folder_name(model)}")


def load_signals(store: TableStore, lineage: Mapping[str, str]) -> pa.Table:
    """Open the signals that a lineage names, in the schema `contracts.SIGNALS`: n rows a detector and model.

    The order is that of the names, so that the same signals are always the same table.
    """
    parts = [store.read(t, lineage[t]) for t in sorted(lineage) if t.startswith(_SIGNALS)]
    return pa.concat_tables([contracts.SIGNALS.empty_table(), *parts])


def is_outputs_table(table: str) -> bool:
    """Whether a table holds a model's outputs."""
    return table.startswith(_OUTPUTS)


def is_features_table(table: str) -> bool:
    """Whether a table holds what items are compared by."""
    return table.startswith(_FEATURES)


def version_in(store: TableStore, lineage: Mapping[str, str], table: str) -> str:
    """The version of a table that a lineage names; raises AuditError when it names none."""
    if table not in lineage:
        raise AuditError(
            f"dataset {store.dataset!r}: no version of table {table!r} is named (of {sorted(lineage)})"
        )
    return lineage[table]


def ingested_lineage(refs: Mapping[str, TableRef]) -> dict[str, str]:
    """Versions of the ingested tables among some tables: items, every model's outputs, and what there is beside."""
    wanted = {ITEMS, ANNOTATIONS, TRAINING}
    return {
        t: r.version for t, r in refs.items() if t in wanted or is_outputs_table(t) or is_features_table(t)
    }
