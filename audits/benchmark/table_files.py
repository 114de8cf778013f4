"""Tables as the files that people pass around: CSV, JSONL or Parquet, chosen by the file's suffix."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from audits.errors import ColumnsError, FileError, UsageError, collect, first_few
from audits.formulas import guarded_table, unguarded
from audits.out_files import checked_target, write_out
from audits.plain_files import checked_file, read_text_bytes


def write_table(table: pa.Table, path: Path, *, as_is: bool = False) -> int:
    """Write a table in one step: readers of the file see the old or the new content, never a part.

    Parameters
    ----------
    table : pyarrow.Table
    path : Path
        Ends in .csv, .jsonl or .parquet. In CSV text is quoted and null is an empty field.
    as_is : bool
        Leave text in CSV as it is. Otherwise what a spreadsheet would run as a formula gets an apostrophe in
        front (`formulas.guarded_key`), which `read_text_table` takes away again.

    Returns
    -------
    int
        How many cells got an apostrophe.

    Raises
    ------
    UsageError
        When the suffix is none of these, CSV cannot hold a column, or there is no such folder.
    DiskError
        When the disk does not take the file.
    """
    writer = _format(checked_target(path), _WRITERS)
    changed = 0
    if path.suffix == ".csv" and not as_is:
        table, changed = guarded_table(table)
    write_out(path, writer(table))
    return changed


def read_text_table(path: Path, schema: pa.Schema) -> pa.Table:
    """Read a table whose columns are known.

    Parameters
    ----------
    path : Path
        Ends in .csv, .jsonl or .parquet.
    schema : pyarrow.Schema
        Columns that may be there, with their types; columns beyond these are ignored.

    Returns
    -------
    pyarrow.Table
        The columns of `schema` that the file has, in the schema's order.

    Raises
    ------
    UsageError
        When the suffix is none of these.
    FileError
        When the file is missing or damaged.
    ColumnsError
        When a column is there twice, or has a value that is not of its type.
    """
    reader = _format(path, _READERS)
    checked_file(path)
    try:
        table = reader(path, schema)
        table.validate(full=True)  # or text that is no UTF-8 would fail wherever it is first looked at
    except (OSError, pa.ArrowException) as e:
        raise FileError(f"{path}: cannot be read as {path.suffix[1:]}: {e}") from e
    names = table.column_names
    if twice := [field.name for field in schema if names.count(field.name) > 1]:
        raise ColumnsError(f"{path}: {len(twice)} columns are given twice ({first_few(twice)})")
    columns, problems = {}, []
    for field in (f for f in schema if f.name in names):
        try:
            columns[field.name] = table[field.name].cast(field.type)
        except pa.ArrowException as e:
            problems.append(f"column {field.name!r}: expected {field.type}: {e}")
    if problems:
        raise ColumnsError(collect(str(path), problems))
    return pa.table(columns)


def _format(path: Path, formats: dict[str, Callable[..., object]]) -> Callable[..., pa.Table]:
    if path.suffix not in formats:
        raise UsageError(f"{path}: expected a file that ends in {', '.join(formats)}")
    return formats[path.suffix]


def _csv_bytes(table: pa.Table) -> bytes:
    nested = [f.name for f in table.schema if pa.types.is_nested(f.type)]
    if nested:
        raise UsageError(f"CSV cannot hold lists and structs (column {first_few(nested)}); write Parquet")
    sink = io.BytesIO()
    pcsv.write_csv(table, sink)
    return sink.getvalue()


def _jsonl_bytes(table: pa.Table) -> bytes:
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in table.to_pylist()).encode()


def _parquet_bytes(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def _from_csv(path: Path, schema: pa.Schema) -> pa.Table:
    data = read_text_bytes(path)
    if not data.strip(b"\r\n\t \xef\xbb\xbf"):
        raise FileError(f"{path}: the file is empty; expected a header row")
    # Only an empty field is null: 'NA', 'None' and 'null' are class names that real datasets have.
    convert = pcsv.ConvertOptions(
        column_types=dict.fromkeys(schema.names, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    # a row that is longer than a block would be refused
    read = pcsv.ReadOptions(block_size=max(len(data), 1))
    parse = pcsv.ParseOptions(newlines_in_values=True)
    table = pcsv.read_csv(io.BytesIO(data), read_options=read, convert_options=convert, parse_options=parse)
    for i, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            cells = [None if c is None else unguarded(c) for c in table.column(i).to_pylist()]
            table = table.set_column(i, field, pa.array(cells, pa.string()))
    return table


def _from_jsonl(path: Path, schema: pa.Schema) -> pa.Table:
    rows: list[dict[str, object]] = []
    bad: list[str] = []
    lines = io.TextIOWrapper(io.BytesIO(read_text_bytes(path)), "utf-8-sig", newline="\n")
    # Not splitlines(): JSON strings may hold further characters that Python takes for line ends.
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as e:
            bad.append(f"line {number}: not JSON ({e})")
            continue
        if not isinstance(row, dict):
            bad.append(f"line {number}: expected an object, got {type(row).__name__}")
            continue
        rows.append({field.name: row[field.name] for field in schema if field.name in row})
    if bad:
        raise FileError(collect(str(path), bad))
    there = pa.schema([f for f in schema if not rows or any(f.name in row for row in rows)])
    try:
        return pa.Table.from_pylist(rows, schema=there)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as e:
        raise ColumnsError(f"{path}: a value is not of its column's type: {e}") from e


def _from_parquet(path: Path, schema: pa.Schema) -> pa.Table:
    return pq.ParquetFile(path).read()


_WRITERS: dict[str, Callable[..., object]] = {
    ".csv": _csv_bytes,
    ".jsonl": _jsonl_bytes,
    ".parquet": _parquet_bytes,
}
_READERS: dict[str, Callable[..., object]] = {
    ".csv": _from_csv,
    ".jsonl": _from_jsonl,
    ".parquet": _from_parquet,
}
