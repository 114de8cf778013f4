"""Read a table from Parquet, CSV, JSONL or Arrow; the file name's ending says which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.feather
import pyarrow.json
import pyarrow.parquet as pq

from audits.classes import LONGEST, is_text, too_long
from audits.errors import ColumnsError, FileError, IdsError, first_few
from audits.ingest.csv_rows import BadRows, last_line_ended, require_utf8, unclosed_quote
from audits.ingest.faults import Faults
from audits.ingest.file_errors import require_file, require_text, why_unreadable

AsText = Sequence[str] | Literal["all"]

#: How much of a CSV file is looked at for a column's type, and the longest row of a CSV or JSONL file.
_BLOCK = 32 << 20

#: Endings of files that are text.
_TEXT = (".csv", ".jsonl", ".ndjson")


def read_table(
    path: Path, columns: Sequence[str], as_text: AsText = (), faults: Faults | None = None
) -> pa.Table:
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
    faults : Faults, optional
        Where columns that are missing or given twice are noted instead of raised, so that the rest of the
        file can be looked at; the table is then without them.

    Returns
    -------
    pyarrow.Table
        All columns of the file.

    Raises
    ------
    FileError
        When the file is missing, cannot be read, or has another ending.
    ColumnsError
        When it names a column twice, or lacks one.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise FileError(f"{path}: unknown kind of file; expected one of {', '.join(READERS)}")
    try:
        require_file(path)
        if path.suffix.lower() in _TEXT:
            require_text(path)
        table = reader(path, as_text)
        table.validate(full=True)  # or text that is no UTF-8 would fail wherever it is first looked at
        names = table.column_names
    except FileError:
        raise
    except (pa.ArrowException, OSError, ValueError, MemoryError) as e:
        is_text_file = path.suffix.lower() in _TEXT
        said = why_unreadable(path, is_text_file, e)
        raise FileError(f"{path}: cannot be read as {path.suffix[1:].lower()}: {said}") from e
    found = Faults(path) if faults is None else faults
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        found.add(ColumnsError, f"{len(twice)} column names are given twice ({first_few(twice)})")
        table = table.select([i for i, n in enumerate(names) if n not in twice])
    if missing := list(dict.fromkeys(c for c in columns if c not in names)):
        has = first_few(names, 12) or "none"
        found.add(ColumnsError, f"{len(missing)} columns are missing ({first_few(missing)}); it has {has}")
    if faults is None:
        found.require()
    return table


def _parquet(path: Path, _as_text: AsText) -> pa.Table:
    # as one file: a data set would take columns from the names of its folders, and stop at a column given twice
    with pq.ParquetFile(path, memory_map=True) as opened:
        return opened.read()


def _csv(path: Path, as_text: AsText) -> pa.Table:
    read = pa.csv.ReadOptions(block_size=_BLOCK)
    parse = pa.csv.ParseOptions(newlines_in_values=True)
    bad = BadRows()
    require_utf8(path)  # Arrow prints a traceback where it decodes a row for `bad` that is none
    if as_text == "all":
        quiet = pa.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=lambda _: "skip")
        with pa.csv.open_csv(path, read_options=read, parse_options=quiet) as opened:
            as_text = opened.schema.names
    convert = pa.csv.ConvertOptions(
        column_types={c: pa.string() for c in as_text},
        # In a text column only an empty unquoted cell is missing; "NA" or "null" may well be a class.
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    parse.invalid_row_handler = bad
    source = last_line_ended(path)
    table = pa.csv.read_csv(source, read_options=read, convert_options=convert, parse_options=parse)
    if bad.count:
        # rows have numbers only where one thread reads them
        bad, read.use_threads = BadRows(), False
        parse.invalid_row_handler = bad
        pa.csv.read_csv(path, read_options=read, parse_options=parse)
        raise FileError(f"{path}: {bad}")
    if unclosed_quote(path, table):
        raise FileError(
            f"{path}: a quote is opened and never closed: the last row runs to the end of the file"
        )
    return table


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
    ColumnsError
        When the column holds neither text nor whole numbers.
    IdsError
        When ids are longer than a database can keep in an index (`audits.classes.LONGEST`), or hold a NUL
        character, which it cannot keep at all.
    """
    array = table[column].combine_chunks()
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if not (pa.types.is_null(array.type) or pa.types.is_integer(array.type) or is_text(array.type)):
        first = first_few(array.drop_null()[:3].to_pylist())
        raise ColumnsError(
            f"{path}: the id column {column!r} has type {array.type}; expected text or whole numbers"
            + (f" (the first: {first})" if first else "")
        )
    texts = array.cast(pa.string())
    long = texts.filter(pc.greater(pc.utf8_length(texts), LONGEST))
    long = long if len(long) else texts.filter(pc.greater(pc.binary_length(texts), 2 * LONGEST))
    if len(long):
        raise IdsError(f"{path}: column {column!r}: {too_long(len(long), len(texts), long[0].as_py())}")
    nul = texts.filter(pc.match_substring(texts, "\0"))
    if len(nul):
        raise IdsError(
            f"{path}: column {column!r}: {len(nul)} of {len(texts)} ids hold a NUL character "
            f"({first_few(nul[:6].to_pylist())})"
        )
    return texts
