"""Make a backup of a workspace while it is in use.

The order matters. Of each dataset's tables the pointers are read first and the versions they name after
that: versions do not change, so what was named is there, and a run that publishes meanwhile does no harm.
The review store comes later than the tables, so it holds at least the verdicts that the tables were made
from. Of the files that are only added to, a last line that is not whole yet is cut off.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from audits import __version__
from audits.backup.archive import ArchiveWriter
from audits.backup.contents import Contents, Found, named_versions
from audits.backup.databases import copy_database, is_database
from audits.backup.hidden import check_room, hidden_folder
from audits.backup.manifest import FORMAT, MANIFEST, VERSION, Manifest
from audits.disk import sync_folder, writing
from audits.errors import AuditError, StoreError, UsageError, first_few
from audits.progress import report
from audits.results import ResultStore
from audits.review.database import look_at
from audits.review.records import Mark
from audits.review.store_copy import copy_store
from audits.review.store_loss import lost
from audits.workspace import Workspace

ENDINGS = (".tar", ".tar.gz")

#: Name of the review store in a backup, wherever it is kept.
_STORE = "state/review.sqlite"

#: How often a dataset is begun again when a version that was named is cleared away under our hands.
_ATTEMPTS = 5


@dataclass(frozen=True)
class BackupResult:
    """What a backup came to.

    Attributes
    ----------
    path : Path
        Its file.
    files, size : int
        How many files it holds, and its own size in bytes.
    left_out : int
        How many files of the datasets were left out because they were not wanted.
    outside : tuple of str
        What the YAML files name, and links, that lead out of the workspace: not in the backup.
    warnings : tuple of str
        What else is not in it, or may not be as it should, a sentence each.
    """

    path: Path
    files: int
    size: int
    left_out: int
    outside: tuple[str, ...]
    warnings: tuple[str, ...]


def back_up(workspace: Workspace, path: Path, *, with_data: bool = True) -> BackupResult:
    """Write a whole workspace into one file. It may be in use.

    Every verdict that was acknowledged before the call is in it, and the tables that are in force, with all
    they were made from. The file appears under its name when it is whole and on disk; one that was there
    before is replaced.

    Parameters
    ----------
    workspace : Workspace
    path : Path
        Ends in .tar or .tar.gz; not in the workspace's `datasets` or `state`.
    with_data : bool
        False leaves out the files of the datasets other than their YAML files.

    Returns
    -------
    BackupResult

    Raises
    ------
    UsageError
        When the path is none a backup can have.
    AuditError
        When something in the workspace is damaged or cannot be read, or the disk does not take the file.
    """
    path = _checked(workspace, path)
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    compressed = path.name.endswith(".gz")
    if not compressed:  # how small gzip makes it is known afterwards only
        check_room(path, _size(Contents(workspace), with_data=with_data))
    with hidden_folder(path) as folder:
        draft = folder / "backup"
        with draft.open("xb") as stream:
            copying = _Copying(Contents(workspace), ArchiveWriter(stream, compressed=compressed), folder)
            copying.tables()
            left_out = copying.data(wanted=with_data)
            copying.state()
            contents, entries = copying.contents, copying.writer.entries
            manifest = Manifest(
                format=FORMAT,
                version=VERSION,
                labelaudit=__version__,
                made_at=made_at,
                without_data=not with_data,
                left_out=left_out,
                outside=tuple(sorted(set(contents.outside))),
                files=tuple(entries),
            )
            copying.writer.finish(MANIFEST, manifest.to_bytes())
            stream.flush()
            os.fsync(stream.fileno())
        size = draft.stat().st_size
        draft.replace(path)
        sync_folder(path.parent)
    return BackupResult(path, len(entries), size, left_out, manifest.outside, tuple(contents.warnings))


@dataclass(frozen=True)
class _Copying:
    """A backup being written; `folder` is for copies of databases."""

    contents: Contents
    writer: ArchiveWriter
    folder: Path

    def tables(self) -> None:
        for dataset in self.contents.datasets_with_tables():
            report(f"tables of {dataset}")
            self._tables_of(dataset)

    def _tables_of(self, dataset: str) -> None:
        kept: set[tuple[str, str]] = set()
        before: dict[str, bytes] = {}
        for _ in range(_ATTEMPTS):
            beside = [(f, *read) for f in self.contents.beside_versions(dataset) if (read := _read(f))]
            pointers = {f.name: data for f, data, _ in beside if self.contents.is_pointer(f, dataset)}
            root = self.contents.workspace.root
            named = {v for name, data in pointers.items() for v in named_versions(root / name, data)}
            for version in [*sorted(named), *self.contents.versions(dataset)]:
                if version not in kept and self._version(self.contents.version_files(dataset, *version)):
                    kept.add(version)
            missing = sorted(named - kept)
            if not missing:
                break
            if pointers == before:
                lost = first_few(f"version {version} of table {table!r}" for table, version in missing)
                raise AuditError(f"dataset {dataset!r}: its tables are damaged: {lost} is missing")
            before = pointers
        else:
            raise AuditError(
                f"dataset {dataset!r}: its tables changed {_ATTEMPTS} times meanwhile; try again"
            )
        for found, data, mtime_ns in beside:
            # a result that was cleared away since then may name versions that went with it
            if found.name in pointers or found.path.exists():
                self.writer.add(found.name, io.BytesIO(data), len(data), mtime_ns)

    def _version(self, files: list[Found]) -> bool:
        """Add a version, all of its files or none; whether it was there."""
        with contextlib.ExitStack() as stack:
            opened = []
            for found in files:
                # what is open stays readable when a clean-up removes it now
                if (stream := stack.enter_context(_opened(found.path))) is None:
                    return False
                opened.append((found, stream))
            for found, stream in opened:
                self._stream(found, stream)
        return bool(files)

    def data(self, *, wanted: bool) -> int:
        """Add the datasets' files, or their YAML files alone; how many were left out."""
        report("files of the datasets")
        left_out = 0
        for found in self.contents.data():
            if wanted or found.name.endswith(".yaml"):
                self._file(found)
            else:
                left_out += 1
        return left_out

    def state(self) -> None:
        report("review store and runs")
        on_server = self.contents.workspace.config.review_store is not None
        for found in self.contents.state():
            if on_server and found.name == _STORE:
                # left from before the store moved to its server
                self.contents.warnings.append(
                    f"{found.path} is left out: the review store is on a database server"
                )
                continue
            if found.name.endswith(".jsonl"):
                if (read := _read(found)) is not None:
                    data, mtime_ns = read
                    self.writer.add(found.name, io.BytesIO(data), len(data), mtime_ns)
            elif is_database(found.path):
                self._database(found)
            else:
                self._file(found)

        if on_server:
            self._store_on_server()
        if self.contents.workspace.config.dagster_storage is not None:
            self.contents.warnings.append(
                "Dagster's record of runs is on a database server, not in the backup"
            )

    def _store_on_server(self) -> None:
        copy = self.folder / "review.sqlite"
        url = self.contents.workspace.store_url
        if look_at(url) is None:
            tables = self.contents.workspace.state / "tables"
            for dataset in self.contents.workspace.dataset_names():
                if words := lost(ResultStore(tables / dataset / "results"), Mark(), dataset):
                    raise StoreError(words)
            self.contents.warnings.append("the review store on the database server is empty")
            return
        copy_store(url, f"sqlite:///{copy}")
        with copy.open("rb") as stream:
            self.writer.add(_STORE, stream, copy.stat().st_size, copy.stat().st_mtime_ns)
        for left in self.folder.glob("review.sqlite*"):
            left.unlink()
        self.contents.warnings.append(
            f"the review store is on a database server; the backup holds a copy of it as {_STORE}, which 'labelaudit "
            "store copy' brings into an empty database"
        )

    def _database(self, found: Found) -> None:
        copy = self.folder / "database"
        try:
            copy_database(found.path, copy)
        except AuditError:
            if found.path.exists():
                raise
        else:  # else it went with the run that it was of
            with copy.open("rb") as stream:
                self._stream(found, stream)
        for left in self.folder.glob("database*"):
            left.unlink()

    def _file(self, found: Found) -> None:
        with _opened(found.path) as stream:
            if stream is not None:
                self._stream(found, stream)

    def _stream(self, found: Found, stream: BinaryIO) -> None:
        before = os.fstat(stream.fileno())
        self.writer.add(found.name, stream, before.st_size, before.st_mtime_ns)
        after = os.fstat(stream.fileno())
        changed = (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)
        # logs in the state folder grow, which is no harm to what was copied
        if changed and not found.name.startswith("state/"):
            self.contents.warnings.append(f"{found.path} was changed while it was copied")


