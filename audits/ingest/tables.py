"""Read a table from Parquet, CSV, JSONL or Arrow; the file name's ending says which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.json
import pyarrow.parquet as pq

from audits.classes import is_text
from audits.errors import InputError, first_few

AsText = Sequence[str] | Literal["all"]

#: How much of a CSV file is looked at for a column's type, and the longest row of a CSV or JSONL file.
_BLOCK = 32 << 20


def read_table(path: Path, columns: Sequence[str], as_text: AsText = ()) -> pa.Table:
    """Read a file into an Arrow table.

    Parameters
    ----------
    path : Path
        A `.parquet`, `.csv`, `.jsonl` / `.ndjson`, or `.arrow` / `.feather` / `.ipc` file.
    columns : sequence of str
        Columns that must be there.
    as_text : sequence of str or "all"
        Columns that a CSV file gives as text, so that an id such as `007` keeps its zeros. With all of
        them as text no row can change how another one reads.

    Returns
    -------
    pyarrow.Table
        All columns of the file.

    Raises
    ------
    InputError
        When the file is missing, cannot be read, has another ending, names a column twice, or lacks one.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path}: unknown kind of file; expected one of {', '.join(READERS)}")
    try:
        if not path.is_file():
            raise InputError(f"{path}: there is no such file")
        table = reader(path, as_text)
        table.validate(full=True)  # or text that is no UTF-8 would fail wherever it is first looked at
        names = table.column_names
    except (pa.ArrowException, OSError, UnicodeDecodeError) as e:
        raise InputError(f"{path}: cannot be read as {path.suffix[1:].lower()}: {e}") from e
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise InputError(f"{path}: {len(twice)} column names are given twice ({first_few(twice)})")
    if missing := [c for c in columns if c not in names]:
        raise InputError(
            f"{path}: {len(missing)} columns are missing ({first_few(missing)}); it has {first_few(names, 12)}"
        )
    return table


def _parquet(path: Path, _as_text: AsText) -> pa.Table:
    return pq.read_table(path, memory_map=True)


def _csv(path: Path, as_text: AsText) -> pa.Table:
    read = pa.csv.ReadOptions(block_size=_BLOCK)
    parse = pa.csv.ParseOptions(newlines_in_values=True)
    if as_text == "all":
        with pa.csv.open_csv(path, read_options=read, parse_options=parse) as opened:
            as_text = opened.schema.names
    convert = pa.csv.ConvertOptions(
        column_types={c: pa.string() for c in as_text},
        # In a text column only an empty unquoted cell is missing; "NA" or "null" may well be a class.
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    return pa.csv.read_csv(path, read_options=read, convert_options=convert, parse_options=parse)


def _jsonl(path: Path, _as_text: AsText) -> pa.Table:
    read = pa.json.ReadOptions(block_size=_BLOCK)
    table = pa.json.read_json(path, read_options=read)
    # JSON knows no times: what Arrow took for one is text, and an id or a label more often than not.
    texts = [f.with_type(pa.string()) for f in table.schema if pa.types.is_timestamp(f.type)]
    if not texts:
        return table
    return pa.json.read_json(
        path, read_options=read, parse_options=pa.json.ParseOptions(explicit_schema=pa.schema(texts))
    )


def _arrow(path: Path, _as_text: AsText) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        try:
            return pa.ipc.open_file(source).read_all()
        except pa.ArrowInvalid:
            source.seek(0)
            return pa.ipc.open_stream(source).read_all()


#: Reader by file name ending. A new format is one function and one line here.
READERS: dict[str, Callable[[Path, AsText], pa.Table]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".arrow": _arrow,
    ".feather": _arrow,
    ".ipc": _arrow,
}


def id_texts(table: pa.Table, column: str, path: Path) -> pa.Array:
    """Ids as strings: whole numbers as digits, text as it is; missing stays null.

    Raises
    ------
    InputError
        When the column holds neither text nor whole numbers.
    """
    array = table[column].combine_chunks()
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_null(array.type) or pa.types.is_integer(array.type) or is_text(array.type):
        return array.cast(pa.string())
    raise InputError(
        f"{path}: the id column {column!r} has type {array.type}; expected text or whole numbers"
    )
