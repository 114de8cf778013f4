"""Ingest what items are compared by: embeddings, numeric columns, text columns, image files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from audits import contracts
from audits.classes import is_text
from audits.config import Dataset
from audits.errors import ColumnsError, InputError, PathError, ShapeError, first_few
from audits.feature_config import FeaturesConfig
from audits.ingest.arrays import open_npy
from audits.ingest.faults import Faults
from audits.ingest.images import read_images
from audits.ingest.model_outputs import id_columns, positions_of
from audits.ingest.output_files import matrix_of
from audits.ingest.tables import id_texts, read_table
from audits.outputs import row_blocks
from audits.signals.inputs import Features

#: Between the columns of one item's text.
_BETWEEN = "\n"


@dataclass(frozen=True)
class IngestedFeatures:
    """What items are compared by as read, not judged yet.

    Attributes
    ----------
    features : Features
        In items order; NaN where an item has no vector.
    rows : pyarrow.Table
        In the schema `contracts.OUTPUT_ROWS`: what the expectations judge. Of vectors only whether they are there
        and finite.
    """

    features: Features
    rows: pa.Table


def ingest_features(
    dataset: Dataset, config: FeaturesConfig, item_ids: pa.Array, further: pa.Table
) -> IngestedFeatures:
    """Read one entry of a dataset's `features`.

    Parameters
    ----------
    dataset : Dataset
    config : FeaturesConfig
        One of `dataset.config.features`.
    item_ids : pyarrow string array, length n
        The items' ids, in items order.
    further : pyarrow.Table, n rows
        The further columns of the items file.

    Returns
    -------
    IngestedFeatures

    Raises
    ------
    FileError
        When a file of embeddings, or an image, cannot be read.
    PathError
        When a path leads out of the allowed folders.
    InputError
        When columns are missing or hold something else, or embeddings have another shape than the items.
    """
    try:
        return _READERS[config.kind](dataset, config, item_ids, further)
    except (InputError, PathError) as e:
        raise type(e)(f"features {config.name!r}: {e}") from e


def _embeddings(
    dataset: Dataset, config: FeaturesConfig, item_ids: pa.Array, further: pa.Table
) -> IngestedFeatures:
    path = dataset.resolve(config.path or "")
    ids: pa.Array | None = None
    if path.suffix == ".npy":
        read = open_npy(path, 2, "fiu", "embeddings (items, dimensions)")
    else:
        ids, read = _table_of_vectors(path, config)
    if ids is None and len(read) != len(item_ids):
        raise ShapeError(
            f"{path}: {len(read)} rows said to be in items order, but there are {len(item_ids)} items"
        )
    if not read.shape[1]:
        raise ShapeError(f"{path}: embeddings without a dimension, of shape {read.shape}")
    vectors = _as_float32(read)
    if ids is None:
        return _judged_vectors(config, vectors, item_ids, item_ids)
    position = positions_of(ids, item_ids)
    joined = np.full((len(item_ids), vectors.shape[1]), np.nan, dtype=np.float32)
    known = np.flatnonzero(position >= 0)[::-1]  # reversed, so that the first row of a repeated id stays
    joined[position[known]] = vectors[known]
    return _judged_vectors(config, joined, ids, item_ids)


def _table_of_vectors(path: Path, config: FeaturesConfig) -> tuple[pa.Array | None, npt.NDArray[np.floating]]:
    column = config.column or ""
    named = [column] if config.rows == "items_order" else [config.id, column]
    faults = Faults(path)
    table = read_table(path, named, as_text=[config.id], faults=faults)
    ids: pa.Array | None = None
    vectors = None
    # ids that are there outrank a claim about the order: joining by them can only be safer
    if config.id in table.column_names:
        with faults.noted():
            ids = id_texts(table, config.id, path)
    if column in table.column_names:
        with faults.noted():
            vectors = matrix_of(table[column], column)
    if faults or vectors is None:
        raise faults.error()
    return ids, vectors


def _as_float32(array: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
    """The same in float32, without a copy where it is; what is too large for it becomes infinite."""
    with np.errstate(all="ignore"):
        return np.asarray(array).astype(np.float32, copy=False)


def _judged_vectors(
    config: FeaturesConfig, vectors: npt.NDArray[np.floating], ids: pa.Array, item_ids: pa.Array
) -> IngestedFeatures:
    blocks = [np.isfinite(block).all(axis=1) for block in row_blocks(vectors)]
    finite = np.concatenate(blocks) if blocks else np.empty(0, dtype=bool)
    features = Features(config.name, config.kind, vectors=vectors, metric=config.metric)
    return IngestedFeatures(features, id_rows(ids, item_ids, finite))


def id_rows(
    ids: pa.Array,
    item_ids: pa.Array,
    finite: npt.NDArray[np.bool_],
    numbers: dict[str, npt.NDArray[np.float64]] | None = None,
) -> pa.Table:
    """What the expectations judge of a file with a row an item.

    Parameters
    ----------
    ids : pyarrow string array
        Ids of the file's rows.
    item_ids : pyarrow string array, length n
    finite : bool array, shape (n,)
        Whether all values of the item's row are finite; it does not matter where there is no such row.
    numbers : dict of str to float array, shape (n,), optional
        Any of the columns `min`, `max` and `sum`.

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.OUTPUT_ROWS`.
    """
    columns = id_columns(ids, positions_of(ids, item_ids), item_ids)
    n = len(item_ids)
    there = columns["rows"].to_numpy(zero_copy_only=False)[:n] > 0
    given: dict[str, pa.Array] = {"finite": pa.array(finite, mask=~there)}
    given |= {name: pa.array(values, mask=~there | ~finite) for name, values in (numbers or {}).items()}
    strangers = len(columns["item_id"]) - n
    columns |= {k: pa.concat_arrays([v, pa.nulls(strangers, v.type)]) for k, v in given.items()}
    nothing = {f.name: pa.nulls(n + strangers, f.type) for f in contracts.OUTPUT_ROWS}
    return pa.table({**nothing, **columns}, schema=contracts.OUTPUT_ROWS)


def _numeric(
    dataset: Dataset, config: FeaturesConfig, item_ids: pa.Array, further: pa.Table
) -> IngestedFeatures:
    faults = Faults(dataset.resolve(dataset.config.items.path))
    columns = []
    for name, values in _named(further, config.columns, faults).items():
        with faults.noted(f"column {name!r}"):
            columns.append(_numbers(values, item_ids))
    faults.require()
    # at full width: two amounts or times that differ in the last digits are not the same
    return _judged_vectors(config, np.column_stack(columns), item_ids, item_ids)


def _numbers(values: pa.Array, item_ids: pa.Array) -> npt.NDArray[np.float64]:
    """A column as numbers, NaN where a cell is empty; a CSV file gives them as text."""
    if is_text(values.type):
        # Arrow does not say which cells are at fault
        texts = [(v or "").strip() for v in values.to_pylist()]
        if bad := [i for i, text in enumerate(texts) if text and not _is_number(text)]:
            named = first_few(f"item_id {item_ids[i]}: {texts[i]!r}" for i in bad)
            raise ColumnsError(f"{len(bad)} of {len(texts)} cells hold no number ({named})")
        return np.array([float(text) if text else np.nan for text in texts], dtype=np.float64)
    types = pa.types
    numeric = (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean, types.is_null)
    if not any(fits(values.type) for fits in numeric):
        raise ColumnsError(f"has type {values.type}; expected numbers")
    found: npt.NDArray[np.float64] = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return found


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text  # which Python takes for a separator


def _text(
    dataset: Dataset, config: FeaturesConfig, item_ids: pa.Array, further: pa.Table
) -> IngestedFeatures:
    faults = Faults(dataset.resolve(dataset.config.items.path))
    columns = []
    for name, values in _named(further, config.columns, faults).items():
        with faults.noted(f"column {name!r}"):
            columns.append(_texts(values))
    faults.require()
    # Arrow leaves out rows in which every column is null
    nothing = np.all([c.is_null().to_numpy(zero_copy_only=False) for c in columns], axis=0)
    columns[0] = pc.if_else(pa.array(nothing), "", columns[0])
    joined = pc.binary_join_element_wise(*columns, _BETWEEN, null_handling="skip")
    texts = pc.if_else(pc.equal(pc.utf8_trim_whitespace(joined), ""), None, joined)
    return _without_vectors(Features(config.name, "text", texts=texts, metric=config.metric), item_ids)


def _texts(values: pa.Array) -> pa.Array:
    """A column as text; lists of texts, such as the choices of a question, are joined."""
    type_ = values.type
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        if not is_text(type_.value_type):
            raise ColumnsError(f"has type {type_}; expected text")
        return pc.binary_join(values.cast(pa.list_(pa.string())), _BETWEEN)
    plain = (is_text, pa.types.is_integer, pa.types.is_floating, pa.types.is_null)
    if not any(fits(type_) for fits in plain):
        raise ColumnsError(f"has type {type_}; expected text")
    return values.cast(pa.string())


def _images(
    dataset: Dataset, config: FeaturesConfig, item_ids: pa.Array, further: pa.Table
) -> IngestedFeatures:
    items = dataset.resolve(dataset.config.items.path)
    faults = Faults(items)
    column = config.column or ""
    names = _named(further, [column], faults).get(column)
    if names is not None and not is_text(names.type) and not pa.types.is_null(names.type):
        faults.add(ColumnsError, f"column {column!r}: has type {names.type}; expected paths of files")
    if faults or names is None:
        raise faults.error()
    with faults.noted(f"column {column!r}"):
        images = read_images(names.cast(pa.string()), dataset.path.parent, dataset.roots.of_data(items))
        features = Features(config.name, "images", hashes=images.hashes, digests=images.digests)
        return _without_vectors(features, item_ids)
    raise faults.error()


def _without_vectors(features: Features, item_ids: pa.Array) -> IngestedFeatures:
    return IngestedFeatures(features, id_rows(item_ids, item_ids, np.ones(len(item_ids), dtype=bool)))


def _named(further: pa.Table, columns: Sequence[str], faults: Faults) -> dict[str, pa.Array]:
    """Columns of the items file by name; those that are not there are noted."""
    there = further.column_names
    if missing := [c for c in columns if c not in there]:
        has = first_few(there, 12) or "none"
        faults.add(
            ColumnsError,
            f"{len(missing)} columns are missing ({first_few(missing)}); beside id and label it has {has}",
        )
    found = {c: further[c].combine_chunks() for c in columns if c in there}
    return {c: v.dictionary_decode() if pa.types.is_dictionary(v.type) else v for c, v in found.items()}


#: Reader by kind of features. A new kind is one function and one line here.
_READERS: dict[str, Callable[[Dataset, FeaturesConfig, pa.Array, pa.Table], IngestedFeatures]] = {
    "embeddings": _embeddings,
    "numeric": _numeric,
    "text": _text,
    "images": _images,
}
