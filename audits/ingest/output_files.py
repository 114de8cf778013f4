"""Read one model's output files, whatever their kind, into arrays in the file's own row order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from audits.classes import UNKNOWN, ClassList, EncodedLabels, LabelsAs
from audits.config import Dataset, ModelConfig, OutputsConfig
from audits.errors import InputError, first_few
from audits.ingest.arrays import open_npy, widened
from audits.ingest.tables import id_texts, read_table
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


def read_output_file(dataset: Dataset, model: ModelConfig) -> OutputFile:
    """Read a model's output file or pair of files.

    Raises
    ------
    InputError
        When a file cannot be read, lacks a column, or its shape does not fit the class list.
    """
    return _READERS[model.outputs.kind](dataset, model)


def _read_dense(dataset: Dataset, model: ModelConfig) -> OutputFile:
    config, classes = model.outputs, dataset.classes
    path = dataset.resolve(config.path)
    if path.suffix == ".npy":
        probs: Floats = widened(open_npy(path, 2, "f", "probabilities (items, classes)"))
        if probs.shape[1] != len(classes):
            raise InputError(
                f"{path}: {probs.shape[1]} columns, but the class list has {len(classes)} classes"
            )
        if config.columns is not None:
            probs = probs[:, _column_order(config, classes)]
        return OutputFile(None, ModelOutputs(model.name, "dense", len(classes), pred_probs=probs))
    table = read_table(path, _named_columns(config), as_text=[config.id])
    if config.column is not None:
        probs = widened(_matrix(table[config.column], str(path), config.column))
        if probs.shape[1] != len(classes):
            raise InputError(
                f"{path}: lists of {probs.shape[1]} probabilities, but the class list has {len(classes)} classes"
            )
    else:
        names = _class_columns(table.column_names, classes, str(path))
        if bad := [n for n in names if not _is_number(table[n].type)]:
            raise InputError(f"{path}: {len(bad)} class columns hold no numbers ({first_few(bad)})")
        probs = np.column_stack([_floats(table[n]) for n in names])
    outputs = ModelOutputs(model.name, "dense", len(classes), pred_probs=widened(probs))
    return OutputFile(_ids(table, config, dataset), outputs)


def _read_top_k(dataset: Dataset, model: ModelConfig) -> OutputFile:
    config = model.outputs
    path = dataset.resolve(config.path)
    ids: pa.Array | None = None
    if path.suffix == ".npy":
        array = open_npy(path, 2, "iu", "top-k classes (items, k)")
        probs = open_npy(dataset.resolve(config.probs or ""), 2, "f", "top-k probabilities (items, k)")
        where, shape, flat = f"{path} and {config.probs}", array.shape, _arrow(array.ravel(), str(path))
    else:
        wanted = [*_named_columns(config), "top_k_labels", "top_k_probs"]
        table = read_table(path, wanted, as_text=[config.id])
        ids = _ids(table, config, dataset)
        where = str(path)
        flat, k = _flattened(table["top_k_labels"], where, "top_k_labels")
        shape = (table.num_rows, k)
        probs = _matrix(table["top_k_probs"], where, "top_k_probs")
    if shape != probs.shape:
        raise InputError(f"{where}: {shape} classes but {probs.shape} probabilities")
    if not 1 <= shape[1] <= len(dataset.classes):
        raise InputError(f"{where}: top {shape[1]} of {len(dataset.classes)} classes")
    index = _encode(flat, dataset.classes, config.labels_as, where).index.reshape(shape)
    outputs = ModelOutputs(
        model.name, "top_k", len(dataset.classes), top_k_labels=index, top_k_probs=widened(probs)
    )
    return OutputFile(ids, outputs, (index != UNKNOWN).all(axis=1))


def _read_labels(dataset: Dataset, model: ModelConfig) -> OutputFile:
    config = model.outputs
    path = dataset.resolve(config.path)
    ids: pa.Array | None = None
    if path.suffix == ".npy":
        values = _arrow(open_npy(path, 1, "iuU", "predicted labels (items,)"), str(path))
        where = str(path)
    else:
        column = config.column or "predicted_label"
        table = read_table(path, [*_named_columns(config), column], as_text=[config.id, column])
        ids = _ids(table, config, dataset)
        values, where = table[column], f"{path}: column {column!r}"
    encoded = _encode(values, dataset.classes, config.labels_as, where)
    # an empty text is no answer, as an empty cell is
    missing = pc.fill_null(pc.equal(encoded.text, ""), True).to_numpy(zero_copy_only=False)
    outputs = ModelOutputs(model.name, "labels", len(dataset.classes), labels=encoded.index)
    return OutputFile(ids, outputs, missing | (encoded.index != UNKNOWN))


#: Reader by kind of outputs. A new kind is one function and one line here.
_READERS: dict[str, Callable[[Dataset, ModelConfig], OutputFile]] = {
    "dense": _read_dense,
    "top_k": _read_top_k,
    "labels": _read_labels,
}


def _named_columns(config: OutputsConfig) -> list[str]:
    own = [config.column] if config.column else []
    return own if config.rows == "items_order" else [config.id, *own]


def _ids(table: pa.Table, config: OutputsConfig, dataset: Dataset) -> pa.Array | None:
    if config.rows == "items_order":
        if config.id in table.column_names:
            # Ids that are there outrank a claim about the order: joining by them can only be safer.
            return id_texts(table, config.id, dataset.resolve(config.path))
        return None
    return id_texts(table, config.id, dataset.resolve(config.path))


def _column_order(config: OutputsConfig, classes: ClassList) -> list[int]:
    given = [str(c) for c in config.columns or ()]
    if sorted(given) != sorted(classes.ids):
        odd = sorted(set(given) ^ set(classes.ids))
        raise InputError(f"'columns' must name each class id once; {len(odd)} differ ({first_few(odd)})")
    return [given.index(id_) for id_ in classes.ids]


def _class_columns(columns: list[str], classes: ClassList, where: str) -> list[str]:
    have = set(columns)
    if all(i in have for i in classes.ids):
        return list(classes.ids)
    if not classes.repeated_names and all(n in have for n in classes.names):
        return list(classes.names)
    missing = [i for i in classes.ids if i not in have]
    raise InputError(
        f"{where}: expected a column a class, named by class id or name; {len(missing)} of {len(classes)} "
        f"are missing ({first_few(missing)}). For one list column say which with 'column'"
    )


def _is_number(type_: pa.DataType) -> bool:
    return bool(pa.types.is_floating(type_) or pa.types.is_integer(type_))


def _floats(values: pa.ChunkedArray) -> Floats:
    """Numbers as floats of their own width; missing ones become NaN, for the check to refuse."""
    if not pa.types.is_floating(values.type):
        values = values.cast(pa.float64(), safe=False)
    array: Floats = values.to_numpy()
    return array


def _matrix(column: pa.ChunkedArray, where: str, name: str) -> Floats:
    """A list column of numbers, of one length, as a matrix."""
    flat, length = _flattened(column, where, name)
    if not _is_number(flat.type):
        raise InputError(f"{where}: column {name!r} holds lists of {flat.type}; expected numbers")
    return _floats(flat).reshape(-1, length)


def _flattened(column: pa.ChunkedArray, where: str, name: str) -> tuple[pa.ChunkedArray, int]:
    """The values of a list column, one list after the other, and the one length of its lists."""
    type_ = column.type
    if not len(column):
        raise InputError(f"{where}: there are no rows")
    if not (pa.types.is_list(type_) or pa.types.is_large_list(type_) or pa.types.is_fixed_size_list(type_)):
        raise InputError(f"{where}: column {name!r} has type {type_}; expected lists")
    counts = pc.value_counts(pc.list_value_length(column)).to_pylist()
    if len(counts) != 1 or not counts[0]["values"]:
        got = [f"{c['counts']} of {'null' if c['values'] is None else c['values']}" for c in counts]
        raise InputError(
            f"{where}: column {name!r}: every row must have a list of the same length, got {first_few(got)}"
        )
    return pc.list_flatten(column), counts[0]["values"]


def _arrow(array: npt.NDArray[np.generic], where: str) -> pa.Array:
    try:
        return pa.array(array.astype(array.dtype.newbyteorder("="), copy=False))
    except ValueError as e:  # half of a surrogate pair
        raise InputError(f"{where}: holds text that is no valid Unicode: {e}") from e


def _encode(
    values: pa.Array | pa.ChunkedArray, classes: ClassList, labels_as: LabelsAs, where: str
) -> EncodedLabels:
    try:
        return classes.encode(values, labels_as, from_model=True)
    except InputError as e:
        raise InputError(f"{where}: {e}") from e
