"""Read one model's output files, whatever their kind, into arrays in the file's own row order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from audits.classes import UNKNOWN, ClassList, EncodedLabels
from audits.config import Dataset
from audits.errors import AuditError, ColumnsError, FileError, ShapeError, first_few
from audits.ingest.arrays import open_npy, widened
from audits.ingest.faults import Faults
from audits.ingest.tables import id_texts, read_table
from audits.input_config import ModelConfig, OutputsConfig
from audits.outputs import Floats, ModelOutputs


@dataclass(frozen=True)
class OutputFile:
    """A file's rows, in the file's order.

    Attributes
    ----------
    ids : pyarrow string array or None
        Item ids of the rows; None when the rows are said to be in items order.
    outputs : ModelOutputs
        The m rows of the file.
    labels_known : bool array, shape (m,), or None
        Whether all classes that a row names are in the class list; None for dense outputs.
    """

    ids: pa.Array | None
    outputs: ModelOutputs
    labels_known: npt.NDArray[np.bool_] | None = None


#: Notes what is wrong with the ids of a file whose outputs cannot be read.
LookAtIds = Callable[[pa.Array, Faults], None]


def read_output_file(dataset: Dataset, model: ModelConfig, look: LookAtIds | None = None) -> OutputFile:
    """Read a model's output file or pair of files.

    Parameters
    ----------
    dataset : Dataset
    model : ModelConfig
    look : callable, optional
        Notes what is wrong with the ids, when the file is refused for something else.

    Raises
    ------
    InputError
        When a file cannot be read (FileError), lacks a column (ColumnsError), its shape does not fit the class
        list (ShapeError), or several of these.
    """
    return _READERS[model.outputs.kind](dataset, model, look or (lambda ids, faults: None))


def _read_dense(dataset: Dataset, model: ModelConfig, look: LookAtIds) -> OutputFile:
    config, classes = model.outputs, dataset.classes
    path = dataset.resolve(config.path)
    if path.suffix == ".npy":
        array: Floats = widened(open_npy(path, 2, "f", "probabilities (items, classes)"))
        if array.shape[1] != len(classes):
            raise ShapeError(
                f"{path}: {array.shape[1]} columns, but the class list has {len(classes)} classes"
            )
        if config.columns is not None:
            array = array[:, _column_order(config, classes, path)]
        return OutputFile(None, ModelOutputs(model.name, "dense", len(classes), pred_probs=array))
    faults = Faults(path)
    table = read_table(path, _named_columns(config), as_text=[config.id], faults=faults)
    ids = _ids(table, config, path, faults)
    probs: Floats | None = None
    with faults.noted():
        if config.column is None:
            probs = _class_probabilities(table, classes, faults)
        elif config.column in table.column_names:
            probs = matrix_of(table[config.column], config.column)
            if probs.shape[1] != len(classes):
                raise ShapeError(
                    f"lists of {probs.shape[1]} probabilities, but the class list has {len(classes)} classes"
                )
    if faults or probs is None:
        raise _refused(faults, ids, look)
    outputs = ModelOutputs(model.name, "dense", len(classes), pred_probs=widened(probs))
    return OutputFile(ids, outputs)


def _read_top_k(dataset: Dataset, model: ModelConfig, look: LookAtIds) -> OutputFile:
    config = model.outputs
    path = dataset.resolve(config.path)
    ids: pa.Array | None = None
    if path.suffix == ".npy":
        array = open_npy(path, 2, "iu", "top-k classes (items, k)")
        faults = Faults(f"{path} and {config.probs}")
        probs: Floats | None = widened(
            open_npy(dataset.resolve(config.probs or ""), 2, "f", "top-k probabilities (items, k)")
        )
        shape, flat = array.shape, _arrow(array.ravel(), path)
    else:
        wanted = [*_named_columns(config), "top_k_labels", "top_k_probs"]
        faults = Faults(path)
        table = read_table(path, wanted, as_text=[config.id], faults=faults)
        ids = _ids(table, config, path, faults)
        flat, shape, probs = None, (0, 0), None
        if "top_k_labels" in table.column_names:
            with faults.noted():
                flat, k = _flattened(table["top_k_labels"], "top_k_labels")
                shape = (table.num_rows, k)
        if "top_k_probs" in table.column_names:
            with faults.noted():
                probs = widened(matrix_of(table["top_k_probs"], "top_k_probs"))
    encoded = None
    if flat is not None:
        if probs is not None and shape != probs.shape:
            faults.add(ShapeError, f"{shape} classes but {probs.shape} probabilities")
        if not 1 <= shape[1] <= len(dataset.classes):
            faults.add(ShapeError, f"top {shape[1]} of {len(dataset.classes)} classes")
        with faults.noted():
            encoded = dataset.classes.encode(flat, config.labels_as, from_model=True)
    if faults or encoded is None or probs is None:
        raise _refused(faults, ids, look)
    index = encoded.index.reshape(shape)
    outputs = ModelOutputs(model.name, "top_k", len(dataset.classes), top_k_labels=index, top_k_probs=probs)
    return OutputFile(ids, outputs, (index != UNKNOWN).all(axis=1))


def _read_labels(dataset: Dataset, model: ModelConfig, look: LookAtIds) -> OutputFile:
    config = model.outputs
    path = dataset.resolve(config.path)
    faults = Faults(path)
    ids: pa.Array | None = None
    values, place = None, ""
    if path.suffix == ".npy":
        values = _arrow(open_npy(path, 1, "iuU", "predicted labels (items,)"), path)
    else:
        column = config.column or "predicted_label"
        table = read_table(path, [*_named_columns(config), column], [config.id, column], faults)
        ids = _ids(table, config, path, faults)
        values, place = table[column] if column in table.column_names else None, f"column {column!r}"
    encoded: EncodedLabels | None = None
    if values is not None:
        with faults.noted(place):
            encoded = dataset.classes.encode(values, config.labels_as, from_model=True)
    if faults or encoded is None:
        raise _refused(faults, ids, look)
    # an empty text is no answer, as an empty cell is
    missing = pc.fill_null(pc.equal(encoded.text, ""), True).to_numpy(zero_copy_only=False)
    outputs = ModelOutputs(model.name, "labels", len(dataset.classes), labels=encoded.index)
    return OutputFile(ids, outputs, missing | (encoded.index != UNKNOWN))


#: Reader by kind of outputs. A new kind is one function and one line here.
_READERS: dict[str, Callable[[Dataset, ModelConfig, LookAtIds], OutputFile]] = {
    "dense": _read_dense,
    "top_k": _read_top_k,
    "labels": _read_labels,
}


def _named_columns(config: OutputsConfig) -> list[str]:
    own = [config.column] if config.column else []
    return own if config.rows == "items_order" else [config.id, *own]


def _ids(table: pa.Table, config: OutputsConfig, path: Path, faults: Faults) -> pa.Array | None:
    # Ids that are there outrank a claim about the order: joining by them can only be safer.
    ids: pa.Array | None = None
    if config.id in table.column_names:
        with faults.noted():
            ids = id_texts(table, config.id, path)
    return ids


def _refused(faults: Faults, ids: pa.Array | None, look: LookAtIds) -> AuditError:
    if ids is not None:
        look(ids, faults)
    return faults.error()


def _column_order(config: OutputsConfig, classes: ClassList, path: Path) -> list[int]:
    given = [str(c) for c in config.columns or ()]
    if sorted(given) != sorted(classes.ids):
        odd = sorted(set(given) ^ set(classes.ids)) or [g for g in given if given.count(g) > 1]
        raise ShapeError(
            f"{path}: 'columns' must name each class id once; {len(odd)} differ ({first_few(odd)})"
        )
    return [given.index(id_) for id_ in classes.ids]


def _class_probabilities(table: pa.Table, classes: ClassList, faults: Faults) -> Floats | None:
    names = _class_columns(table.column_names, classes)
    missing = [n for n in names if n not in table.column_names]
    if missing:
        faults.add(
            ColumnsError,
            f"expected a column a class, named by class id or name; {len(missing)} of {len(classes)} are missing "
            f"({first_few(missing)}); it has {first_few(table.column_names, 12)}. For one list column say which with "
            "'column'",
        )
    if bad := [n for n in names if n not in missing and not _is_number(table[n].type)]:
        types = first_few(dict.fromkeys(str(table[n].type) for n in bad))
        faults.add(ColumnsError, f"{len(bad)} class columns hold no numbers but {types} ({first_few(bad)})")
    return None if missing or bad else np.column_stack([_floats(table[n]) for n in names])


def _class_columns(columns: list[str], classes: ClassList) -> list[str]:
    """Names of the columns: the ids, or the names where all of these and not all of those are there."""
    have = set(columns)
    by_name = not classes.repeated_names and all(n in have for n in classes.names)
    return list(classes.names if by_name and not all(i in have for i in classes.ids) else classes.ids)


def _is_number(type_: pa.DataType) -> bool:
    return bool(pa.types.is_floating(type_) or pa.types.is_integer(type_))


def _floats(values: pa.ChunkedArray) -> Floats:
    """Numbers as floats of their own width; missing ones become NaN, for the check to refuse."""
    if not pa.types.is_floating(values.type):
        values = values.cast(pa.float64(), safe=False)
    array: Floats = values.to_numpy()
    return array


def matrix_of(column: pa.ChunkedArray, name: str) -> Floats:
    """A list column of numbers, of one length, as a matrix."""
    flat, length = _flattened(column, name)
    if not _is_number(flat.type):
        raise ColumnsError(f"column {name!r} holds lists of {flat.type}; expected numbers")
    return _floats(flat).reshape(-1, length)


def _flattened(column: pa.ChunkedArray, name: str) -> tuple[pa.ChunkedArray, int]:
    """The values of a list column, one list after the other, and the one length of its lists."""
    type_ = column.type
    if not len(column):
        raise ShapeError("there are no rows")
    if not (pa.types.is_list(type_) or pa.types.is_large_list(type_) or pa.types.is_fixed_size_list(type_)):
        raise ColumnsError(f"column {name!r} has type {type_}; expected lists")
    counts = pc.value_counts(pc.list_value_length(column)).to_pylist()
    if len(counts) != 1 or not counts[0]["values"]:
        got = [f"{c['counts']} of {'null' if c['values'] is None else c['values']}" for c in counts]
        raise ShapeError(
            f"column {name!r}: every row must have a list of the same length, got {first_few(got)}"
        )
    return pc.list_flatten(column), counts[0]["values"]


def _arrow(array: npt.NDArray[np.generic], path: Path) -> pa.Array:
    try:
        return pa.array(array.astype(array.dtype.newbyteorder("="), copy=False))
    except ValueError as e:  # half of a surrogate pair
        raise FileError(f"{path}: holds text that is no valid Unicode: {e}") from e
