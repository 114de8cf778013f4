import datetime as dt
import os
import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.errors import InputError
from audits.ingest import content
from audits.ingest.content import content_hashes

leaves = st.none() | st.integers(-9, 9) | st.text(max_size=3)
rows = st.lists(
    st.fixed_dictionaries({"a": st.text(max_size=3), "b": st.none() | st.lists(st.integers(0, 3), max_size=2),
                           "c": st.fixed_dictionaries({"x": st.integers(0, 2), "y": st.none() | st.text(max_size=2)})}),
    min_size=1, max_size=8,
)  # fmt: skip
SCHEMA = pa.schema(
    {"a": pa.string(), "b": pa.list_(pa.int64()), "c": pa.struct({"x": pa.int64(), "y": pa.string()})}
)


@given(rows)
def test_a_hash_changes_exactly_when_the_content_does(contents):
    hashes = content_hashes(pa.Table.from_pylist(contents, SCHEMA), ["a", "b", "c"])
    assert all(re.fullmatch("[0-9a-f]{32}", h) for h in hashes)
    for one, one_hash in zip(contents, hashes, strict=True):
        for other, other_hash in zip(contents, hashes, strict=True):
            assert (one == other) == (one_hash == other_hash)


@given(rows, st.permutations(["a", "b", "c"]))
def test_the_order_of_columns_rows_and_chunks_does_not_matter(contents, order):
    table = pa.Table.from_pylist(contents, SCHEMA)
    hashes = content_hashes(table, ["a", "b", "c"])
    assert content_hashes(table.select(order), order) == hashes
    chunked = pa.concat_tables([table.slice(i, 1) for i in reversed(range(len(contents)))])
    assert content_hashes(chunked, order) == hashes[::-1]


def test_blocks_of_rows_leave_no_seam(monkeypatch):
    table = pa.table({"a": [str(i) for i in range(25)]})
    whole = content_hashes(table, ["a"])
    monkeypatch.setattr(content, "_ROWS", 4)
    assert content_hashes(table, ["a"]) == whole
    assert len(set(whole)) == 25


def test_names_count_and_naming_a_column_twice_does_not():
    table = pa.table({"a": ["x"], "b": ["x"]})
    assert content_hashes(table, ["a"]) != content_hashes(table, ["b"])
    assert content_hashes(table, ["a", "a"]) == content_hashes(table, ["a"])
    assert content_hashes(table, []) == content_hashes(pa.table({"z": [1]}), [])
    assert len(content_hashes(table.slice(0, 0), ["a"])) == 0


def test_values_that_look_alike_in_print_are_told_apart():
    day = dt.date(2020, 1, 1)
    columns = [[1], ["1"], [1.5], ["1.5"], [True], ["true"], [None], ["null"], [b"ab"], [b"ab".hex()],
               [day], [str(day)], [dt.datetime(2020, 1, 1)], [["a", "b"]],
               ["a, b"], [""], [float("nan")], ["NaN"]]  # fmt: skip
    hashes = [content_hashes(pa.table({"a": c}), ["a"])[0] for c in columns]
    assert len(set(hashes)) == len(columns)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([2**62], pa.timestamp("s")),
        pa.array([2**31 - 1], pa.int32()).cast(pa.date32()),
        pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], ["x", "x"]),
    ],
    ids=lambda c: str(c.type),
)
def test_values_that_python_cannot_hold_are_refused_by_column(column):
    with pytest.raises(InputError, match=r"column 'a': values of type .* cannot be read"):
        content_hashes(pa.table({"a": column}), ["a"])


def test_files_count_by_their_bytes_not_by_their_names(tmp_path):
    for name, data in {"1.png": b"one", "again.png": b"one", "ü 2.png": b"two"}.items():
        (tmp_path / name).write_bytes(data)

    def hashes(*paths):
        return content_hashes(
            pa.table({"image": pa.array(paths, pa.string())}), ["image"], ["image"], tmp_path
        )

    one, again, two, none = hashes("1.png", "again.png", "ü 2.png", None)
    assert one == again
    assert len({one, two, none}) == 3
    assert hashes(str(tmp_path / "1.png")) == [one]
    (tmp_path / "1.png").write_bytes(b"one!")
    assert hashes("1.png") != [one]


def test_files_that_cannot_be_read_are_counted_over_all_blocks_and_never_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(content, "_ROWS", 2)
    (tmp_path / "there").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    names = ["there", "none", "folder", "pipe", "a\0b", "x" * 300, "", None]
    with pytest.raises(
        InputError, match=r"^column 'f': 6 of 8 files cannot be read \(none, folder, pipe, 'a\\x00b'"
    ):
        content_hashes(pa.table({"f": names}), ["f"], ["f"], tmp_path)
