"""Mutations of tables: CSV cells, Parquet and Arrow columns, npy arrays and their headers."""

from __future__ import annotations

import csv
import io
import pickle
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from tests.fuzz.byte_mutators import LARGEST
from tests.fuzz.tokens import CELLS

_NAMES = ["item_id", "label", "", " ", "x", "0", "pixels", "a.b", "İ", "question", "\x1b[31m"]


def csv_cells(data: bytes, rng: Random) -> bytes:
    """Change cells, columns or rows of a CSV file, or what separates them."""
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    if not rows:
        return rng.choice(CELLS).encode("utf-8", "surrogatepass")
    width, how = len(rows[0]), rng.randrange(9)
    column = rng.randrange(width) if width else 0
    if how == 0:
        rows = [row[:column] + row[column + 1 :] for row in rows]
    elif how == 1:
        rows[0][column : column + 1] = [rng.choice(_NAMES)]
    elif how == 2:
        rows.insert(rng.randrange(len(rows) + 1), list(rng.choice(rows)))
    elif how == 3:
        word = rng.choice(CELLS)
        rows[1:] = [[*row[:column], word, *row[column + 1 :]] for row in rows[1:]]
    elif how == 4:
        at = rng.randrange(len(rows))
        rows[at] = rows[at][: rng.randrange(width + 1)] + ["x"] * rng.randrange(3)
    elif how == 5:
        rows = [[*row, row[column] if column < len(row) else ""] for row in rows]
    else:
        for _ in range(rng.choice([1, 1, 3, 20])):
            at = rng.randrange(len(rows))
            if rows[at]:
                rows[at][rng.randrange(len(rows[at]))] = rng.choice(CELLS)
    out = io.StringIO()
    sign = rng.choice([",", ",", ",", ",", ";", "\t"])
    writer = csv.writer(
        out, delimiter=sign, quoting=rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        lineterminator=rng.choice(["\n", "\r\n"]), escapechar="\\",
    )  # fmt: skip
    writer.writerows(rows)
    return out.getvalue().encode("utf-8", "surrogatepass")[:LARGEST]


