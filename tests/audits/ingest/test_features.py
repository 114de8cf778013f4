"""Features of all kinds, in items order; and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from audits import contracts
from audits.errors import ColumnsError, FileError, InputError, PathError, ShapeError
from audits.feature_expectations import judge_features
from audits.ingest.features import ingest_features

IDS = pa.array(["a", "b", "c", "d"])
VECTORS = np.arange(12, dtype=np.float32).reshape(4, 3)


def ingest(project, further=None, **entry):
    dataset = project.dataset(features=[{"name": "f", **entry}])
    further = pa.table({}) if further is None else further
    return ingest_features(dataset, dataset.config.features[0], IDS, further)


def judged(read):
    return str(judge_features(read.rows, "f"))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f8", "int8", "uint8"])
def test_an_array_in_items_order_becomes_float32_whatever_it_was(project, dtype):
    project.put("v.npy", VECTORS.astype(dtype))
    read = ingest(project, kind="embeddings", path="v.npy", rows="items_order")
    assert (read.features.kind, read.features.vectors.dtype) == ("embeddings", np.float32)
    assert read.features.vectors.dtype.isnative
    np.testing.assert_array_equal(read.features.vectors, VECTORS)
    assert read.rows.schema == contracts.OUTPUT_ROWS
    assert judge_features(read.rows, "f").passed


def test_float32_is_not_read_into_memory(project):
    project.put("v.npy", VECTORS)
    read = ingest(project, kind="embeddings", path="v.npy", rows="items_order")
    base = read.features.vectors
    while base is not None and not isinstance(base, np.memmap):
        base = base.base
    assert base is not None


@pytest.mark.parametrize("ending", ["parquet", "jsonl", "arrow"])
def test_a_table_is_joined_by_id(project, ending):
    order = [2, 0, 3, 1]
    table = pa.table({"key": IDS.take(pa.array(order)), "v": VECTORS[order].tolist()})
    if ending == "parquet":
        project.put("v.parquet", table)
    elif ending == "jsonl":
        project.put("v.jsonl", "".join(json.dumps(r) + "\n" for r in table.to_pylist()))
    else:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, table.schema) as out:
            out.write_table(table)
        project.put("v.arrow", sink.getvalue().to_pybytes())
    read = ingest(project, kind="embeddings", path=f"v.{ending}", id="key", column="v")
    np.testing.assert_array_equal(read.features.vectors, VECTORS)
    assert judge_features(read.rows, "f").passed


def test_a_table_without_ids_is_in_items_order_when_that_is_said(project):
    project.put("v.parquet", pa.table({"v": VECTORS.tolist()}))
    read = ingest(project, kind="embeddings", path="v.parquet", column="v", rows="items_order")
    np.testing.assert_array_equal(read.features.vectors, VECTORS)
    with pytest.raises(ColumnsError, match=r"features 'f': .*v\.parquet: 1 columns are missing \(item_id\)"):
        ingest(project, kind="embeddings", path="v.parquet", column="v")


def test_ids_outrank_a_claim_about_the_order(project):
    project.put("v.parquet", pa.table({"item_id": ["d", "c", "b", "a"], "v": VECTORS[::-1].tolist()}))
    read = ingest(project, kind="embeddings", path="v.parquet", column="v", rows="items_order")
    np.testing.assert_array_equal(read.features.vectors, VECTORS)


def test_missing_repeated_and_unknown_ids_are_for_the_check_to_name(project):
    ids = ["a", "a", "c", "zebra", None]
    project.put("v.parquet", pa.table({"item_id": ids, "v": [[1.0, 2.0]] * 2 + [[3.0, 4.0]] * 3}))
    read = ingest(project, kind="embeddings", path="v.parquet", column="v")
    assert np.isnan(read.features.vectors[[1, 3]]).all()
    assert read.features.vectors[0].tolist() == [1.0, 2.0], "the first row of an id"
    said = judged(read)
    for words in (
        "the item id is missing",
        "the id is no item of the dataset (item_id zebra)",
        "2 of 6 rows: the item has no row (item_id b, item_id d)",
        "1 of 6 rows: the item has several rows (item_id a: 2)",
    ):
        assert words in said
    assert "not finite" not in said, "what is not there is another rule's matter"


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_what_is_not_finite_is_named(project, bad):
    broken = VECTORS.astype(np.float64)
    broken[2, 1] = bad
    project.put("v.npy", broken)
    read = ingest(project, kind="embeddings", path="v.npy", rows="items_order")
    assert judged(read).endswith("column 'finite': 1 of 4 rows: a value is missing or not finite (item_id c)")


@pytest.mark.parametrize(
    ("array", "kind", "says"),
    [
        (VECTORS[:3], ShapeError, "3 rows said to be in items order, but there are 4 items"),
        (VECTORS[:, 0], ShapeError, r"expected embeddings \(items, dimensions\) as 2-dimensional"),
        (VECTORS[:, :0], ShapeError, r"embeddings without a dimension, of shape \(4, 0\)"),
        (VECTORS.astype(complex), ShapeError, "got shape .* of complex128"),
        (VECTORS.astype(str), ShapeError, "got shape"),
    ],
)
def test_an_array_of_another_shape_or_type_is_refused(project, array, kind, says):
    project.put("v.npy", array)
    with pytest.raises(kind, match=rf"^features 'f': .*v\.npy: .*{says}"):
        ingest(project, kind="embeddings", path="v.npy", rows="items_order")


def test_lists_of_different_lengths_or_of_text_are_refused(project):
    for values, kind, says in (
        ([[1.0], [1.0, 2.0]], ShapeError, "every row must have a list of the same length"),
        ([["x"], ["y"]], ColumnsError, "lists of string; expected numbers"),
        (["x", "y"], ColumnsError, "has type string; expected lists"),
    ):
        project.put("v.parquet", pa.table({"item_id": ["a", "b"], "v": values}))
        with pytest.raises(kind, match=says):
            ingest(project, kind="embeddings", path="v.parquet", column="v")


def test_a_file_that_is_not_there_or_pickled_is_refused(project):
    with pytest.raises(FileError, match=r"features 'f': .*there is no such file"):
        ingest(project, kind="embeddings", path="v.npy", rows="items_order")
    with (project.folder / "p.npy").open("wb") as f:
        np.save(f, np.array([{}] * 4), allow_pickle=True)
    with pytest.raises(FileError, match="pickled Python objects, which are never loaded"):
        ingest(project, kind="embeddings", path="p.npy", rows="items_order")


def test_number_columns_at_full_width_from_numbers_or_from_the_text_of_a_csv(project):
    further = pa.table(
        {
            "amount": [1_700_000_001.25, 1_700_000_002.25, 3, 4],
            "text": [" 1e3", "-2", "", ".5"],
            "yes": [True, False, True, True],
        }
    )
    read = ingest(project, further, kind="numeric", columns=["amount", "text", "yes"])
    assert read.features.vectors[:2, 0].tolist() == [1_700_000_001.25, 1_700_000_002.25]
    assert read.features.vectors[:, 2].tolist() == [1, 0, 1, 1]
    assert read.features.vectors[[0, 1, 3], 1].tolist() == [1000, -2, 0.5]
    assert "1 of 4 rows: a value is missing or not finite (item_id c" in judged(read)


def test_columns_that_hold_no_numbers_are_named_all_at_once(project):
    further = pa.table({"x": ["1", "1_0", "abc", "4"], "l": [[1]] * 4, "ok": [1, 2, 3, 4]})
    with pytest.raises(ColumnsError) as caught:
        ingest(project, further, kind="numeric", columns=["x", "gone", "l", "ok"])
    said = str(caught.value)
    assert "1 columns are missing (gone); beside id and label it has x, l, ok" in said
    assert "column 'x': 2 of 4 cells hold no number (item_id b: '1_0', item_id c: 'abc')" in said
    assert "column 'l': has type list<item: int64>; expected numbers" in said


def test_texts_are_joined_and_blank_ones_are_none(project):
    further = pa.table(
        {
            "q": ["one", None, " \t", "four"],
            "choices": [["x", "y"], ["z"], None, []],
            "n": [1, 2, None, 4],
        }
    )
    read = ingest(project, further, kind="text", columns=["q", "choices"])
    assert read.features.texts.to_pylist() == ["one\nx\ny", "z", None, "four\n"]
    alone = ingest(project, pa.table({"q": [None, None, "x", None]}), kind="text", columns=["q"])
    assert alone.features.texts.to_pylist() == [None, None, "x", None]
    nothing = pa.table({"q": pa.nulls(4, pa.string()), "r": pa.nulls(4)})
    assert ingest(project, nothing, kind="text", columns=["q", "r"]).features.texts.null_count == 4
    assert "4 of 4 rows" in judged(ingest(project, nothing, kind="numeric", columns=["r"]))
    numbered = ingest(project, further, kind="text", columns=["q", "n"])
    assert numbered.features.texts.to_pylist() == ["one\n1", "2", None, "four\n4"]
    assert judge_features(read.rows, "f").passed
    with pytest.raises(ColumnsError, match="column 'l': has type list<item: int64>; expected text"):
        ingest(project, pa.table({"l": [[1]] * 4}), kind="text", columns=["l"])


def test_dictionaries_are_their_values(project):
    further = pa.table({"q": pa.array(["x", "y", "x", None]).dictionary_encode()})
    assert ingest(project, further, kind="text", columns=["q"]).features.texts.to_pylist() == [
        "x",
        "y",
        "x",
        None,
    ]


def test_images_by_their_paths(project):
    for name, shade in (("p.png", 10), ("q.png", 200)):
        picture = Image.linear_gradient("L").rotate(shade)
        (project.folder / "images").mkdir(exist_ok=True)
        picture.save(project.folder / "images" / name)
    names = pa.table({"photo": ["images/p.png", "images/q.png", None, "images/p.png"]})
    read = ingest(project, names, kind="images", column="photo")
    digests = read.features.digests.to_pylist()
    assert digests[0] == digests[3] != digests[1]
    assert digests[2] is None
    assert read.features.hashes.shape == (4, 8)
    assert (read.features.hashes[0] == read.features.hashes[3]).all()


def test_images_that_cannot_be_read_or_are_outside_are_told_together(project):
    names = pa.table({"photo": ["gone.png", "/etc/hostname", None, "v.npy"]})
    project.put("v.npy", VECTORS)
    with pytest.raises(InputError) as caught:
        ingest(project, names, kind="images", column="photo")
    said = str(caught.value)
    assert said.startswith("features 'f': ")
    assert "column 'photo': 1 of 4 files cannot be read (gone.png)" in said
    assert "1 of 4 files are no images (v.npy: no image of a known format)" in said
    assert "1 of 4 files are in none of the allowed folders (/etc/hostname)" in said
    with pytest.raises(PathError, match="none of the allowed folders"):
        ingest(project, pa.table({"photo": ["/etc/hostname"] * 4}), kind="images", column="photo")


def test_a_column_of_images_that_is_none(project):
    with pytest.raises(ColumnsError, match="column 'n': has type int64; expected paths of files"):
        ingest(project, pa.table({"n": [1, 2, 3, 4]}), kind="images", column="n")
    with pytest.raises(
        ColumnsError, match=r"1 columns are missing \(photo\); beside id and label it has none"
    ):
        ingest(project, kind="images", column="photo")
