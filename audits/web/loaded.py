"""A dataset as its newest run left it, opened once and shared by all requests until another run ends."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from audits.classes import ClassList
from audits.config import Dataset
from audits.review.consensus import Rule
from audits.stored import StoredItems, StoredModel, load_items, load_models, load_signals
from audits.table_store import TableStore
from audits.workspace import Workspace


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
    def finding_rows(self) -> dict[str, int]:
        """Row of the findings by item id."""
        return {id_: i for i, id_ in enumerate(self.findings["item_id"].to_pylist())}


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
