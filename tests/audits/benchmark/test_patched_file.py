from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from audits.benchmark.patched_file import patch_file
from audits.contracts import PATCH
from audits.errors import InputError, UsageError


def make_patch(*changes: tuple[str, str, str | None]) -> pa.Table:
    rows = [
        {"item_id": i, "old": old, "new": new, "decision": "relabel" if new is not None else "none"}
        for i, old, new in changes
    ]
    return pa.Table.from_pylist(rows, schema=PATCH)


#: b gets another label, d leaves the set.
BY_NAME = make_patch(("b", "dog", "horse"), ("d", "cat", None))
BY_NUMBER = make_patch(("b", "1", "2"), ("d", "0", None))

CSV = (
    b"item_id,code,label,when,score,note\n"
    b'a,007,cat,2024-01-02,1.50,"a ""quoted"", one"\n'
    b"b,008,dog,2024-01-03,1e3,\n"
    b'c,009,dog,,0.10,""\n'
    b"d,010,cat,2024-01-05,-0,NA\n"
    b"e,011,,2024-01-06,1,no label"
)
JSONL = (
    b'{"item_id": "a", "label": "cat", "when": "2024-01-02", "score": 1.50}\n'
    b'{"item_id": "b", "when": "2024-01-03",  "label":"dog", "big": 12345678901234567890123}\n'
    b"\n"
    b'{"label": "dog", "item_id": "c", "text": "\\u00e9 \\"label\\": 1"}\n'
    b'{"item_id": "d", "label": "cat", "deep": {"label": "x", "d": [1, 2.0]}}\n'
)


def others(table: pa.Table) -> pa.Table:
    return table.drop_columns(["label"])


def unchanged(folder: Path, *names: str):
    """The files of a folder and what is in them."""
    found = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert set(found) == set(names)
    return found


@pytest.mark.parametrize("in_place", [False, True])
def test_csv_keeps_every_byte_but_the_labels(tmp_path, in_place):
    source = tmp_path / "items.csv"
    source.write_bytes(CSV)
    target = source if in_place else tmp_path / "patched.csv"
    result = patch_file(BY_NAME, source, target)
    assert (result.relabelled, result.dropped, result.already_applied) == (1, 1, 0)
    lines = CSV.split(b"\n")
    lines[2] = lines[2].replace(b"dog", b"horse")
    del lines[4]
    assert target.read_bytes() == b"\n".join(lines)
    if not in_place:
        assert source.read_bytes() == CSV


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson"])
def test_jsonl_keeps_every_byte_but_the_labels(tmp_path, in_place, suffix):
    source = tmp_path / f"items{suffix}"
    data = JSONL.replace(b', "big": 12345678901234567890123', b', "big": 1234567890123')
    source.write_bytes(data)
    target = source if in_place else tmp_path / f"patched{suffix}"
    patch_file(BY_NAME, source, target)
    lines = data.split(b"\n")
    lines[1] = lines[1].replace(b'"label":"dog"', b'"label":"horse"')
    del lines[4]
    assert target.read_bytes() == b"\n".join(lines)


def test_jsonl_with_numbers_for_labels(tmp_path):
    source, target = tmp_path / "items.jsonl", tmp_path / "patched.jsonl"
    source.write_text('{"item_id": 1, "label": 3}\n{"item_id": 2, "label": 4, "s": "4"}\n')
    patch_file(make_patch(("2", "4", "11")), source, target)
    assert target.read_text() == '{"item_id": 1, "label": 3}\n{"item_id": 2, "label": 11, "s": "4"}\n'


def parquet(folder: Path, labels: pa.Array, **more) -> Path:
    table = pa.table(
        {
            "item_id": ["a", "b", "c", "d", "e"],
            "text": pa.array(["x", None, "z", "", "w"], pa.large_string()),
            "label": labels,
            "vector": pa.array([[1.5], [], None, [float("inf")], [0.1]], pa.list_(pa.float32())),
            "group": pa.array(["p", "q", "p", None, "q"]).dictionary_encode(),
            "at": pa.array([date(2024, 1, d) for d in range(1, 6)]),
            "raw": pa.array([b"\x00", b"\xff", b"", None, b"\x01"]),
        },
        **more,
    )
    path = folder / "items.parquet"
    pq.write_table(table.replace_schema_metadata({"made by": "hand"}), path)
    return path