def _checked(workspace: Workspace, path: Path) -> Path:
    if not path.name.endswith(ENDINGS) or path.name in ENDINGS:
        raise UsageError(f"{path}: expected a file that ends in {' or '.join(ENDINGS)}")
    with writing(path):
        folder = Path(os.path.realpath(path.parent))
        if not folder.is_dir():
            raise UsageError(f"{path}: there is no folder {path.parent}")
        if path.is_dir():
            raise UsageError(f"{path} is a folder")
    for inside in (workspace.datasets_dir.resolve(), workspace.state.resolve()):
        if folder.is_relative_to(inside):
            raise UsageError(f"{path} lies in {inside}, which is backed up: the next backup would hold it")
    return folder / path.name


def _size(contents: Contents, *, with_data: bool) -> int:
    """How many bytes there are to copy, about."""
    size = 0
    tables = (contents.table_files(d) for d in contents.datasets_with_tables())
    data = (f for f in contents.data() if with_data or f.name.endswith(".yaml"))
    for files in (*tables, contents.state(), data):
        for found in files:
            with contextlib.suppress(OSError):
                size += found.path.stat().st_size
    return size


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO | None]:
    """Open a file of the workspace; None when it is gone."""
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        yield None
        return
    except OSError as e:
        raise AuditError(f"{path} cannot be read: {e}") from e
    with stream:
        yield stream


def _read(found: Found) -> tuple[bytes, int] | None:
    """A small file of the state and its time of change; None when it is gone."""
    with _opened(found.path) as stream:
        if stream is None:
            return None
        data, mtime_ns = stream.read(), os.fstat(stream.fileno()).st_mtime_ns
    whole = data[: data.rfind(b"\n") + 1] if found.name.endswith(".jsonl") else data
    return whole, mtime_ns
