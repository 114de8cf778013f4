"""Arrays and lists of the label-errors repository, and files of noise with a format's own beginning."""

from __future__ import annotations

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from audits.ingest.arrays import open_npy
from audits.ingest.label_errors.layout import read_array, read_json_list
from audits.ingest.label_errors.predictions import find_predictions
from audits.ingest.label_errors.sets import SETS
from audits.ingest.tables import read_table
from tests.properties.laws import Refused, examples, one_refusal

_DTYPES = (
    hnp.floating_dtypes() | hnp.integer_dtypes() | hnp.unsigned_integer_dtypes() | hnp.boolean_dtypes()
    | hnp.unicode_string_dtypes(max_len=3) | hnp.complex_number_dtypes() | hnp.timedelta64_dtypes()
)  # fmt: skip
_ARRAYS = hnp.arrays(_DTYPES, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))


def saved(array):
    sink = io.BytesIO()
    np.save(sink, array)
    return sink.getvalue()


def whole(format_):
    """A sound file of a format, as bytes."""
    if format_ == "npy":
        return saved(np.zeros((3, 4), np.float32))
    table, sink = pa.table({"item_id": ["a", "é", None], "n": [1, 2, 3]}), io.BytesIO()
    if format_ == "parquet":
        pq.write_table(table, sink)
    else:
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    return sink.getvalue()


@given(array=_ARRAYS)
@examples(100)
def test_an_array_of_the_repository_is_what_was_saved(folder, array):
    path = folder / "a.npy"
    np.save(path, array)
    try:
        with one_refusal(path):
            got = read_array(path)
    except Refused:
        return
    assert got.dtype == array.dtype
    assert got.shape == array.shape
    assert got.tobytes() == array.tobytes()


@given(
    value=st.recursive(
        st.none() | st.integers() | st.text(max_size=3), lambda i: st.lists(i, max_size=3), max_leaves=5
    )
)
@examples(60)
def test_a_list_of_the_repository_is_what_was_saved(folder, value):
    path = folder / "a.json"
    path.write_text(json.dumps(value))
    try:
        with one_refusal(path):
            got = read_json_list(path)
    except Refused:
        return
    assert got == value


@given(
    preds=_ARRAYS | hnp.arrays(np.int64, (4, 5), elements=st.integers(-1, 9)),
    probs=_ARRAYS | hnp.arrays(np.float32, (4, 5)),
)
@examples(100)
def test_predictions_are_checked_as_a_pair(tmp_path_factory, preds, probs):
    folder = tmp_path_factory.getbasetemp() / "predictions"
    folder.mkdir(exist_ok=True)
    np.save(folder / "net_cifar10_top5preds.npy", preds)
    np.save(folder / "net_cifar10_top5probs.npy", probs)
    try:
        with one_refusal(folder):
            found = find_predictions(folder, SETS["cifar10"], 4)
    except Refused:
        return
    assert preds.shape == probs.shape == (4, 5)
    assert preds.min() >= 0
    assert (found[0].model, found[0].highest) == ("net", preds.max())


@pytest.mark.parametrize("format_", ["npy", "parquet", "arrow"])
@given(
    changes=st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.none() | st.integers(0, 2000),
)
@examples(150)
def test_a_file_with_a_few_bytes_changed_is_read_or_refused(format_, folder, changes, cut):
    raw = bytearray(whole(format_))
    for place, byte in changes:
        raw[place % len(raw)] = byte
    path = folder / f"changed.{format_}"
    path.write_bytes(bytes(raw[:cut]))
    try:
        with one_refusal(path):
            if format_ == "npy":
                assert open_npy(path, 2, "f", "x").ndim == 2
            else:
                read_table(path, ["item_id"])
    except Refused:
        return
