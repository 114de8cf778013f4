"""Where tables live: content-addressed versions, atomic pointers to the current ones, and their history.

Layout of a workspace::

    datasets/NAME.yaml                        one file a dataset
    state/tables/NAME/TABLE/VERSION/          a version of a table; VERSION is the hash of its files
    state/tables/NAME/candidate.json          ingested, not judged yet
    state/tables/NAME/current.json            the tables in force, with the versions they were made from
    state/tables/NAME/history.jsonl           every change of current.json, append-only
    state/review.sqlite                       the review store
    state/dagster/                            the Dagster instance

A version is written beside its final place, flushed to disk and renamed, so a reader sees it whole or
not at all. A derived table names the versions it was made from, so that a reader who starts from it
always sees matching tables, also while a run is replacing them one after the other.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from audits.config import Dataset
from audits.errors import AuditError, ConfigError, UsageError, first_few
from audits.yaml_files import load_dataset

TABLE_FILE = "table.parquet"

#: How long a writer of the pointers waits for another one.
_POINTER_SECONDS = 60.0


@dataclass(frozen=True)
class TableRef:
    """One version of one table.

    Attributes
    ----------
    table, version : str
        Name of the table and hash of its files.
    inputs : mapping of str to str
        Versions of the tables it was made from, by name, transitively.
    """

    table: str
    version: str
    inputs: Mapping[str, str] = field(default_factory=dict)

    def lineage(self) -> dict[str, str]:
        """Its inputs and itself: version by table name."""
        return {**self.inputs, self.table: self.version}


class Workspace:
    """A folder with `datasets/*.yaml` and a `state` folder.

    Parameters
    ----------
    root : Path or str
        An existing workspace.

    Raises
    ------
    ConfigError
        When there is no `datasets` folder in it.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root).resolve()
        if not self.datasets_dir.is_dir():
            raise ConfigError(
                f"{self.root} is not a workspace: it has no 'datasets' folder; 'labelaudit init' makes one"
            )

    @property
    def datasets_dir(self) -> Path:
        """Folder of the datasets' YAML files."""
        return self.root / "datasets"

    @property
    def state(self) -> Path:
        """Folder of everything labelaudit writes, created when first asked for."""
        return _made(self.root / "state")

    @property
    def dagster_home(self) -> Path:
        """Folder of the Dagster instance, created when first asked for."""
        return _made(self.state / "dagster")

    @cached_property
    def store_url(self) -> str:
        """SQLAlchemy URL of the review store."""
        path = str(self.state / "review.sqlite").replace("%", "%25").replace("?", "%3F")
        return f"sqlite:///{path}"

    def dataset_names(self) -> list[str]:
        """Names of the datasets, sorted."""
        # files that begin with a dot are an editor's or the system's
        return sorted(p.stem for p in self.datasets_dir.glob("*.yaml") if not p.name.startswith("."))

    def dataset_path(self, name: str) -> Path:
        """Path of a dataset's YAML file.

        Raises
        ------
        UsageError
            When there is no such dataset; the nearest name is given.
        """
        names = self.dataset_names()
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.0)
            hint = f"; the nearest name is {near[0]!r}" if near else "; there is none yet"
            if (self.datasets_dir / f"{name}.yml").is_file():
                hint = f"; rename {name}.yml to {name}.yaml"
            raise UsageError(f"no dataset is named {name!r} in {self.datasets_dir}{hint}")
        return self.datasets_dir / f"{name}.yaml"

    def dataset(self, name: str) -> Dataset:
        """Read a dataset's configuration; raises UsageError or ConfigError."""
        return load_dataset(self.dataset_path(name))

    def tables(self, dataset: str) -> TableStore:
        """The table store of a dataset."""
        return TableStore(self.state / "tables" / dataset, dataset)

    @contextlib.contextmanager
    def run_lock(self, dataset: str) -> Iterator[None]:
        """Hold a dataset for one run, so that two runs cannot mix their candidates.

        Raises
        ------
        UsageError
            When another process holds it.
        """
        path = _made(self.state / "locks") / f"{dataset}.lock"
        lock = FileLock(path, timeout=0)
        try:
            with writing(path):
                lock.acquire()
        except Timeout as e:
            raise UsageError(f"dataset {dataset!r} is being run by another process") from e
        try:
            self.tables(dataset).clear_drafts()
            yield
        finally:
            lock.release()