def parquet(data: bytes, rng: Random) -> bytes:
    """Change a Parquet table's columns, types, rows or values."""
    table = change_table(pq.read_table(io.BytesIO(data), use_threads=False), rng)
    sink = io.BytesIO()
    pq.write_table(
        table, sink, compression=rng.choice(["snappy", "zstd", "none"]),
        row_group_size=rng.choice([None, 1 + len(table) // 3]),
        version=rng.choice(["1.0", "2.6"]), use_dictionary=rng.random() < 0.5,
    )  # fmt: skip
    return sink.getvalue()


def arrow(data: bytes, rng: Random) -> bytes:
    """Change an Arrow file's columns, types, rows or values; at times it becomes a stream."""
    table = change_table(pa.ipc.open_file(io.BytesIO(data)).read_all(), rng)
    sink = io.BytesIO()
    new = pa.ipc.new_stream if rng.random() < 0.3 else pa.ipc.new_file
    with new(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=rng.choice([None, 7]))
    return sink.getvalue()


def change_table(table: pa.Table, rng: Random) -> pa.Table:
    """One to three changes of a table; one that a column's type does not allow changes nothing."""
    for _ in range(rng.choice([1, 1, 2, 3])):
        try:
            table = _change_table(table, rng)
        except (pa.ArrowException, NotImplementedError, OverflowError, ValueError, TypeError):
            continue
    return table


def _change_table(table: pa.Table, rng: Random) -> pa.Table:
    if not table.num_columns:
        return pa.table({rng.choice(_NAMES): [1]})
    at, n = rng.randrange(table.num_columns), table.num_rows
    name, column = table.column_names[at], table.column(at)
    how = rng.randrange(12)
    if how == 0:
        return table.drop_columns([name])
    if how == 1:
        return table.rename_columns(
            [rng.choice(_NAMES) if i == at else c for i, c in enumerate(table.column_names)]
        )
    if how == 2:
        return table.append_column(name, column)
    if how == 3:
        return table.slice(0, rng.choice([0, 1, n // 2, max(0, n - 1)]))
    if how == 4:
        return pa.concat_tables([table, table.slice(rng.randrange(n + 1), rng.choice([1, 5, n]))])
    if how == 5:
        return table.take(pa.array(rng.sample(range(n), n)))
    if how in (6, 7):
        values = column.to_pylist()
        for _ in range(rng.choice([1, 2, n])):
            if n:
                values[rng.randrange(n)] = other_value(values[rng.randrange(n)], rng)
        return table.set_column(at, name, pa.array(values, column.type))
    if how == 8:
        return table.set_column(at, name, column.cast(rng.choice(_types()), safe=False))
    if how == 9:
        flat = column.combine_chunks()
        wrapped: list[Callable[[], Any]] = [
            lambda: flat.dictionary_encode(),
            lambda: pa.StructArray.from_arrays([flat, flat], names=["a", rng.choice(["a", "b"])]),
            lambda: pa.FixedSizeListArray.from_arrays(flat, 1),
            lambda: pa.ListArray.from_arrays(pa.array(np.arange(n + 1), pa.int32()), flat),
            lambda: pa.nulls(n, column.type),
            lambda: pa.nulls(n),
            lambda: pa.array(
                [None if i % 7 == 0 else v for i, v in enumerate(flat.to_pylist())], column.type
            ),
        ]
        return table.set_column(at, name, rng.choice(wrapped)())
    if how == 10:
        return table.set_column(at, name, pa.array([rng.choice(CELLS).replace("\x00", "")] * n))
    return table.select(rng.sample(table.column_names, table.num_columns))


def other_value(value: object, rng: Random) -> object:
    """Another value of about the same type; None at times."""
    if rng.random() < 0.15:
        return None
    if isinstance(value, float):
        return rng.choice(
            [float("nan"), float("inf"), -float("inf"), -0.0, -1e-9, 1.0 + 1e-6, 1e308, 5e-324, 0.5, 3.0]
        )
    if isinstance(value, int):
        return rng.choice([0, -1, 1, 255, 2**31, 2**63 - 1, -(2**63)])
    if isinstance(value, list):
        return rng.choice([[], [*value, *value], value[:-1], [None] * len(value), value[::-1]])
    return rng.choice(CELLS).replace("\x00", "") if isinstance(value, str) else value


def _types() -> list[pa.DataType]:
    return [
        pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.int8(), pa.int64(), pa.uint64(), pa.float16(),
        pa.float32(), pa.float64(), pa.bool_(), pa.decimal128(38, 3), pa.timestamp("ns", "UTC"), pa.date32(), pa.null(),
        pa.duration("s"), pa.time64("us"), pa.list_(pa.float64()), pa.dictionary(pa.int8(), pa.string()),
    ]  # fmt: skip


def npy(data: bytes, rng: Random) -> bytes:
    """Change an array's shape, type or values, or what its header says of them."""
    array = np.load(io.BytesIO(data))
    how = rng.randrange(9)
    if how == 0:
        return _saved(array.T if rng.random() < 0.5 else np.asfortranarray(array))
    if how == 1:
        kinds = ["<f2", ">f4", ">f8", "<i8", ">i2", "u1", "?", "<U5", "<c16", "M8[s]", "V8", np.longdouble]
        return _saved(array.astype(rng.choice(kinds), casting="unsafe"))
    if how == 2:
        return _saved(np.concatenate([array, array])[: rng.choice([0, 1, len(array) - 1, len(array) + 1])])
    if how == 3 and array.dtype.kind == "f":
        spoiled = array.copy()
        spoiled.reshape(-1)[: rng.choice([1, 3, array.size])] = rng.choice(
            [np.nan, np.inf, -1.0, 2.0, 1e300, 0.0]
        )
        return _saved(spoiled)
    if how == 4:
        return _saved(np.roll(array, rng.choice([1, -1]), axis=0))
    if how == 5:
        sink = io.BytesIO()
        np.lib.format.write_array(sink, array.astype(object), allow_pickle=True)
        return rng.choice([sink.getvalue(), pickle.dumps(array), _zipped(array)])
    if how == 6:
        return _saved(array[..., None] if rng.random() < 0.5 else array.reshape(-1))
    lies = ["(0,)", "(999999999999, 3)", "(-1, 3)", "(3,)", "()", "(2**40, 2**40)", "(1e3, 3)", "('a', 3)", "(True, 3)",
            "(60, 3, 0)", "(18446744073709551616, 3)"]  # fmt: skip
    start = data.find(b"'shape': ") + len("'shape': ")
    end = data.find(b")", start) + 1
    header_end = data.find(b"\n", end)
    text = data[10:start] + rng.choice(lies).encode() + data[end:header_end].rstrip()
    return data[:10] + text.ljust(header_end - 10)[: max(header_end - 10, 0)] + data[header_end:]


def _saved(array: np.ndarray) -> bytes:
    sink = io.BytesIO()
    np.save(sink, array)
    return sink.getvalue()


def _zipped(array: np.ndarray) -> bytes:
    sink = io.BytesIO()
    np.savez(sink, array)
    return sink.getvalue()


#: What can be done to files by their ending, by name.
TABLES: dict[str, dict[str, Callable[[bytes, Random], bytes]]] = {
    ".csv": {"csv_cells": csv_cells},
    ".parquet": {"parquet": parquet},
    ".arrow": {"arrow": arrow},
    ".npy": {"npy": npy},
}