@pytest.mark.parametrize(
    ("type_", "patch", "values"),
    [
        (pa.string(), BY_NAME, ["cat", "dog", "dog", "cat", None]),
        (pa.large_string(), BY_NAME, ["cat", "dog", "dog", "cat", None]),
        (pa.int8(), BY_NUMBER, [0, 1, 1, 0, None]),
        (pa.int64(), BY_NUMBER, [0, 1, 1, 0, None]),
        (pa.uint16(), BY_NUMBER, [0, 1, 1, 0, None]),
        (pa.float64(), BY_NUMBER, [0.0, 1.0, 1.0, 0.0, None]),
    ],
    ids=str,
)
@pytest.mark.parametrize("in_place", [False, True])
def test_parquet_keeps_other_columns_and_the_type_of_the_labels(tmp_path, type_, patch, values, in_place):
    source = parquet(tmp_path, pa.array(values, type_))
    before = pq.read_table(source)
    target = source if in_place else tmp_path / "patched.parquet"
    patch_file(patch, source, target)
    after = pq.read_table(target)
    assert after.schema.equals(before.schema, check_metadata=True)
    assert others(after).equals(others(before).filter(pa.array([True, True, True, False, True])))
    new = "horse" if patch is BY_NAME else 2
    assert after["label"].to_pylist() == [values[0], new, values[2], values[4]]


@pytest.mark.parametrize("index", [pa.int8(), pa.int32()], ids=str)
@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize(
    ("known", "patch", "expected"),
    [
        (["dog", "cat"], BY_NAME, ["cat", "horse", "dog", None]),
        (["horse", "dog", "wolf", "cat"], BY_NAME, ["cat", "horse", "dog", None]),
        ([1, 0], BY_NUMBER, [0, 2, 1, None]),
    ],
)
def test_a_dictionary_stays_one(tmp_path, index, ordered, known, patch, expected):
    old = ["cat", "dog", "dog", "cat"] if patch is BY_NAME else [0, 1, 1, 0]
    # Parquet itself keeps dictionaries of text alone
    kept = patch is BY_NAME
    codes = pa.array([known.index(v) for v in old] + [None], index)
    labels = pa.DictionaryArray.from_arrays(codes, pa.array(known), ordered=ordered)
    source, target = tmp_path / "items.arrow", tmp_path / "patched.parquet"
    table = pa.table({"item_id": ["a", "b", "c", "d", "e"], "label": labels})
    pyarrow.feather.write_feather(table, source, compression="uncompressed")
    patch_file(patch, source, target)
    after = pq.read_table(target)["label"]
    assert after.to_pylist() == expected
    assert pa.types.is_dictionary(after.type) == kept
    assert (after.type.value_type if kept else after.type) == labels.type.value_type
    assert not kept or after.type.ordered == ordered


def test_a_dictionary_in_several_chunks(tmp_path):
    chunks = [pa.array(["cat", "dog"]).dictionary_encode(), pa.array(["dog", "cat"]).dictionary_encode()]
    table = pa.table({"item_id": ["a", "b", "c", "d"], "label": pa.chunked_array(chunks)})
    source, target = tmp_path / "items.parquet", tmp_path / "patched.parquet"
    pq.write_table(table, source, row_group_size=2)
    patch_file(BY_NAME, source, target)
    after = pq.read_table(target)["label"]
    assert after.to_pylist() == ["cat", "horse", "dog"]
    assert after.type == table["label"].type


def test_a_dictionary_that_is_full_refuses_one_more(tmp_path):
    names = [f"class {i}" for i in range(128)]
    codes = pa.array(range(128), pa.int8())
    labels = pa.DictionaryArray.from_arrays(codes, pa.array(names))
    source = tmp_path / "items.arrow"
    table = pa.table({"item_id": [f"i{i}" for i in range(128)], "label": labels})
    pyarrow.feather.write_feather(table, source, compression="uncompressed")
    before = unchanged(tmp_path, "items.arrow")
    with pytest.raises(InputError, match="a new label does not fit"):
        patch_file(make_patch(("i3", "class 3", "another")), source, tmp_path / "patched.parquet")
    assert unchanged(tmp_path, "items.arrow") == before


def test_an_empty_dictionary_column_and_an_empty_patch(tmp_path):
    type_ = pa.dictionary(pa.int32(), pa.string())
    table = pa.schema([("item_id", pa.string()), ("label", type_)]).empty_table()
    source, target = tmp_path / "items.parquet", tmp_path / "patched.parquet"
    pq.write_table(table, source)
    result = patch_file(make_patch(), source, target)
    assert (result.relabelled, result.dropped) == (0, 0)
    assert pq.read_table(target).schema.equals(table.schema)


def test_an_empty_patch_copies(tmp_path):
    source, target = tmp_path / "items.csv", tmp_path / "patched.csv"
    source.write_bytes(CSV)
    patch_file(make_patch(), source, target)
    assert target.read_bytes() == CSV


def test_columns_by_other_names(tmp_path):
    source, target = tmp_path / "items.csv", tmp_path / "patched.csv"
    source.write_text("y,label,key\ncat,x,7\ndog,y,8\n")
    patch_file(make_patch(("8", "dog", "cat")), source, target, id_column="key", label_column="y")
    assert target.read_text() == "y,label,key\ncat,x,7\ncat,y,8\n"


