"""The files that reviewers get and send back: their columns, and reading them with true line numbers."""

from __future__ import annotations

import csv
import difflib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from audits.errors import SHOWN, InputError, UsageError, first_few

#: What an export says about an item, beside its content.
ASKED = (
    "item_id",
    "question",
    "given_label",
    "given_name",
    "suggested_label",
    "suggested_name",
    "reasons",
)
#: What the reviewer fills in.
ANSWERED = ("decision", "labels", "reviewer", "comment", "seconds")
#: What a program that writes such a file may add.
OPTIONAL = ("client_id", "decided_at")
#: Content columns carry this before their own name, so that they cannot clash with the others.
CONTENT = "content_"

_REQUIRED = ("item_id", "question", "decision")
_KNOWN = (*ASKED, *ANSWERED, *OPTIONAL)


@dataclass(frozen=True)
class FileRow:
    """One row of a file: the 1-based line it begins on and its values by column."""

    line: int
    values: dict[str, Any]


@dataclass(frozen=True)
class BadRow:
    """What is wrong with the row that begins on a line."""

    line: int
    problem: str


def file_format(path: Path) -> Literal["csv", "jsonl"]:
    """Format by the file's suffix.

    Raises
    ------
    UsageError
        When it is neither .csv nor .jsonl.
    """
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return "csv"
    if suffix == ".jsonl":
        return "jsonl"
    raise UsageError(f"{path}: expected a name that ends in .csv or .jsonl, got {suffix or 'no suffix'!r}")


def read_rows(path: Path) -> tuple[list[FileRow], list[BadRow]]:
    """Read a CSV or JSONL file of verdicts.

    Rows without any value are passed over. CSV values are strings; JSONL values are what JSON says.

    Parameters
    ----------
    path : Path
        UTF-8, with or without a byte order mark, any line ends.

    Returns
    -------
    rows : list of FileRow
        Those that could be read.
    bad : list of BadRow
        Those that could not.

    Raises
    ------
    UsageError
        When the suffix is neither .csv nor .jsonl or the file is not there.
    InputError
        When the file is not text, or its columns are not those of an export.
    """
    format_ = file_format(path)
    text = _read_text(path)
    return _read_csv(path, text) if format_ == "csv" else _read_jsonl(text)


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as e:
        raise UsageError(f"{path}: cannot be read: {e.strerror}") from e
    if (nul := data.find(b"\0")) >= 0:
        raise InputError(f"{path}: line {_line_at(data, nul)}: a NUL byte; expected UTF-8 text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise InputError(
            f"{path}: line {_line_at(data, e.start)}: not UTF-8 ({e.reason}); save the file as UTF-8"
        ) from e


def _line_at(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def _read_csv(path: Path, text: str) -> tuple[list[FileRow], list[BadRow]]:
    # the reader refuses fields beyond a limit that belongs to the whole process: only ever raise it
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    records = _csv_records(text)
    try:
        header = [name.strip() for name in next(records)[1]]
    except StopIteration:
        raise InputError(f"{path}: the file is empty; expected a header row") from None
    except csv.Error as e:
        raise InputError(f"{path}: line 1: not valid CSV ({e})") from e
    _check_header(path, header)
    rows: list[FileRow] = []
    bad: list[BadRow] = []
    line = 1
    try:
        for line, cells in records:
            if len(cells) == len(header):
                rows.append(FileRow(line, dict(zip(header, cells, strict=True))))
            else:
                bad.append(BadRow(line, f"{len(cells)} fields, but the header has {len(header)}"))
    except csv.Error as e:
        bad.append(BadRow(line, f"not valid CSV after this row ({e}); the rest of the file was not read"))
    return rows, bad


def _csv_records(text: str) -> Iterator[tuple[int, list[str]]]:
    # Lines end at \n, as editors count them; a \r alone ends lines only in files that have nothing else.
    newline = "\n" if "\n" in text else ""
    reader = csv.reader(io.StringIO(text, newline=newline), strict=True)
    start = 1
    for cells in reader:
        if any(cells):
            yield start, cells
        start = reader.line_num + 1


def _check_header(path: Path, header: list[str]) -> None:
    problems = []
    if missing := [name for name in _REQUIRED if name not in header]:
        problems.append(f"no column {first_few([repr(m) for m in missing])}")
    if twice := sorted({name for name in header if header.count(name) > 1}):
        problems.append(f"columns given twice: {first_few(twice)}")
    if len(header) == 1 and (other := [c for c in (";", "\t") if c in header[0]]):
        problems.append(f"columns are separated by {other[0]!r}; expected ','")
    else:
        problems += [_unknown(name) for name in header if not _is_known(name)]
    if problems:
        raise InputError(f"{path}: line 1: {'; '.join(problems)}")


def _is_known(name: str) -> bool:
    return name in _KNOWN or name.startswith(CONTENT)


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, _KNOWN, n=1, cutoff=0.0)[0]
    return f"unknown column {name!r}; the nearest known one is {near!r}"


def _read_jsonl(text: str) -> tuple[list[FileRow], list[BadRow]]:
    rows: list[FileRow] = []
    bad: list[BadRow] = []
    # not splitlines(): that also splits at characters which JSON strings may hold as they are
    for line, raw in enumerate(text.split("\n"), start=1):
        if not raw.strip():
            continue
        try:
            values = json.loads(raw, object_pairs_hook=_no_key_twice, parse_constant=_no_constant)
        except (ValueError, RecursionError) as e:
            bad.append(BadRow(line, f"not valid JSON ({e})"))
            continue
        if not isinstance(values, dict):
            bad.append(BadRow(line, f"expected a JSON object, got {type(values).__name__}"))
            continue
        problems = [f"no {name!r}" for name in _REQUIRED if name not in values]
        problems += [_unknown(name) for name in values if not _is_known(name)][:SHOWN]
        bad += [BadRow(line, p) for p in problems]
        if not problems:
            rows.append(FileRow(line, values))
    return rows, bad


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a key is given twice")
    return values


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
