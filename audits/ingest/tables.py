"""Read a table from Parquet, CSV, JSONL or Arrow; the file name's ending says which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.json
import pyarrow.parquet as pq

from audits.errors import InputError, first_few

#: How much of a JSONL file is looked at for a value's type. A larger block also means a larger longest line.
_JSON_BLOCK = 32 << 20


def read_table(path: Path, columns: Sequence[str], as_text: Sequence[str] = ()) -> pa.Table:
    """Read a file into an Arrow table.

    Parameters
    ----------
    path : Path
        A `.parquet`, `.csv`, `.jsonl` / `.ndjson`, or `.arrow` / `.feather` / `.ipc` file.
    columns : sequence of str
        Columns that must be there.
    as_text : sequence of str
        Columns that a CSV file gives as text, so that an id such as `007` keeps its zeros.

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
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    try:
        table = reader(path, as_text)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as e:
        raise InputError(f"{path}: cannot be read as {path.suffix[1:]}: {e}") from e
    names = table.column_names
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise InputError(f"{path}: {len(twice)} column names are given twice ({first_few(twice)})")
    if missing := [c for c in columns if c not in names]:
        raise InputError(
            f"{path}: {len(missing)} columns are missing ({first_few(missing)}); it has {first_few(names, 12)}"
        )
    return table


def _parquet(path: Path, _as_text: Sequence[str]) -> pa.Table:
    return pq.read_table(path, memory_map=True)


def _csv(path: Path, as_text: Sequence[str]) -> pa.Table:
    convert = pa.csv.ConvertOptions(
        column_types={c: pa.string() for c in as_text},
        # In a text column only an empty unquoted cell is missing; "NA" or "null" may well be a class.
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    parse = pa.csv.ParseOptions(newlines_in_values=True)
    return pa.csv.read_csv(path, convert_options=convert, parse_options=parse)


def _jsonl(path: Path, _as_text: Sequence[str]) -> pa.Table:
    return pa.json.read_json(path, read_options=pa.json.ReadOptions(block_size=_JSON_BLOCK))


def _arrow(path: Path, _as_text: Sequence[str]) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        try:
            return pa.ipc.open_file(source).read_all()
        except pa.ArrowInvalid:
            source.seek(0)
            return pa.ipc.open_stream(source).read_all()


#: Reader by file name ending. A new format is one function and one line here.
READERS: dict[str, Callable[[Path, Sequence[str]], pa.Table]] = {
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
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], type=array.type)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_null(array.type):
        return array.cast(pa.string())
    if (
        pa.types.is_integer(array.type)
        or pa.types.is_string(array.type)
        or pa.types.is_large_string(array.type)
    ):
        return array.cast(pa.string())
    raise InputError(
        f"{path}: the id column {column!r} has type {array.type}; expected text or whole numbers"
    )