class TableStore:
    """Versions of one dataset's tables, and the pointers to the ones in force.

    Parameters
    ----------
    root : Path
        `state/tables/NAME`; created when first written to.
    dataset : str
        Name of the dataset, for messages.
    """

    def __init__(self, root: Path, dataset: str) -> None:
        self.root = root
        self.dataset = dataset

    @contextlib.contextmanager
    def draft(self, table: str) -> Iterator[Draft]:
        """Open a folder to write a new version of a table into.

        Leaving the block without an exception makes it a version (`draft.version`); after an exception
        nothing is kept.

        Raises
        ------
        AuditError
            When the disk does not take it.
        """
        drafts = self.root / "drafts"
        with writing(drafts):
            drafts.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=f"{table}-", dir=drafts))
        draft = Draft(table, folder)
        try:
            with writing(self.root / table):
                yield draft
                draft.version = self._keep(table, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)  # what cannot be removed goes with the next run

    def _keep(self, table: str, folder: Path) -> str:
        version = fingerprint_folder(folder, sync=True)
        target = self.root / table / version
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o755)  # mkdtemp makes it private to the user; the workspace may be shared
            try:
                folder.rename(target)
            except OSError:
                if not target.exists():  # else another process kept the same content first
                    raise
            sync_folder(target.parent)
        return version

    def clear_drafts(self) -> None:
        """Remove what a killed process left behind. Only for the holder of the run lock."""
        shutil.rmtree(self.root / "drafts", ignore_errors=True)

    def write(self, table: str, data: pa.Table, inputs: Mapping[str, str]) -> TableRef:
        """Write a table of one Parquet file as a new version, without making it current."""
        with self.draft(table) as draft:
            pq.write_table(data, draft.folder / TABLE_FILE)
        return TableRef(table, draft.version, dict(inputs))

    def folder(self, table: str, version: str) -> Path:
        """Folder of a version.

        Raises
        ------
        AuditError
            When it is not there: the state folder was changed by hand.
        """
        path = self.root / table / version
        if not path.is_dir():
            raise AuditError(
                f"dataset {self.dataset!r}: version {version} of table {table!r} is missing from {path}"
            )
        return path

    def read(self, table: str, version: str) -> pa.Table:
        """Read a version that was written by `write`."""
        folder = self.folder(table, version)
        with intact(folder):
            return pq.read_table(folder / TABLE_FILE, memory_map=True)

    def candidates(self) -> dict[str, TableRef]:
        """The ingested tables that wait for their check, by name."""
        return _load_refs(self.root / "candidate.json")

    def set_candidate(self, ref: TableRef) -> None:
        """Make a version the candidate of its table."""
        with self._pointer_lock():
            refs = self.candidates()
            _save_refs(self.root / "candidate.json", {**refs, ref.table: ref})

    def current(self) -> dict[str, TableRef]:
        """The tables in force, by name."""
        return _load_refs(self.root / "current.json")

    def current_ref(self, table: str) -> TableRef:
        """The table in force.

        Raises
        ------
        UsageError
            When the dataset was never run that far.
        """
        refs = self.current()
        if table not in refs:
            have = f" (there: {first_few(sorted(refs), 20)})" if refs else ""
            raise UsageError(
                f"dataset {self.dataset!r} has no table {table!r} yet{have}; run 'labelaudit run {self.dataset}'"
            )
        return refs[table]

    def publish(self, refs: Mapping[str, TableRef], run_id: str, drop: tuple[str, ...] = ()) -> None:
        """Make versions current, all in one step, and append the change to the history.

        Parameters
        ----------
        refs : mapping of str to TableRef
            New current versions by table name.
        run_id : str
            The run that publishes them.
        drop : tuple of str
            Tables that are no longer in force (a model or a file that left the configuration).
        """
        with self._pointer_lock():
            before = self.current()
            after = {k: v for k, v in before.items() if k not in drop} | dict(refs)
            _save_refs(self.root / "current.json", after)
            changed = {k: v.version for k, v in after.items() if before.get(k) != v}
            dropped = sorted(set(before) - set(after))
            if changed or dropped:
                at = datetime.now(UTC).isoformat()
                entry = {"at": at, "run_id": run_id, "tables": changed, "dropped": dropped}
                _append_line(self.root / "history.jsonl", json.dumps(entry))

    @contextlib.contextmanager
    def _pointer_lock(self) -> Iterator[None]:
        path = self.root / "pointers.lock"
        lock = FileLock(path, timeout=_POINTER_SECONDS)
        try:
            with writing(path):
                self.root.mkdir(parents=True, exist_ok=True)
                lock.acquire()
        except Timeout as e:
            raise AuditError(
                f"dataset {self.dataset!r}: another process has held {path} for {_POINTER_SECONDS:g} s"
            ) from e
        try:
            yield
        finally:
            lock.release()


