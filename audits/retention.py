"""Retention: of the past of a dataset, only so much is kept as its YAML asks for."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from audits.disk import sync_folder, writing
from audits.results import ResultStore
from audits.table_store import TableRef, TableStore


@dataclass(frozen=True)
class Leftovers:
    """What is no longer kept.

    Attributes
    ----------
    results : tuple of Path
        Files of results.
    versions : tuple of Path
        Folders of versions of tables that no kept result names and that are not in force.
    size : int
        What the versions take, in bytes.
    """

    results: tuple[Path, ...]
    versions: tuple[Path, ...]
    size: int


def leftovers(tables: TableStore, keep: int) -> Leftovers:
    """Find what is no longer kept of a dataset.

    Parameters
    ----------
    tables : TableStore
    keep : int
        How many results of each stage, and of each part of one, are kept: the ones used last. Tables in
        force and candidates are kept whatever their age, with all that they were made from.

    Returns
    -------
    Leftovers
    """
    results, named = [], set(_in_force(tables))
    for files in ResultStore(tables.root / "results").parts():
        for path in files[:keep]:
            named |= set(ResultStore.tables_of(path).items())
        results += files[keep:]
    versions = [
        version
        for version in sorted(p for p in tables.root.glob("*/*") if p.is_dir())
        if _is_version(version) and (version.parent.name, version.name) not in named
    ]
    size = sum(p.stat().st_size for v in versions for p in v.rglob("*") if p.is_file())
    return Leftovers(tuple(results), tuple(versions), size)


def remove(tables: TableStore, found: Leftovers) -> None:
    """Remove what is no longer kept. Only for the holder of the run lock.

    A version disappears in one step, after every result that names it: at no moment does a result name a
    version that is there in part.

    Raises
    ------
    AuditError
        When the disk does not let go of something.
    """
    for path in found.results:
        with writing(path):
            path.unlink(missing_ok=True)
    for folder in {p.parent for p in found.results}:
        sync_folder(folder)
    drafts = tables.root / "drafts"
    for version in found.versions:
        with writing(version):
            drafts.mkdir(exist_ok=True)
            gone = Path(tempfile.mkdtemp(prefix="removed-", dir=drafts))
            version.rename(gone / version.name)
        shutil.rmtree(gone, ignore_errors=True)  # what cannot be removed goes with the next run


def _in_force(tables: TableStore) -> Iterable[tuple[str, str]]:
    refs: list[TableRef] = [*tables.current().values(), *tables.candidates().values()]
    for ref in refs:
        yield from ref.lineage().items()


def _is_version(folder: Path) -> bool:
    return folder.parent.name not in ("drafts", "results")
