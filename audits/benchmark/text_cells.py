"""Change single cells of a CSV or JSONL file and take rows out, leaving every other byte as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping

from audits.errors import InputError

#: A cell and what ends it. A cell in quotes may hold delimiters, line ends and doubled quotes.
_CELL = re.compile(rb'("[^"]*(?:""[^"]*)*"[^,\r\n]*|[^,\r\n]*)(,|\r\n|\n|\r|\Z)')
_NEEDS_QUOTES = re.compile(r'[",\r\n]|^$')
_SPACE = re.compile(r"[ \t\r\n]*")
_REST_OF_LINE = re.compile(r"[ \t]*(?:\r?\n)?")

#: A row from its start to its end, line end included, and its cell from start to end.
_Row = tuple[int, int, int, int]


def edit_csv(data: bytes, position: int, new: Mapping[int, str], drop: Collection[int], n_rows: int) -> bytes:
    """Change cells of one column of a CSV file.

    Parameters
    ----------
    data : bytes
        The file, with a header line.
    position : int
        Of the column, from 0.
    new : mapping of int to str
        New value by row, from 0 below the header. It is put in quotes where the old one was, or it must be.
    drop : collection of int
        Rows to take out.
    n_rows : int
        How many rows the reader of the file found.

    Returns
    -------
    bytes

    Raises
    ------
    InputError
        When the rows are not those that the reader found.
    """
    rows = list(_csv_rows(data, position))[1:]
    _check_rows(rows, n_rows)

    def cell(start: int, end: int, value: str) -> bytes:
        quoted = data[start:end].startswith(b'"') or _NEEDS_QUOTES.search(value)
        return ('"' + value.replace('"', '""') + '"' if quoted else value).encode()

    parts, at = [], 0
    for i in sorted({*new, *drop}):
        start, end, cell_start, cell_end = rows[i]
        if i in drop:
            parts.append(data[at:start])
            at = end
        else:
            parts += [data[at:cell_start], cell(cell_start, cell_end, new[i])]
            at = cell_end
    return b"".join([*parts, data[at:]])


def edit_jsonl(
    data: bytes, key: str, new: Mapping[int, str | int | float], drop: Collection[int], n_rows: int
) -> bytes:
    """Change one key's values in a JSONL file.

    Parameters
    ----------
    data : bytes
        The file: JSON objects one after the other.
    key : str
        Must be in every object that `new` names.
    new : mapping of int to str, int or float
        New value by row, from 0.
    drop : collection of int
        Rows to take out.
    n_rows : int
        How many rows the reader of the file found.

    Returns
    -------
    bytes

    Raises
    ------
    InputError
        When the rows are not those that the reader found.
    """
    text = data.decode("utf-8", "surrogateescape")
    try:
        rows = list(_json_rows(text, key))
    except (ValueError, IndexError) as e:
        raise InputError(f"not one JSON object after the other: {e}") from e
    _check_rows(rows, n_rows)
    parts, at = [], 0
    for i in sorted({*new, *drop}):
        start, end, value_start, value_end = rows[i]
        if i in drop:
            parts.append(text[at:start])
            at = end
        else:
            parts += [text[at:value_start], json.dumps(new[i], ensure_ascii=False)]
            at = value_end
    return "".join([*parts, text[at:]]).encode("utf-8", "surrogateescape")


def _csv_rows(data: bytes, position: int) -> Iterator[_Row]:
    at = start = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    cells: list[tuple[int, int]] = []
    while at < len(data):
        # Any bytes match: a quote that never ends is taken up to the end of the line.
        found: re.Match[bytes] = _CELL.match(data, at)  # type: ignore[assignment]
        cells.append(found.span(1))
        at = found.end()
        if found[2] == b"," and at < len(data):
            continue
        if found[2] == b",":
            cells.append((at, at))
        if cells != [(start, start)]:  # else an empty line, which is no row
            if position >= len(cells):
                raise InputError(f"the row at byte {start} has {len(cells)} cells")
            yield start, at, *cells[position]
        start, cells = at, []


def _json_rows(text: str, key: str) -> Iterator[_Row]:
    # Numbers stay text: they are only passed over.
    decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str, strict=False)

    def skip(at: int) -> int:
        return _SPACE.match(text, at).end()  # type: ignore[union-attr]

    at = skip(text.startswith("\ufeff"))
    while at < len(text):
        start, value = at, (at, at)
        at = _after(text, at, "{", skip)
        while text[at] != "}":
            name, at = decoder.raw_decode(text, at)
            at = _after(text, skip(at), ":", skip)
            _, end = decoder.raw_decode(text, at)
            if name == key:
                value = (at, end)
            at = skip(end)
            if text[at] != "}":
                at = _after(text, at, ",", skip)
        at = _REST_OF_LINE.match(text, at + 1).end()  # type: ignore[union-attr]
        yield start, at, *value
        at = skip(at)


def _after(text: str, at: int, sign: str, skip: Callable[[int], int]) -> int:
    if text[at] != sign:
        raise ValueError(f"expected {sign!r} at character {at}, got {text[at]!r}")
    return skip(at + 1)


def _check_rows(rows: list[_Row], n_rows: int) -> None:
    if len(rows) != n_rows:
        raise InputError(f"{len(rows)} rows were found, but {n_rows} were read")
