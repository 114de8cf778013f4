"""Ways to spoil the good workspace, as functions that make a case's `spoil`."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.conftest import MadeUp

Spoil = Callable[[MadeUp], None]


def folder(zoo: MadeUp) -> Path:
    """Where the data files are."""
    return zoo.root / "datasets" / "zoo"


def yaml_is(text: str | bytes) -> Spoil:
    """Replace the whole YAML file."""
    data = text.encode() if isinstance(text, str) else text
    return lambda zoo: void(zoo.yaml().write_bytes(data))


def yaml_has(old: str, new: str) -> Spoil:
    """Replace a part of the YAML file."""

    def spoil(zoo: MadeUp) -> None:
        text = zoo.yaml().read_text()
        assert old in text
        zoo.yaml().write_text(text.replace(old, new))

    return spoil


def yaml_and(more: str) -> Spoil:
    """Add to the end of the YAML file."""
    return lambda zoo: void(zoo.yaml().write_text(zoo.yaml().read_text() + more))


def items_are(change: Callable[[pa.Table], pa.Table]) -> Spoil:
    """Change the table of the items."""
    return lambda zoo: zoo.write_items(change(zoo.items()))


def items_file(name: str, data: bytes | str | Callable[[MadeUp], bytes]) -> Spoil:
    """Have the YAML file name another items file, and write it."""

    def spoil(zoo: MadeUp) -> None:
        yaml_has("zoo/items.parquet", f"zoo/{name}")(zoo)
        write(folder(zoo) / name, data(zoo) if callable(data) else data)

    return spoil


def outputs_are(change: Callable[[pa.Table], pa.Table]) -> Spoil:
    """Change the table of the outputs of model m0."""

    def spoil(zoo: MadeUp) -> None:
        path = folder(zoo) / "m0.parquet"
        pq.write_table(change(pq.read_table(path)), path)

    return spoil


def outputs_file(
    name: str, data: bytes | str | Callable[[MadeUp], bytes], more: str = "", kind: str = "dense"
) -> Spoil:
    """Have the YAML file name another file for model m0, with more keys, and write it."""

    def spoil(zoo: MadeUp) -> None:
        yaml_has("{kind: dense, path: zoo/m0.parquet}", f"{{kind: {kind}, path: zoo/{name}{more}}}")(zoo)
        write(folder(zoo) / name, data(zoo) if callable(data) else data)

    return spoil


def array_file(change: Callable[[np.ndarray], np.ndarray], *, pickled: bool = False, more: str = "") -> Spoil:
    """Give the outputs of model m0 as a `.npy` file in items order, changed."""
    data: Callable[[MadeUp], bytes] = lambda zoo: npy(change(in_items_order(zoo)), pickled)  # noqa: E731 named for mypy
    return outputs_file("m0.npy", data, f", rows: items_order{more}")


def annotations_file(data: bytes | str | Callable[[MadeUp], bytes], name: str = "annotations.csv") -> Spoil:
    """Add annotations."""

    def spoil(zoo: MadeUp) -> None:
        yaml_and(f"annotations: {{path: zoo/{name}}}\n")(zoo)
        write(folder(zoo) / name, data(zoo) if callable(data) else data)

    return spoil


def both(*spoils: Spoil) -> Spoil:
    """One after the other."""

    def spoil(zoo: MadeUp) -> None:
        for each in spoils:
            each(zoo)

    return spoil


def write(path: Path, data: bytes | str) -> None:
    """Write a file, text in UTF-8 with its line ends as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def void(_: object) -> None:
    """Nothing, for a function of one line."""


def with_column(table: pa.Table, name: str, values: object) -> pa.Table:
    """The table with a column replaced."""
    return table.set_column(table.column_names.index(name), name, pa.chunked_array([values]))


def with_cells(name: str, cells: dict[int, object]) -> Callable[[pa.Table], pa.Table]:
    """A change of single cells of a column, by row."""

    def change(table: pa.Table) -> pa.Table:
        values = table[name].to_pylist()
        for row, value in cells.items():
            values[row] = value
        return with_column(table, name, pa.array(values, table.schema.field(name).type))

    return change


def parquet(table: pa.Table) -> bytes:
    """A Parquet file."""
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def csv(table: pa.Table, end: str = "\n") -> str:
    """A CSV file with all cells quoted."""
    rows = [table.column_names, *zip(*table.to_pydict().values(), strict=True)]
    return "".join(",".join('"' + str(c).replace('"', '""') + '"' for c in row) + end for row in rows)


def npy(array: np.ndarray, pickled: bool = False) -> bytes:
    """A `.npy` file."""
    out = io.BytesIO()
    np.save(out, array, allow_pickle=pickled)
    return out.getvalue()


def npy_header(shape: str, descr: str = "'<f8'") -> bytes:
    """The beginning of a `.npy` file that says it has such a shape."""
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * ((-len(text) - 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def in_items_order(zoo: MadeUp) -> np.ndarray:
    """Probabilities of model m0 in items order, shape (60, 3)."""
    table = pq.read_table(folder(zoo) / "m0.parquet").to_pydict()
    row = {i: r for r, i in enumerate(table["item_id"])}
    order = [row[i] for i in zoo.items()["item_id"].to_pylist()]
    return np.column_stack([np.array(table[c])[order] for c in ("ant", "bee", "cow")])