def test_applying_twice_is_refused_or_does_nothing(tmp_path):
    source = tmp_path / "items.csv"
    source.write_bytes(CSV)
    patch_file(BY_NAME, source, source)
    once = source.read_bytes()
    with pytest.raises(InputError, match="does not fit the data"):
        patch_file(BY_NAME, source, source)
    assert source.read_bytes() == once
    result = patch_file(BY_NAME, source, source, allow_applied=True)
    assert (result.relabelled, result.dropped, result.already_applied) == (0, 0, 2)
    assert source.read_bytes() == once


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
def test_csv_into_another_format(tmp_path, suffix):
    source, target = tmp_path / "items.csv", tmp_path / f"patched{suffix}"
    source.write_text("item_id,label,n\na,cat,1\nb,dog,2\nd,cat,3\n")
    patch_file(BY_NAME, source, target)
    rows = (
        pq.read_table(target).to_pylist()
        if suffix == ".parquet"
        else [json.loads(line) for line in target.read_text().splitlines()]
    )
    assert rows == [{"item_id": "a", "label": "cat", "n": 1}, {"item_id": "b", "label": "horse", "n": 2}]


REFUSALS = [
    ("items.csv", make_patch(("z", "cat", "dog")), {}, "1 items of the patch are not in the data"),
    ("items.csv", make_patch(("a", "dog", "horse")), {}, "another label than the one the patch starts from"),
    ("items.csv", BY_NAME, {"label_column": "species"}, "1 columns are missing"),
    ("items.csv", BY_NAME, {"id_column": "key"}, "1 columns are missing"),
    ("items.csv", BY_NAME, {"label_column": "vector"}, "1 columns are missing"),
    ("absent.csv", BY_NAME, {}, "there is no such file"),
]


@pytest.mark.parametrize(("name", "patch", "options", "words"), REFUSALS)
def test_a_refusal_leaves_the_target_untouched(tmp_path, name, patch, options, words):
    (tmp_path / "items.csv").write_bytes(CSV)
    (tmp_path / "target.csv").write_text("what was there")
    before = unchanged(tmp_path, "items.csv", "target.csv")
    with pytest.raises(InputError, match=words):
        patch_file(patch, tmp_path / name, tmp_path / "target.csv", **options)
    assert unchanged(tmp_path, "items.csv", "target.csv") == before


def test_labels_of_a_type_that_is_no_label(tmp_path):
    source = parquet(tmp_path, pa.array(["cat", "dog", "dog", "cat", None]))
    with pytest.raises(InputError, match="column 'vector': labels have type"):
        patch_file(BY_NAME, source, source, label_column="vector")
    with pytest.raises(InputError, match="the id column 'raw' has type binary"):
        patch_file(BY_NAME, source, source, id_column="raw")


@pytest.mark.parametrize("new", ["horse", "300", "1.5"])
def test_a_new_label_that_does_not_fit_the_column(tmp_path, new):
    source = parquet(tmp_path, pa.array([0, 1, 1, 0, None], pa.int8()))
    before = unchanged(tmp_path, "items.parquet")
    with pytest.raises(InputError, match="column 'label' holds int8; a new label does not fit"):
        patch_file(make_patch(("b", "1", new)), source, source)
    assert unchanged(tmp_path, "items.parquet") == before


@pytest.mark.parametrize("target", ["patched.txt", "patched.csv", "patched.jsonl", "patched.arrow"])
def test_a_format_that_cannot_hold_the_columns(tmp_path, target):
    # lists do not go into CSV, dates and bytes not into JSON, and .txt is no table
    source = parquet(tmp_path, pa.array(["cat", "dog", "dog", "cat", None]))
    before = unchanged(tmp_path, "items.parquet")
    with pytest.raises(UsageError, match=r"patched|CSV"):
        patch_file(BY_NAME, source, tmp_path / target)
    assert unchanged(tmp_path, "items.parquet") == before


def test_csv_whose_last_quote_never_ends_is_refused(tmp_path):
    # the reader takes the rest of the file for one cell; nobody can say what was meant
    source = tmp_path / "items.csv"
    source.write_bytes(b'item_id,label\na,cat\nb,"do\ng\n')
    before = unchanged(tmp_path, "items.csv")
    with pytest.raises(InputError, match=r"items\.csv: .*(never closed|the row at byte 26)"):
        patch_file(make_patch(("a", "cat", "dog")), source, source)
    assert unchanged(tmp_path, "items.csv") == before


def test_jsonl_may_hold_nan(tmp_path):
    source, target = tmp_path / "items.jsonl", tmp_path / "patched.jsonl"
    source.write_text('{"item_id": "b", "x": NaN, "label": "dog"}\n')
    patch_file(make_patch(("b", "dog", "cat")), source, target)
    assert target.read_text() == '{"item_id": "b", "x": NaN, "label": "cat"}\n'
