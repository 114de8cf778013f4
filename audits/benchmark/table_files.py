"""Tables as the files that people pass around: CSV, JSONL or Parquet, chosen by the file's suffix."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from audits.disk import write_atomic
from audits.errors import InputError, UsageError, first_few


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table in one step: readers of the file see the old or the new content, never a part.

    Parameters
    ----------
    table : pyarrow.Table
    path : Path
        Ends in .csv, .jsonl or .parquet. In CSV text is quoted and null is an empty field.

    Raises
    ------
    UsageError
        When the suffix is none of these, or CSV cannot hold a column.
    """
    write_atomic(path, _format(path, _WRITERS)(table))


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
    InputError
        When the file is missing, damaged or has a value that is not of its column's type.
    """
    reader = _format(path, _READERS)
    try:
        table = reader(path, schema)
        there = [field for field in schema if field.name in table.column_names]
        return table.select([f.name for f in there]).cast(pa.schema(there))
    except FileNotFoundError as e:
        raise InputError(f"{path}: there is no such file") from e
    except (OSError, UnicodeDecodeError, pa.ArrowException) as e:
        raise InputError(f"{path}: {e}") from e


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
    # Only an empty field is null: 'NA', 'None' and 'null' are class names that real datasets have.
    convert = pcsv.ConvertOptions(
        column_types=schema, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    return pcsv.read_csv(
        path, convert_options=convert, parse_options=pcsv.ParseOptions(newlines_in_values=True)
    )


def _from_jsonl(path: Path, schema: pa.Schema) -> pa.Table:
    rows: list[dict[str, object]] = []
    # Not splitlines(): JSON strings may hold further characters that Python takes for line ends.
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as e:
            raise InputError(f"{path}, line {number}: not JSON ({e})") from e
        if not isinstance(row, dict):
            raise InputError(f"{path}, line {number}: expected an object, got {type(row).__name__}")
        rows.append(row)
    there = [f for f in schema if not rows or any(f.name in row for row in rows)]
    return pa.Table.from_pylist(rows, schema=pa.schema(there))


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
