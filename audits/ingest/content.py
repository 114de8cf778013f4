"""Content hashes: what a reviewer is shown, as part of the question that a verdict answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from audits.errors import InputError, first_few

#: How many rows are held as Python values at a time.
_ROWS = 10_000


def content_hashes(
    table: pa.Table, columns: Sequence[str], files: Sequence[str] = (), base: Path | None = None
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

    Returns
    -------
    list of str, length n
        32 hexadecimal digits each. Rows without content columns all have the same hash.

    Raises
    ------
    InputError
        When files are missing (all of them are counted, the first few named; an item whose path is null has
        none), or when a column's values cannot be read.
    """
    ordered = sorted(set(columns))
    if not ordered:
        return [_digest([])] * table.num_rows
    hashes: list[str] = []
    missing: dict[str, list[str]] = {column: [] for column in files}
    for part in table.select(ordered).to_batches(max_chunksize=_ROWS):
        values = {c: _values(part, c) for c in ordered}
        for column in missing:
            values[column] = _file_hashes(values[column], base or Path(), missing[column])
        hashes += [
            _digest(list(zip(ordered, row, strict=True))) for row in zip(*values.values(), strict=True)
        ]
    if problems := [
        f"column {c!r}: {len(m)} of {table.num_rows} files cannot be read ({first_few(m)})"
        for c, m in missing.items()
        if m
    ]:
        raise InputError("; ".join(problems))
    return hashes


def _values(part: pa.RecordBatch, column: str) -> list[Any]:
    try:
        found: list[Any] = part[column].to_pylist()
    except (ValueError, OverflowError) as e:  # a time beyond the year 9999, a struct that repeats a field
        raise InputError(f"column {column!r}: values of type {part[column].type} cannot be read: {e}") from e
    return found


def _digest(parts: list[tuple[str, Any]]) -> str:
    text = json.dumps(parts, ensure_ascii=False, default=_plain, sort_keys=True)
    # lone surrogates are legal in a Python string but not in UTF-8; they must not stop an ingest
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _plain(value: object) -> str:
    # the type's name, so that bytes or a date differ from the text that would look the same
    return f"{type(value).__name__} {value.hex() if isinstance(value, bytes) else value}"


def _file_hashes(paths: list[Any], base: Path, missing: list[str]) -> list[str | None]:
    """Hash of each file, None where an item has none; names of files that cannot be read are appended."""
    out: list[str | None] = []
    for value in paths:
        if value is None:
            out.append(None)
            continue
        try:
            path = base / str(value)
            if not path.is_file():  # a named pipe would be waited for without end
                raise FileNotFoundError(path)
            with path.open("rb") as f:
                out.append(hashlib.file_digest(f, lambda: hashlib.blake2b(digest_size=16)).hexdigest())
        except (OSError, ValueError):
            out.append(None)
            missing.append(str(value))
    return out
