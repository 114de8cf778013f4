"""A dataset as its newest run left it, opened once and shared by all requests until another run ends."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from audits import contracts
from audits.classes import ClassList, is_text
from audits.config import Dataset
from audits.review.consensus import Rule
from audits.review.questions import questions_of
from audits.review.records import Question
from audits.roots import real
from audits.signals.inputs import Features, Neighbours
from audits.stored import (
    DUPLICATES,
    StoredItems,
    StoredModel,
    load_items,
    load_models,
    load_signals,
    neighbours_table,
)
from audits.stored_inputs import load_features, load_neighbours
from audits.table_store import TableStore
from audits.web.content.guidelines import guidelines_of
from audits.workspace import Workspace

#: Texts of a column that are no longer than this are words rather than prose.
_WORDS = 40


@dataclass(frozen=True)
class Loaded:
    """What pages are made from.

    Attributes
    ----------
    dataset : Dataset
        The YAML file.
    tables : TableStore
    version : str
        Version of the findings.
    lineage : dict of str to str
        Versions of the tables that the findings were made from.
    items : StoredItems
    findings : pyarrow.Table
        `contracts.FINDINGS`.
    """

    dataset: Dataset
    tables: TableStore
    version: str
    lineage: dict[str, str]
    items: StoredItems
    findings: pa.Table

    @property
    def name(self) -> str:
        """Name of the dataset."""
        return self.dataset.name

    @property
    def classes(self) -> ClassList:
        """The class list in force when the items were ingested."""
        return self.items.classes

    @property
    def rule(self) -> Rule:
        """When an item is decided."""
        return Rule.from_config(self.dataset.config.review)

    @cached_property
    def models(self) -> dict[str, StoredModel]:
        """The models by name."""
        return load_models(self.tables, self.lineage)

    @cached_property
    def signals(self) -> pa.Table:
        """`contracts.SIGNALS`, all of the run."""
        return load_signals(self.tables, self.lineage)

    @cached_property
    def audit_names(self) -> list[str]:
        """Names of the audits that the run made, sorted."""
        return sorted(self.signals["signal"].unique().to_pylist())

    @cached_property
    def finding_rows(self) -> dict[str, int]:
        """Row of the findings by item id."""
        return {id_: i for i, id_ in enumerate(self.findings["item_id"].to_pylist())}

    @cached_property
    def questions(self) -> list[Question]:
        """The question that each item poses today, by the items' rows."""
        return questions_of(self.items.items, self.name, self.classes)

    @cached_property
    def question_rows(self) -> dict[str, int]:
        """Row of the items by the hash of today's question."""
        return {q.hash: i for i, q in enumerate(self.questions)}

    @cached_property
    def flagged(self) -> npt.NDArray[np.bool_]:
        """Which items the run flags, by the items' rows."""
        found = np.zeros(self.items.items.num_rows, dtype=bool)
        rows = [
            self.items.rows[i] for i in self.findings.filter(self.findings["flagged"])["item_id"].to_pylist()
        ]
        found[rows] = True
        return found

    @cached_property
    def class_rows(self) -> list[npt.NDArray[np.intp]]:
        """Rows of the items by the class index of their given label, in order."""
        order = np.argsort(self.items.labels, kind="stable")
        ends = np.searchsorted(self.items.labels[order], np.arange(1, len(self.classes)))
        return np.split(order, ends)

    @cached_property
    def guidelines(self) -> dict[str, str]:
        """What belongs into a class by its id, of the classes that have a guideline."""
        return guidelines_of(self.dataset)

    @cached_property
    def features(self) -> dict[str, Features]:
        """What items are compared by, in the order of the YAML; arrays are memory-mapped."""
        there = load_features(self.tables, self.lineage)
        return {f.name: there[f.name] for f in self.dataset.config.features if f.name in there}

    @cached_property
    def neighbours(self) -> dict[str, Neighbours]:
        """The nearest items of each item by the name of the features, of those whose graph the run needed."""
        there = [name for name in self.features if neighbours_table(name) in self.lineage]
        return {name: load_neighbours(self.tables, self.lineage, name) for name in there}

    @cached_property
    def duplicates(self) -> pa.Table:
        """`contracts.DUPLICATES` of those pairs whose labels differ; without rows where none were looked for."""
        if DUPLICATES not in self.lineage:
            return contracts.DUPLICATES.empty_table()
        found = self.tables.read(DUPLICATES, self.lineage[DUPLICATES])
        return found.filter(found["conflict"])

    @cached_property
    def duplicate_rows(self) -> dict[str, list[int]]:
        """Rows of `duplicates` by the id of either item."""
        found: dict[str, list[int]] = {}
        for column in ("item_id", "other_id"):
            for i, id_ in enumerate(self.duplicates[column].to_pylist()):
                found.setdefault(id_, []).append(i)
        return found

    @cached_property
    def file_columns(self) -> tuple[str, ...]:
        """The content columns that hold paths of files."""
        files = self.dataset.config.items.files
        return tuple(
            c for c in self.items.content_columns if c in files and c in self.items.further.column_names
        )

    @cached_property
    def short_columns(self) -> frozenset[str]:
        """The text columns whose values are words rather than prose."""
        further = self.items.further
        texts = [
            c for c in self.items.content_columns if c in further.column_names and is_text(further[c].type)
        ]
        lengths = {c: pc.max(pc.utf8_length(further[c])).as_py() or 0 for c in texts}
        return frozenset(
            c for c, longest in lengths.items() if longest <= _WORDS and c not in self.file_columns
        )

    @cached_property
    def answer_columns(self) -> frozenset[str]:
        """The columns that hold a list with a text for each class in every item: answers to choose from."""
        further = self.items.further
        return frozenset(
            c
            for c in self.items.content_columns
            if c in further.column_names and _texts_of_length(further[c], len(self.classes))
        )

    @cached_property
    def data_folders(self) -> tuple[Path, ...]:
        """Folders of the files that the items file may name."""
        return self.dataset.roots.of_data(self.dataset.resolve(self.dataset.config.items.path))

    @cached_property
    def file_folders(self) -> tuple[str, ...]:
        """The same, after all links."""
        return real(self.data_folders)

    @cached_property
    def looked_at(self) -> dict[tuple[int, str, str], tuple[tuple[int, ...], Any]]:
        """What files were found to hold, by row, column and depth of the look, with what tells whether they changed."""
        return {}

    def warm(self) -> None:
        """Work out what pages look items up by, so that the first of them does not wait for it."""
        for found in (self.question_rows, self.finding_rows, self.items.rows, self.flagged, self.class_rows):
            len(found)
        for more in (
            self.models,
            self.duplicate_rows,
            self.neighbours,
            self.short_columns,
            self.answer_columns,
        ):
            len(more)
        if self.file_columns:
            from PIL import Image

            Image.init()


def _texts_of_length(column: pa.ChunkedArray, length: int) -> bool:
    """Whether every value is a list of so many texts."""
    if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)):
        return False
    if not is_text(column.type.value_type) or not len(column):
        return False
    found = pc.min_max(pc.fill_null(pc.list_value_length(column), -1)).as_py()
    return bool(found["min"] == found["max"] == length)


def load(workspace: Workspace, name: str) -> Loaded:
    """Open a dataset as its newest run left it.

    Raises
    ------
    UsageError
        When there is no such dataset, or it was never run.
    ConfigError
        When its YAML file is not sound.
    """
    dataset = workspace.dataset(name)
    tables = workspace.tables(name)
    ref = tables.current_ref("findings")
    lineage = ref.lineage()
    findings = tables.read("findings", ref.version)
    return Loaded(dataset, tables, ref.version, lineage, load_items(tables, lineage), findings)


def version_of(workspace: Workspace, name: str) -> tuple[str, str]:
    """What `load` depends on: the version of the findings and the hash of the YAML file."""
    return workspace.tables(name).current_ref("findings").version, workspace.config_hash(name)
