"""Retention: of the past of a dataset, only so much is kept as its YAML asks for."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from audits.benchmark.versions import VERSIONS
from audits.config import Dataset
from audits.disk import sync_folder, writing
from audits.names import folder_name
from audits.results import ResultStore
from audits.signals.registry import OVER_INPUTS, OVER_MODELS, PER_MODEL, Part
from audits.stages.features import columns_part
from audits.stages.scoring import scores_part
from audits.stages.signalling import neighbours_part
from audits.stored import DUPLICATES
from audits.table_store import TableRef, TableStore
from audits.workspace import Workspace


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


def leftovers_of(workspace: Workspace, dataset: Dataset) -> Leftovers:
    """Find what is no longer kept of a dataset by the `retention` of its YAML."""
    keep = dataset.config.retention.keep
    models = [m.name for m in dataset.config.models]
    versions = [*VERSIONS, *(r.name for r in dataset.config.reference_labels)]
    features = [f.name for f in dataset.config.features]
    since = workspace.run_log(dataset.name).began(keep)
    return leftovers(workspace.tables(dataset.name), keep, models, since, versions, features)


def leftovers(
    tables: TableStore,
    keep: int,
    models: Collection[str] = (),
    since: datetime | None = None,
    label_versions: Collection[str] = tuple(VERSIONS),
    features: Collection[str] = (),
) -> Leftovers:
    """Find what is no longer kept of a dataset.

    Parameters
    ----------
    tables : TableStore
    keep : int
        How many results of each stage, and of each part of one, are kept: the ones used last. Tables in
        force and candidates are kept whatever their age, with all that they were made from.
    models : collection of str
        The models that the dataset has now.
    since : datetime, optional
        Results of other models are not kept when they were not used since then.
    label_versions : collection of str
        The label versions that the dataset has now; as with models.
    features : collection of str
        Names of the features that the dataset has now; as with models.

    Returns
    -------
    Leftovers
    """
    results, named = [], set(_in_force(tables))
    present = _parts_of(models, label_versions, features)
    for files in ResultStore(tables.root / "results").parts():
        gone = (
            since is not None
            and files[0].parent.name not in present
            and files[0].stat().st_mtime < since.timestamp()
        )
        kept = files[: 0 if gone else keep]
        for path in kept:
            named |= set(ResultStore.tables_of(path).items())
        results += files[len(kept) :]
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


def _parts_of(models: Collection[str], versions: Collection[str], features: Collection[str]) -> set[str]:
    """Folders of the parts that these have results in, and of those that are of no one of them."""
    parts = [*models, *OVER_MODELS, *OVER_INPUTS, DUPLICATES, *features]
    parts += [str(Part(signal, m, (m,))) for signal in PER_MODEL for m in models]
    parts += [scores_part(m, version) for m in models for version in versions]
    parts += [part(f) for f in features for part in (columns_part, neighbours_part)]
    return {"_", *(folder_name(p) for p in parts)}


def _in_force(tables: TableStore) -> Iterable[tuple[str, str]]:
    refs: list[TableRef] = [*tables.current().values(), *tables.candidates().values()]
    for ref in refs:
        yield from ref.lineage().items()


def _is_version(folder: Path) -> bool:
    return folder.parent.name not in ("drafts", "results")
