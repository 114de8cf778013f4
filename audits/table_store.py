"""One dataset's tables: content-addressed versions, atomic pointers to the current ones, their history.

A version is written beside its final place, flushed to disk and renamed, so a reader sees it whole or
not at all. A derived table names the versions it was made from, so that a reader who starts from it
always sees matching tables, also while a run is replacing them one after the other.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from audits.disk import append_line, fingerprint_folder, intact, sync_folder, write_atomic, writing
from audits.errors import AuditError, DamagedError, LockedError, UsageError, first_few
from audits.fingerprints import digest

TABLE_FILE = "table.parquet"

#: How much of the end of the history is read to see whether it ends with what is in force, in bytes.
_TAIL = 1 << 12

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
        self._read: dict[Path, tuple[tuple[int, int, int], dict[str, TableRef]]] = {}

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
        if target.exists() and not self.is_intact(table, version):
            # damaged on disk, or by hand: what was just computed takes its place
            with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as aside:
                target.rename(Path(aside) / version)
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

    def is_intact(self, table: str, version: str) -> bool:
        """Whether a version is there with just the content that its name is the hash of; reads all of it."""
        try:
            return fingerprint_folder(self.root / table / version) == version
        except OSError:
            return False

    def clear_drafts(self) -> None:
        """Remove what a killed process left behind, and add to the history what it did not come to add.

        Only for the holder of the run lock.
        """
        shutil.rmtree(self.root / "drafts", ignore_errors=True)
        with contextlib.suppress(AuditError):  # whoever needs the pointers says what is wrong with them
            if not self._is_told(self.current()):
                with self._pointer_lock():
                    self._mend_history(self.current())

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
            raise DamagedError(
                f"dataset {self.dataset!r}: version {version} of table {table!r} is missing from {path}"
            )
        return path

    def read(self, table: str, version: str) -> pa.Table:
        """Read a version that was written by `write`."""
        folder = self.folder(table, version)
        with self.readable(folder):
            return pq.read_table(folder / TABLE_FILE, memory_map=True)

    @contextlib.contextmanager
    def readable(self, folder: Path) -> Iterator[None]:
        """Turn what is wrong with a version that is read within the block into a DamagedError with the mend."""
        try:
            with intact(folder):
                yield
        except AuditError as e:
            raise DamagedError(f"{e}; 'labelaudit run {self.dataset} --force' makes it anew") from e

    def candidates(self) -> dict[str, TableRef]:
        """The ingested tables that wait for their check, by name."""
        return self._refs(self.root / "candidate.json")

    def _refs(self, path: Path) -> dict[str, TableRef]:
        """Pointers as they are now; read again only when the file is another one than it was."""
        try:
            found = path.stat()
        except OSError:
            return _load_refs(path)
        # each write makes a new file, so the inode tells them apart
        seen = (found.st_ino, found.st_size, found.st_mtime_ns)
        if path not in self._read or self._read[path][0] != seen:
            self._read[path] = (seen, _load_refs(path))
        return dict(self._read[path][1])

    def candidate_ref(self, table: str) -> TableRef:
        """The candidate of a table.

        Raises
        ------
        AuditError
            When there is none: the stages before were not run.
        """
        ref = self.candidates().get(table)
        if ref is None:
            raise AuditError(
                f"dataset {self.dataset!r}: no candidate for {table!r}; run the stages before first"
            )
        return ref

    def set_candidate(self, ref: TableRef) -> None:
        """Make a version the candidate of its table."""
        with self._pointer_lock():
            refs = self.candidates()
            _save_refs(self.root / "candidate.json", {**refs, ref.table: ref})

    def drop_candidates(self, tables: Collection[str]) -> None:
        """Forget candidates (of models or files that left the configuration)."""
        with self._pointer_lock():
            refs = self.candidates()
            if set(tables) & set(refs):
                left = {name: ref for name, ref in refs.items() if name not in tables}
                _save_refs(self.root / "candidate.json", left)

    def current(self) -> dict[str, TableRef]:
        """The tables in force, by name."""
        return self._refs(self.root / "current.json")

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
            self._mend_history(before)
            after = {k: v for k, v in before.items() if k not in drop} | dict(refs)
            _save_refs(self.root / "current.json", after)
            changed = {k: v.version for k, v in after.items() if before.get(k) != v}
            dropped = sorted(set(before) - set(after))
            if changed or dropped:
                self._tell(run_id, changed, dropped, after)

    def history(self) -> list[dict[str, Any]]:
        """Every change of the tables in force, the first one first.

        Returns
        -------
        list of dict
            `at` (ISO 8601), `run_id` (None: of a run that was killed before it could say so), `tables` (new
            versions by name), `dropped` (names), `state` (hash of all versions that were then in force). A
            line that was not written to its end is left out.
        """
        path = self.root / "history.jsonl"
        found = []
        with intact(path):
            for line in path.read_bytes().splitlines() if path.exists() else []:
                with contextlib.suppress(ValueError):
                    found.append(dict(json.loads(line)))
        return found

    def _tell(
        self, run_id: str | None, changed: dict[str, str], dropped: list[str], after: Mapping[str, TableRef]
    ) -> None:
        entry = {
            "at": datetime.now(UTC).isoformat(),
            "run_id": run_id,
            "tables": changed,
            "dropped": dropped,
            "state": _state(after),
        }
        append_line(self.root / "history.jsonl", json.dumps(entry))

    def _is_told(self, current: Mapping[str, TableRef]) -> bool:
        """Whether the last line of the history is of what is in force; only that line is read."""
        path = self.root / "history.jsonl"
        with intact(path):
            return not current or (path.exists() and _state(current) in _end_of(path))

    def _mend_history(self, current: Mapping[str, TableRef]) -> None:
        """Add the change of a process that was killed between the pointers and the history."""
        if self._is_told(current):
            return
        told: dict[str, str] = {}
        for entry in self.history():
            told = {k: v for k, v in told.items() if k not in entry["dropped"]} | entry["tables"]
        changed = {k: r.version for k, r in current.items() if told.get(k) != r.version}
        dropped = sorted(set(told) - set(current))
        if changed or dropped:
            self._tell(None, changed, dropped, current)

    @contextlib.contextmanager
    def _pointer_lock(self) -> Iterator[None]:
        path = self.root / "pointers.lock"
        lock = FileLock(path, timeout=_POINTER_SECONDS)
        try:
            with writing(path):
                self.root.mkdir(parents=True, exist_ok=True)
                lock.acquire()
        except Timeout as e:
            raise LockedError(
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


def _state(refs: Mapping[str, TableRef]) -> str:
    return digest({name: ref.version for name, ref in refs.items()})


def _end_of(path: Path) -> str:
    """The last line of a file, or as much of its end as is sure to hold what the line ends with."""
    with path.open("rb") as f:
        size = f.seek(0, os.SEEK_END)
        f.seek(max(0, size - _TAIL))
        return f.read().rstrip(b"\n").rpartition(b"\n")[2].decode(errors="replace")


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