@dataclass
class Draft:
    """A version being written: put files into `folder`; `version` is set when the block is left."""

    table: str
    folder: Path
    version: str = ""


def fingerprint_folder(folder: Path, *, sync: bool = False) -> str:
    """Hash of the names and bytes of all files in a folder, recursively; optionally flush them to disk."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as f:
            while block := f.read(1 << 20):
                digest.update(block)
            if sync:
                os.fsync(f.fileno())
    if sync:
        for path in sorted(p for p in folder.rglob("*") if p.is_dir()):
            sync_folder(path)
        sync_folder(folder)
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to disk, so that a rename in it survives a power cut."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_atomic(path: Path, data: bytes) -> None:
    """Replace a file's content in one step: readers see the old or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fd, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(fd, "wb") as f:
            f.write(data)
            f.flush()
            os.fsync(f.fileno())
        # mkstemp makes files private to the user; give the ones we publish the usual mode
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _append_line(path: Path, line: str) -> None:
    with writing(path), path.open("a+b") as f:
        # a process that was killed may have left half a line; the next one must not grow onto it
        end = f.seek(0, os.SEEK_END)
        f.seek(max(0, end - 1))
        f.write((b"\n" if f.read(1) not in (b"", b"\n") else b"") + line.encode() + b"\n")
        f.flush()
        os.fsync(f.fileno())


def _made(folder: Path) -> Path:
    with writing(folder):
        folder.mkdir(exist_ok=True)
    return folder


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the disk refuses within the block into an AuditError that names the path."""
    try:
        yield
    except Timeout:
        raise
    except OSError as e:
        raise AuditError(f"{path} cannot be written: {e}") from e


@contextlib.contextmanager
def intact(path: Path) -> Iterator[None]:
    """Turn what is wrong with a stored file that is read within the block into an AuditError."""
    try:
        yield
    except AuditError as e:
        raise AuditError(f"{path} is damaged: {e}") from e
    except (OSError, ValueError, LookupError, TypeError, AttributeError, EOFError, RecursionError) as e:
        raise AuditError(f"{path} is damaged: {e or type(e).__name__}") from e


def _load_refs(path: Path) -> dict[str, TableRef]:
    with intact(path):
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        refs = {name: TableRef(name, r["version"], dict(r["inputs"])) for name, r in raw.items()}
        for ref in refs.values():
            if odd := [v for v in ref.lineage().values() if not (isinstance(v, str) and v.isalnum())]:
                raise ValueError(f"table {ref.table!r}: {first_few(odd)} is no version")
        return refs


def _save_refs(path: Path, refs: Mapping[str, TableRef]) -> None:
    raw = {name: {"version": r.version, "inputs": dict(r.inputs)} for name, r in sorted(refs.items())}
    with writing(path):
        write_atomic(path, (json.dumps(raw, indent=1) + "\n").encode())
