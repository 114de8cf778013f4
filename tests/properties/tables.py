"""Arrow tables of every type, and files of every format that hold them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet as pq
from hypothesis import assume
from hypothesis import strategies as st

#: Any text that a file in UTF-8 can hold: control characters, signs beyond the first plane, blanks.
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6) | st.sampled_from(
    ["", " ", "1", "01", "1.0", "1e5", "-0", "NaN", "nan", "null", "None", "NA", "true", "2020-01-01", "=1+1", '"',
     "a\nb",      "\r", ",", "\ufeff", "\u2028", "\x1b[31m", "\U0001f600", "e\u0301", "\x85"]
)  # fmt: skip

#: Text as people name things.
words = st.text(st.sampled_from("abc019 _-."), min_size=1, max_size=4)

_FLOATS = st.floats(width=16) | st.sampled_from(
    [0.0, -0.0, 1.0, 2.0, 0.5, float("nan"), float("inf"), -float("inf")]
)
_TIMES = st.datetimes(dt.datetime(1970, 1, 2), dt.datetime(2100, 1, 1))

#: Types with values for them: what a column of ids, labels, probabilities or anything else may turn out to be.
_KINDS: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.string(), texts),
    (pa.large_string(), texts),
    (pa.string_view(), texts),
    (pa.dictionary(pa.int8(), pa.string()), texts),
    (pa.dictionary(pa.int32(), pa.int64()), st.integers(-2, 9)),
    *((pa.int8() if s else pa.uint8(), st.integers(0, 12)) for s in (0, 1)),
    (pa.int16(), st.integers(-3, 999)),
    (pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    (pa.uint64(), st.integers(0, 2**64 - 1)),
    (pa.float16(), _FLOATS),
    (pa.float32(), _FLOATS),
    (pa.float64(), _FLOATS | st.floats()),
    (pa.bool_(), st.booleans()),
    (pa.null(), st.none()),
    (pa.binary(), st.binary(max_size=4)),
    (pa.large_binary(), st.binary(max_size=4)),
    (pa.decimal128(10, 2), st.decimals(-99, 99, places=2)),
    (pa.date32(), _TIMES.map(lambda t: t.date())),
    (pa.timestamp("us"), _TIMES),
    (pa.timestamp("ms", "UTC"), _TIMES.map(lambda t: t.replace(microsecond=0, tzinfo=dt.UTC))),
    (pa.time32("s"), _TIMES.map(lambda t: t.time().replace(microsecond=0))),
    (pa.list_(pa.float64()), st.lists(_FLOATS, max_size=4)),
    (pa.large_list(pa.string()), st.lists(texts, max_size=3)),
    (pa.list_(pa.float32(), 3), st.lists(_FLOATS, min_size=3, max_size=3)),
    (pa.struct({"a": pa.int64(), "b": pa.list_(pa.string())}),
     st.fixed_dictionaries({"a": st.integers(0, 9), "b": st.lists(texts, max_size=2)})),
]  # fmt: skip

FORMATS = ("parquet", "csv", "jsonl", "arrow", "feather")


@st.composite
def columns(
    draw: st.DrawFn, n: int, kinds: list[tuple[pa.DataType, st.SearchStrategy[Any]]] | None = None
) -> pa.ChunkedArray:
    """A column of n values of one type, some of them null, in one chunk or several."""
    type_, values = draw(st.sampled_from(kinds or _KINDS))
    nullable = draw(st.sampled_from([False, False, True]))
    drawn = draw(st.lists(st.none() | values if nullable else values, min_size=n, max_size=n))
    array = (
        pa.array(drawn, type_.value_type).dictionary_encode()
        if pa.types.is_dictionary(type_)
        else pa.array(drawn, type_)
    )
    at = draw(st.integers(0, n))
    return pa.chunked_array([array[:at], array[at:]] if draw(st.booleans()) else [array])


#: Types that ids and labels are commonly of, so that what is drawn is not refused each time.
TAME: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.string(), texts), (pa.large_string(), words), (pa.dictionary(pa.int8(), pa.string()), words),
    (pa.int64(), st.integers(-5, 99)), (pa.uint8(), st.integers(0, 9)),
]  # fmt: skip


def write(table: pa.Table, path: Path) -> list[dict[str, Any]]:
    """Write a table in the format that the path's ending names, and give the rows as that format holds them.

    A table that the format cannot hold is none of the test's business: another example is drawn.
    """
    try:
        if path.suffix == ".parquet":
            pq.write_table(table, path)
        elif path.suffix == ".arrow":
            with pa.ipc.new_file(str(path), table.schema) as writer:
                writer.write_table(table)
        elif path.suffix == ".feather":
            pyarrow.feather.write_feather(table, str(path))
        elif path.suffix == ".jsonl":
            path.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()), encoding="utf-8")
        else:
            rows = [[_cell(v) for v in row.values()] for row in table.to_pylist()]
            path.write_bytes(
                "\n".join(",".join(row) for row in [[_cell(c) for c in table.column_names], *rows]).encode()
            )
            return [{k: None if v is None else str(v) for k, v in row.items()} for row in table.to_pylist()]
    except (pa.ArrowException, TypeError, NotImplementedError, OverflowError):
        assume(False)
    return table.to_pylist()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list | dict | bytes):
        raise TypeError("no cell")
    text = str(value)
    return '"' + text.replace('"', '""') + '"'


def as_text(value: object, *, whole_floats: bool = False) -> str | None:
    """How a cell reads as an id or a label; raises TypeError for what is neither text nor a whole number."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if whole_floats and isinstance(value, float) and value == int(value):
        return str(int(value))
    raise TypeError(f"{value!r} is no id and no label")


def rows_as_csv(header: list[str], rows: list[list[str]]) -> bytes:
    """Rows as a spreadsheet writes them."""
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    return out.getvalue().encode()
