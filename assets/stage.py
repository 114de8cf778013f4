"""What every stage shares: its place in the graph, its tables, and how its errors reach Dagster."""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg

from assets.resources import WorkspaceResource
from audits import __version__
from audits.config import DATASET_NAME, Dataset
from audits.errors import AuditError
from audits.progress import report
from audits.table_store import TableStore
from audits.workspace import Workspace

#: Metadata under which a failed step says what kind of error it was.
CODE, EXIT_STATUS = "labelaudit/code", "labelaudit/exit_status"


@dataclass(frozen=True)
class Stage:
    """What a stage works on: the workspace, the dataset as its YAML now says, and its tables."""

    workspace: Workspace
    dataset: Dataset
    tables: TableStore


@contextlib.contextmanager
def stage(workspace: WorkspaceResource, dataset: str, name: str) -> Iterator[Stage]:
    """Open a dataset for one stage; what `audits` refuses becomes a Dagster failure with its code."""
    report(f"{dataset}: {name}", step=True)
    try:
        opened = workspace.open()
        yield Stage(opened, opened.dataset(dataset), opened.tables(dataset))
    except AuditError as e:
        raise dg.Failure(
            description=str(e), metadata={CODE: e.code, EXIT_STATUS: e.exit_status}, allow_retries=False
        ) from e


def graph_name(dataset: str) -> str:
    """What a dataset is called in Dagster: its name, or where the YAML file has a name that no dataset may
    have, one that Dagster takes and that is like no other.
    """
    if DATASET_NAME.fullmatch(dataset):
        return dataset
    digest = hashlib.blake2b(os.fsencode(dataset), digest_size=4).hexdigest()
    return f"{re.sub('[^A-Za-z0-9_]', '_', dataset)}_{digest}"


def key(dataset: str, name: str) -> dg.AssetKey:
    """Asset key of a stage of a dataset."""
    return dg.AssetKey([graph_name(dataset), name])


def common(dataset: str, name: str, kind: str) -> dict[str, object]:
    """Arguments that every asset of a dataset shares."""
    return {
        "key": key(dataset, name),
        "group_name": graph_name(dataset),
        "code_version": __version__,
        "kinds": {kind},
    }


def preview(rows: list[dict[str, object]]) -> dg.MetadataValue:
    """A few rows as a Markdown table."""
    if not rows:
        return dg.MetadataValue.md("no rows")
    head = list(rows[0])
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(_cell(row[c]) for c in head) + " |" for row in rows]
    return dg.MetadataValue.md("\n".join(lines))


#: What means something in a Markdown table, and how it is written to mean itself; the order matters.
_SAFE = (("&", "&amp;"), ("<", "&lt;"), ("\\", "&#92;"), ("[", "&#91;"), ("|", "\\|"), ("\n", " "))


def _cell(value: object) -> str:
    text = f"{value:.4f}" if isinstance(value, float) else "" if value is None else str(value)
    # data is shown in a web page: no markup of its own, no cell that runs over
    for char, safe in _SAFE:
        text = text.replace(char, safe)
    return text if len(text) <= 120 else text[:117] + "..."
