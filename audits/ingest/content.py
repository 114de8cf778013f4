"""Content hashes: what a reviewer is shown, as part of the question that a verdict answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from audits.errors import InputError, first_few


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
        When files are missing; all of them are counted, the first few named.
    """
    ordered = sorted(columns)
    if not ordered:
        return [_digest([])] * table.num_rows
    values: dict[str, list[Any]] = {c: table[c].to_pylist() for c in ordered}
    for column in files:
        values[column] = _file_hashes(values[column], column, base or Path())
    return [_digest(list(zip(ordered, row, strict=True))) for row in zip(*values.values(), strict=True)]


def _digest(parts: list[tuple[str, Any]]) -> str:
    text = json.dumps(parts, ensure_ascii=False, default=_plain, sort_keys=True)
    # lone surrogates are legal in a Python string but not in UTF-8; they must not stop an ingest
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _plain(value: object) -> str:
    return value.hex() if isinstance(value, (bytes, bytearray)) else str(value)


def _file_hashes(paths: list[Any], column: str, base: Path) -> list[str]:
    out: list[str] = []
    missing: list[str] = []
    for value in paths:
        path = base / str(value)
        try:
            with path.open("rb") as f:
                out.append(hashlib.file_digest(f, lambda: hashlib.blake2b(digest_size=16)).hexdigest())
        except OSError:
            missing.append(str(value))
    if missing:
        raise InputError(
            f"column {column!r}: {len(missing)} of {len(paths)} files cannot be read ({first_few(missing)})"
        )
    return out
