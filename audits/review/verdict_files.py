"""The files that reviewers get and send back: their columns, and reading them with true line numbers."""

from __future__ import annotations

import csv
import difflib
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from audits.errors import SHOWN, ColumnsError, FileError, UsageError, first_few, plain
from audits.formulas import unguarded
from audits.plain_files import read_text_bytes

#: What an export says about an item, beside its content.
ASKED = (
    "item_id",
    "question",
    "given_label",
    "given_name",
    "suggested_label",
    "suggested_name",
    "reasons",
    "reopened",
)
#: What the reviewer fills in.
ANSWERED = ("decision", "labels", "reviewer", "comment", "seconds")
#: What a program that writes such a file may add.
OPTIONAL = ("client_id", "decided_at")
#: What the history of all verdicts has beside, and any other file may have. A row with `stored_at` was stored once and
#: carries its whole question, so that it can be taken back where the item poses another one by now.
HISTORY = (
    *("question_content", "question_classes"),
    *("role", "category", "severity", "shown", "suggested"),
    *("stored_at", "source", "verdict"),
    *("withdrawn", "withdrawn_by", "withdrawn_at", "withdrawn_because"),
)
#: Content columns carry this before their own name, so that they cannot clash with the others.
CONTENT = "content_"

#: How many bad rows a message names. For those beyond it nothing is looked up that only serves the message.
NAMED = 50

_REQUIRED = ("item_id", "question", "decision")
_KNOWN = (*ASKED, *ANSWERED, *OPTIONAL, *HISTORY)

#: What a file that holds nothing may consist of: line ends, blanks, a byte order mark.
_BLANKS = b"\r\n\t \xef\xbb\xbf"


@dataclass(frozen=True)
class FileRow:
    """One row of a file.

    Attributes
    ----------
    line : int
        The 1-based line it begins on; of a file that is no table, its number among what the file lists.
    values : dict
        Its values by column.
    part : str
        Which part of what stands there, where one line has several.
    """

    line: int
    values: dict[str, Any]
    part: str = ""

    def bad(self, problem: str) -> BadRow:
        """The row as one with something wrong."""
        return BadRow(self.line, f"{self.part}: {problem}" if self.part else problem)


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

    Rows without any value are passed over, and so is what the item was shown with. CSV values are strings;
    JSONL values are what JSON says.

    Parameters
    ----------
    path : Path
        UTF-8, with or without a byte order mark, any line ends; at most `plain_files.LARGEST` bytes.

    Returns
    -------
    rows : list of FileRow
        Those that could be read.
    bad : list of BadRow
        Those that could not.

    Raises
    ------
    UsageError
        When the suffix is neither .csv nor .jsonl.
    FileError
        When the file is missing, empty, too large or no text.
    ColumnsError
        When its columns are not those of an export.
    """
    format_ = file_format(path)
    data = read_text_bytes(path)
    if format_ == "jsonl":
        return _read_jsonl(data)  # one without a line is what an empty queue is exported as
    if not data.strip(_BLANKS):
        raise FileError(f"{path}: the file is empty; expected a header row")
    return _read_csv(path, data)


def _read_csv(path: Path, data: bytes) -> tuple[list[FileRow], list[BadRow]]:
    # the reader refuses fields beyond a limit that belongs to the whole process: only ever raise it
    csv.field_size_limit(max(csv.field_size_limit(), len(data)))
    records = _csv_records(data)
    try:
        header = [name.strip() for name in next(records, (1, [""]))[1]]
    except csv.Error as e:
        raise FileError(f"{path}: line 1: not valid CSV ({e})") from e
    _check_header(path, header)
    wanted = [i for i, name in enumerate(header) if not name.startswith(CONTENT)]
    # people write what they mean; what a program wrote for spreadsheets has apostrophes to take away
    plain_cell = unguarded if "stored_at" in header else str
    rows: list[FileRow] = []
    bad: list[BadRow] = []
    line = 1
    try:
        for line, cells in records:
            if len(cells) == len(header):
                rows.append(FileRow(line, {header[i]: plain_cell(cells[i]) for i in wanted}))
            else:
                bad.append(BadRow(line, f"{len(cells)} fields, but the header has {len(header)}"))
    except csv.Error as e:
        bad.append(BadRow(line, f"not valid CSV after this row ({e}); the rest of the file was not read"))
    return rows, bad


def _csv_records(data: bytes) -> Iterator[tuple[int, list[str]]]:
    # Lines end at \n, as editors count them; a \r alone ends lines only in files that have nothing else.
    newline = "\n" if b"\n" in data else ""
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline=newline), strict=True)
    start = 1
    for cells in reader:
        if any(cells):
            yield start, cells
        start = reader.line_num + 1


def _check_header(path: Path, header: list[str]) -> None:
    problems = []
    if missing := [name for name in _REQUIRED if name not in header]:
        problems.append(f"no column {first_few([repr(m) for m in missing])}")
    if twice := sorted(name for name, times in Counter(header).items() if times > 1):
        problems.append(f"columns given twice: {first_few(map(repr, twice))}")
    if len(header) == 1 and (other := [c for c in (";", "\t") if c in header[0]]):
        problems.append(f"columns are separated by {other[0]!r}; expected ','")
    else:
        problems += _unknown(list(dict.fromkeys(header)))
    if problems:
        raise ColumnsError(f"{path}: line 1: {'; '.join(problems)}")


def _unknown(names: list[str], hint: bool = True) -> list[str]:
    unknown = [name for name in names if not (name in _KNOWN or name.startswith(CONTENT))]
    if not hint:
        return ["unknown columns"] if unknown else []
    rest = [f"{len(unknown) - SHOWN} more unknown columns"] if len(unknown) > SHOWN else []
    return [_nearest(name) for name in unknown[:SHOWN]] + rest


def _nearest(name: str) -> str:
    # the comparison takes time in the product of the lengths, and a name can be a whole book
    near = difflib.get_close_matches(name[:100], _KNOWN, n=1, cutoff=0.0)[0]
    return f"unknown column {plain(repr(name))}; the nearest known one is {near!r}"


def _read_jsonl(data: bytes) -> tuple[list[FileRow], list[BadRow]]:
    rows: list[FileRow] = []
    bad: list[BadRow] = []
    # not splitlines(): that also splits at characters which JSON strings may hold as they are
    for line, raw in enumerate(io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline="\n"), start=1):
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
        problems += _unknown(list(values), hint=len(bad) < NAMED)
        bad += [BadRow(line, p) for p in problems]
        if not problems:
            kept = {name: value for name, value in values.items() if not name.startswith(CONTENT)}
            rows.append(FileRow(line, kept))
    return rows, bad


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a key is given twice")
    return values


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
