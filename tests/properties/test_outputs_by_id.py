"""Model outputs: joined by id they are what the file says of each item, or there is one refusal."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from audits.classes import ClassList
from audits.config import Dataset, DatasetConfig
from audits.ingest.model_outputs import ingest_outputs
from tests.properties.laws import Refused, examples, one_refusal
from tests.properties.tables import FORMATS, as_text, columns, write

CLASSES = ClassList(("a", "b", "c"), ("a", "b", "c"))
IDS = ["1", "01", "x", "é", "\U0001f600", "a b"]
TOLERANCE = 1e-4

_PROBABILITIES = st.sampled_from(
    [0.0, 0.25, 0.5, 1.0, -0.0, 1.0000001, -1e-5, 2.0, -1.0, float("nan"), float("inf")]
)
_NUMBERS: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.float64(), _PROBABILITIES), (pa.float32(), st.sampled_from([0.0, 0.25, 1.0])),
    (pa.float16(), st.sampled_from([0.5])),
    (pa.int32(), st.integers(-1, 2)),
]  # fmt: skip


def one_model(folder, **outputs):
    """A dataset with one model whose outputs are described so."""
    raw = {
        "items": {"path": "items.parquet"},
        "models": [{"name": "m", "out_of_sample": True, "outputs": outputs}],
    }
    config = DatasetConfig.model_validate(raw)
    return Dataset(name="x", path=folder / "x.yaml", config=config, classes=CLASSES)


def ingest(data, path, items):
    with one_refusal(path):
        return ingest_outputs(data, data.config.models[0], pa.array(items, pa.string()))


@st.composite
def id_columns(draw):
    """Items, and a column of ids that shares some with them, in any order, some of them twice."""
    items = draw(st.lists(st.sampled_from(IDS), unique=True, min_size=1))
    ids = draw(st.lists(st.sampled_from([*items, *items, *IDS]), max_size=7) | st.permutations(items))
    return items, ids


def first_rows(ids, items):
    """The first row of each item, by a plain search; None where there is none."""
    return [ids.index(i) if i in ids else None for i in items]


def clipped(value):
    """A probability as it comes out: what misses [0, 1] by a hair is put on its edge."""
    if value is None:
        return math.nan
    value = float(value)
    return min(max(value, 0.0), 1.0) if -TOLERANCE <= value <= 1 + TOLERANCE else value


def same(got, wanted):
    return np.array_equal(np.asarray(got, np.float64), np.asarray(wanted, np.float64), equal_nan=True)


@pytest.mark.parametrize("ending", [f for f in FORMATS if f not in ("csv", "jsonl")])
@given(data=st.data())
@examples(60)
def test_dense_probabilities_are_joined_by_id(ending, folder, data):
    items, ids = data.draw(id_columns())
    wild = data.draw(st.integers(0, 4)) == 0
    drawn = {c: data.draw(columns(len(ids), None if wild else _NUMBERS)) for c in CLASSES.ids}
    path = folder / f"dense.{ending}"
    rows = write(pa.table({"item_id": pa.array(ids, pa.string()), **drawn}), path)
    try:
        got = ingest(one_model(folder, kind="dense", path=path.name), path, items)
    except Refused:
        assert wild
        return
    wanted = [
        [math.nan] * 3 if row is None else [clipped(rows[row][c]) for c in CLASSES.ids]
        for row in first_rows(ids, items)
    ]
    assert same(got.outputs.pred_probs, wanted)
    check_rows(got.rows, ids, items)


@pytest.mark.parametrize("ending", FORMATS)
@given(data=st.data())
@examples(40)
def test_predicted_labels_are_joined_by_id(ending, folder, data):
    items, ids = data.draw(id_columns())
    wild = data.draw(st.integers(0, 4)) == 0
    labels = [(pa.string(), st.sampled_from(["a", "b", "c", "", "d", "A"]))]
    column = data.draw(columns(len(ids), None if wild else labels))
    path = folder / f"words.{ending}"
    table = pa.table({"item_id": pa.array(ids, pa.string()), "predicted_label": column})
    rows = write(table, path)
    try:
        got = ingest(one_model(folder, kind="labels", path=path.name, labels_as="id"), path, items)
    except Refused:
        assert wild or not ids  # an empty CSV or JSONL file has no columns
        return
    said = [
        None if r is None else as_text(rows[r]["predicted_label"], whole_floats=True)
        for r in first_rows(ids, items)
    ]
    assert got.outputs.labels.tolist() == [CLASSES.ids.index(s) if s in CLASSES.ids else -1 for s in said]
    check_rows(got.rows, ids, items)


@pytest.mark.parametrize("ending", [f for f in FORMATS if f != "csv"])
@given(data=st.data())
@examples(40)
def test_the_likeliest_classes_are_joined_by_id(ending, folder, data):
    items, ids = data.draw(id_columns())
    n, k = len(ids), data.draw(st.integers(0, 4))
    odd = data.draw(st.sampled_from([None, None, "lengths", "types"]))
    labels = [
        data.draw(st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=k, max_size=k)) for _ in range(n)
    ]
    probs = [data.draw(st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=k, max_size=k)) for _ in range(n)]
    if odd == "lengths" and n:
        probs[0] = [*probs[0], 0.5]
    lists: Any = pa.array(labels, pa.list_(pa.string()))
    numbers: Any = pa.array(probs, pa.list_(pa.float64()))
    if odd == "types":
        lists, numbers = data.draw(columns(n)), data.draw(columns(n))
    path = folder / f"top.{ending}"
    write(
        pa.table({"item_id": pa.array(ids, pa.string()), "top_k_labels": lists, "top_k_probs": numbers}), path
    )
    try:
        got = ingest(one_model(folder, kind="top_k", path=path.name, labels_as="id"), path, items)
    except Refused:
        assert odd or not ids or not 1 <= k <= 3
        return
    if odd == "types":
        return
    for item, row in enumerate(first_rows(ids, items)):
        index = (
            [-1] * k
            if row is None
            else [CLASSES.ids.index(c) if c in CLASSES.ids else -1 for c in labels[row]]
        )
        assert got.outputs.top_k_labels[item].tolist() == index
        assert same(got.outputs.top_k_probs[item], [math.nan] * k if row is None else probs[row])
    check_rows(got.rows, ids, items)


def check_rows(rows, ids, items):
    """What is judged names every item once with how often it is there, and every stranger."""
    judged = {r["item_id"]: (r["rows"], r["known"]) for r in rows.to_pylist()}
    assert judged == {i: (ids.count(i), i in items) for i in {*items, *ids}}
    assert len(judged) == rows.num_rows


_DTYPES = (
    hnp.floating_dtypes(endianness="?") | hnp.integer_dtypes(endianness="?") | hnp.unicode_string_dtypes(max_len=2)
    | hnp.boolean_dtypes() | hnp.complex_number_dtypes() | hnp.datetime64_dtypes() | hnp.byte_string_dtypes(max_len=2)
)  # fmt: skip
_ARRAYS = st.tuples(_DTYPES, st.integers(1, 3), st.booleans()).flatmap(
    lambda drawn: hnp.arrays(drawn[0], hnp.array_shapes(max_dims=drawn[1], min_side=0, max_side=4)).map(
        np.asfortranarray if drawn[2] else np.asarray
    )
)


@given(array=_ARRAYS | hnp.arrays(np.float32, (3, 3)), kind=st.sampled_from(["dense", "labels"]))
@examples(250)
def test_an_array_comes_out_row_by_row_whatever_its_type_and_order(folder, array, kind):
    path = folder / "a.npy"
    np.save(path, array)
    items = [f"i{i}" for i in range(3)]
    try:
        got = ingest(
            one_model(folder, kind=kind, path=path.name, rows="items_order", labels_as="id"), path, items
        )
    except Refused:
        fits = array.shape == (3, 3) and array.dtype.kind == "f"
        assert kind == "labels" or not fits
        return
    if kind == "dense":
        assert array.shape == (3, 3)
        narrow = array.astype(np.float64 if array.dtype.itemsize >= 8 else np.float32)
        assert same(got.outputs.pred_probs, [[clipped(v) for v in row] for row in narrow.tolist()])
    else:
        assert array.shape == (3,)
        assert got.outputs.labels.tolist() == [
            CLASSES.ids.index(str(v)) if str(v) in CLASSES.ids else -1 for v in array
        ]


@given(
    classes=_ARRAYS | hnp.arrays(np.int64, (3, 2), elements=st.integers(-1, 3)),
    probs=_ARRAYS | hnp.arrays(np.float64, (3, 2)),
)
@examples(150)
def test_a_pair_of_arrays_comes_out_row_by_row(folder, classes, probs):
    path = folder / "classes.npy"
    np.save(path, classes)
    np.save(folder / "probs.npy", probs)
    items = [f"i{i}" for i in range(3)]
    outputs = {
        "kind": "top_k",
        "path": path.name,
        "probs": "probs.npy",
        "rows": "items_order",
        "labels_as": "position",
    }
    try:
        got = ingest(one_model(folder, **outputs), folder, items)
    except Refused:
        return
    assert classes.shape == probs.shape
    assert got.outputs.top_k_labels.tolist() == [
        [c if 0 <= c < 3 else -1 for c in row] for row in classes.tolist()
    ]
    narrow = probs.astype(np.float64 if probs.dtype.itemsize >= 8 else np.float32)
    assert same(got.outputs.top_k_probs, [[clipped(v) for v in row] for row in narrow.tolist()])
