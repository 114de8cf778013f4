"""What Arrow's CSV reader passes over or stops at: rows of too many or too few cells, a quote never closed."""

from __future__ import annotations

import codecs
import csv
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from audits.classes import is_text

#: How many rows of the wrong length are named.
_NAMED = 5


class BadRows:
    """Counts the rows that have another number of cells than the header, for Arrow to call."""

    def __init__(self) -> None:
        self.count = 0
        self._first: list[str] = []
        self._expected = 0

    def __call__(self, row: Any) -> str:
        """Count a row and have it skipped, so that all are found; `row` is a `pyarrow.csv.InvalidRow`."""
        self.count += 1
        self._expected = row.expected_columns
        if len(self._first) < _NAMED:
            self._first.append(f"row {row.number}: {row.actual_columns}")
        return "skip"

    def __str__(self) -> str:
        """What is wrong, how many rows, the first few by number; the header is row 1."""
        rest = self.count - len(self._first)
        named = ", ".join(self._first) + (f" and {rest} more" if rest > 0 else "")
        return f"{self.count} rows have another number of cells than the header, which has {self._expected} ({named})"


def unclosed_quote(path: Path, table: pa.Table) -> bool:
    """Whether the last row of a CSV file has taken in all that follows a quote that nobody closed.

    Parameters
    ----------
    path : Path
    table : pyarrow.Table
        What was read from it.
    """
    if not table.num_rows:
        return False
    last = table.slice(table.num_rows - 1)
    texts = [last.column(i)[0].as_py() for i, f in enumerate(table.schema) if is_text(f.type)]
    # A quote within a cell that is not quoted stands for itself, an inch mark for one: an odd number of them beside
    # a line break raises a suspicion, which a stricter reader confirms or not.
    suspected = any("\n" in t for t in texts if t) and sum(b.count(b'"') for b in _blocks(path)) % 2 == 1
    return suspected and _ends_within_quotes(path)


def _ends_within_quotes(path: Path) -> bool:
    limit = csv.field_size_limit(sys.maxsize)
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as f:
            for _ in csv.reader(f, strict=True):
                pass
    except csv.Error as e:
        return "unexpected end of data" in str(e)
    finally:
        csv.field_size_limit(limit)
    return False


def require_utf8(path: Path) -> None:
    """Read a file as UTF-8 and keep nothing of it; raises UnicodeDecodeError where it is none."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for block in _blocks(path):
        decoder.decode(block)
    decoder.decode(b"", final=True)


def last_line_ended(path: Path) -> Path | pa.BufferReader:
    """A CSV file whose last cell is a cell to Arrow: it takes a missing one at the very end for empty text."""
    with path.open("rb") as f:
        f.seek(max(0, f.seek(0, os.SEEK_END) - 1))
        if f.read(1) != b",":
            return path
        f.seek(0)
        return pa.BufferReader(f.read() + b"\n")


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as f:
        while block := f.read(1 << 20):
            yield block
