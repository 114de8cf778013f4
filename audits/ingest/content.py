"""Content hashes: what a reviewer is shown, as part of the question that a verdict answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from audits.errors import AuditError, ColumnsError, FileError, PathError, first_few
from audits.ingest.faults import one_kind
from audits.roots import is_inside, real

#: How many rows are held as Python values at a time.
_ROWS = 10_000


def content_hashes(
    table: pa.Table,
    columns: Sequence[str],
    files: Sequence[str] = (),
    base: Path | None = None,
    folders: Sequence[Path] | None = None,
) -> list[str]:
    """Hash the content of each row.

    Parameters
    ----------
    table : pyarrow.Table, n rows
        Must have all of `columns`.
    columns : sequence of str
        Content columns; their order does not matter, their names and values do.
    files : sequence of str
        Those of `columns` that hold file paths: the file's bytes are hashed in the path's place.
    base : Path
        Folder that relative paths start from; needed with `files`.
    folders : sequence of Path, optional
        Folders that the files must be in, after all links: a table is data, and may not have any file read that
        this user can read. Left out, they may be anywhere.

    Returns
    -------
    list of str, length n
        32 hexadecimal digits each. Rows without content columns all have the same hash.

    Raises
    ------
    FileError, PathError, InputError
        When files are missing, are in none of the folders, or both (all of them are counted, the first few
        named; an item whose path is null has none).
    ColumnsError
        When a column's values cannot be read.
    """
    ordered = sorted(set(columns))
    if not ordered:
        return [_digest([])] * table.num_rows
    hashes: list[str] = []
    hashed = {column: _Files(base or Path(), folders) for column in files}
    for part in table.select(ordered).to_batches(max_chunksize=_ROWS):
        values = {c: _values(part, c) for c in ordered}
        for column, of in hashed.items():
            values[column] = [of.hash(v) for v in values[column]]
        hashes += [
            _digest(list(zip(ordered, row, strict=True))) for row in zip(*values.values(), strict=True)
        ]
    problems = [(k, f"column {c!r}: {w}") for c, of in hashed.items() for k, w in of.problems(table.num_rows)]
    if problems:
        raise one_kind(k for k, _ in problems)("; ".join(w for _, w in problems))
    return hashes


def _values(part: pa.RecordBatch, column: str) -> list[Any]:
    try:
        found: list[Any] = part[column].to_pylist()
    except (ValueError, OverflowError) as e:  # a time beyond the year 9999, a struct that repeats a field
        raise ColumnsError(
            f"column {column!r}: values of type {part[column].type} cannot be read: {e}"
        ) from e
    return found


def _digest(parts: list[tuple[str, Any]]) -> str:
    text = json.dumps(parts, ensure_ascii=False, default=_plain, sort_keys=True)
    # lone surrogates are legal in a Python string but not in UTF-8; they must not stop an ingest
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _plain(value: object) -> str:
    # the type's name, so that bytes or a date differ from the text that would look the same
    return f"{type(value).__name__} {value.hex() if isinstance(value, bytes) else value}"


class _Files:
    """Hashes the files of a column, and keeps the names of those that cannot be read or must not be."""

    def __init__(self, base: Path, folders: Sequence[Path] | None) -> None:
        self.base = base
        self.folders = folders
        self._real = None if folders is None else real(folders)
        self.missing: list[str] = []
        self.outside: list[str] = []

    def hash(self, name: object) -> str | None:
        """Hash of a file's bytes; None where an item has none, or where it is noted why not."""
        if name is None:
            return None
        try:
            path = self.base / str(name)
            if self._real is not None and not is_inside(path, self._real):
                self.outside.append(str(name))
                return None
            if not path.is_file():  # a named pipe would be waited for without end
                raise FileNotFoundError(path)
            with path.open("rb") as f:
                return hashlib.file_digest(f, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
        except (OSError, ValueError, RuntimeError):  # the last: links in a circle
            self.missing.append(str(name))
            return None

    def problems(self, rows: int) -> list[tuple[type[AuditError], str]]:
        """What is wrong, with its kind."""
        found: list[tuple[type[AuditError], str]] = []
        if self.missing:
            words = f"{len(self.missing)} of {rows} files cannot be read ({first_few(self.missing)})"
            found.append((FileError, words))
        if self.outside and self.folders is not None:
            allowed = first_few(dict.fromkeys(self.folders))
            words = (
                f"{len(self.outside)} of {rows} files are in none of the allowed folders ({first_few(self.outside)}); "
                f"allowed are {allowed}; 'roots' in labelaudit.yaml names further ones"
            )
            found.append((PathError, words))
        return found
