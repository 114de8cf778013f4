import os

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.errors import AuditError, InputError
from audits.ingest.tables import READERS, id_texts, read_table

cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


def not_utf8():
    offsets = pa.py_buffer(np.array([0, 1], np.int32).tobytes())
    return pa.table(
        {"item_id": pa.Array.from_buffers(pa.string(), 1, [None, offsets, pa.py_buffer(b"\xff")])}
    )


@pytest.fixture
def put(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.mark.parametrize(
    "ending", [".parquet", ".csv", ".jsonl", ".ndjson", ".arrow", ".feather", ".ipc", ".CSV"]
)
def test_every_format_gives_the_same_table(put, tmp_path, ending):
    table = pa.table({"item_id": ["a", "ü"], "n": [1, 2], "text": ["x, y", None]})
    path = tmp_path / f"t{ending}"
    if ending == ".parquet":
        pq.write_table(table, path)
    elif ending.lower() == ".csv":
        put(path.name, 'item_id,n,text\na,1,"x, y"\nü,2,\n')
    elif ending in (".jsonl", ".ndjson"):
        put(path.name, '{"item_id":"a","n":1,"text":"x, y"}\n{"text":null,"n":2,"item_id":"ü"}\n')
    elif ending == ".ipc":
        with pa.ipc.new_stream(path, table.schema) as stream:
            stream.write_table(table)
    else:
        pa.feather.write_feather(table, path)
    assert read_table(path, ["item_id"]).to_pydict() == table.to_pydict()


@given(rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=6))
def test_any_text_survives_csv(rows, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    quoted = ["a,b", *(",".join('"' + c.replace('"', '""') + '"' for c in row) for row in rows)]
    path.write_bytes("\n".join(quoted).encode())
    table = read_table(path, ["a", "b"], as_text="all")
    assert list(zip(*table.to_pydict().values(), strict=True)) == rows


def test_csv_keeps_zeros_knows_only_the_empty_cell_as_missing_and_skips_a_bom(put):
    path = put("t.csv", '\ufeffitem_id,label\r\n007,NA\r\n1e5,null\r\n,""\r\n"a\nb","say ""hi"""\r\n')
    table = read_table(path, ["item_id", "label"], ["item_id", "label"])
    assert table["item_id"].to_pylist() == ["007", "1e5", None, "a\nb"]
    assert table["label"].to_pylist() == ["NA", "null", "", 'say "hi"']


def test_csv_read_as_text_gives_each_row_alike_whatever_the_others_hold(put):
    header, row = "item_id,n,when\n", "1,01,2020-01-01\n"
    alone = read_table(put("a.csv", header + row), [], "all").to_pylist()[0]
    among = read_table(put("b.csv", header + row + "2,x,never\n"), [], "all").to_pylist()[0]
    assert alone == among == {"item_id": "1", "n": "01", "when": "2020-01-01"}


def test_a_csv_column_may_turn_from_numbers_to_text_late_and_a_row_may_be_long(put):
    late = read_table(put("t.csv", "a,b\n" + "1,2\n" * 400_000 + "1,x\n"), [])
    assert late["b"][-1].as_py() == "x"
    long = read_table(put("t.csv", f"a,b\n1,{'x' * 3_000_000}\n"), [])
    assert len(long["b"][0].as_py()) == 3_000_000


def test_jsonl_texts_that_look_like_times_stay_texts(put):
    path = put("t.jsonl", '{"item_id":"2020-01-01","n":1}\n{"item_id":"2020-01-02","n":2}\n')
    assert read_table(path, []).to_pydict() == {"item_id": ["2020-01-01", "2020-01-02"], "n": [1, 2]}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("t.csv", "", r"the file is empty \(0 bytes\)"),
        (
            "t.csv",
            "a,b\n1,2\n3\n",
            r"1 rows have another number of cells than the header, which has 2 \(row 3: 1\)",
        ),
        ("t.csv", 'a,b\n1,"2\n3,4\n', "a quote is opened and never closed"),
        ("t.csv", "a,b\n1,2\n".encode("utf-16"), "is text in UTF-16; expected UTF-8"),
        ("t.csv", "a,b\n".encode("utf-16-le"), "holds NUL bytes"),
        ("t.csv", b"PAR1", "is Parquet; expected text"),
        ("t.csv", "a,a\n1,2\n", r"1 column names are given twice \(a\)"),
        ("t.csv", "a;b\n1;2\n", r"1 columns are missing \(item_id\); it has a;b"),
        ("t.csv", b"item_id\n\xff\n", "cannot be read as csv"),
        ("t.csv", b"item_id,\xff\n1,2\n", "cannot be read as csv"),
        ("t.jsonl", "", "the file is empty"),
        ("t.jsonl", '{"item_id":1}\n{"item_id":\n', r"1 lines hold no JSON object \(lines 2\)"),
        ("t.jsonl", '{"item_id":1}\n{"item_id":"x"}\n', "changed from number to string in row 1"),
        ("t.jsonl", '{"item_id":1,"item_id":2}\n', "specified twice in row 0"),
        ("t.jsonl", '[{"item_id":1}]\n', r"1 lines hold no JSON object \(lines 1\)"),
        ("t.jsonl", '{"item_id":"\\ud800"}\n', "surrogate pair"),
        ("t.jsonl", b'{"item_id":"\xff"}\n', r"1 lines are not UTF-8 \(lines 1\)"),
        ("t.parquet", "", "the file is empty"),
        ("t.parquet", b"PAR1" + b"\0" * 60, "cannot be read as parquet"),
        ("t.arrow", "", "the file is empty"),
        ("t.arrow", b"ARROW1\0\0" + b"\0" * 60, "cannot be read as arrow"),
        ("t.feather", "garbage, not a table at all", "cannot be read as feather"),
        ("t.xlsx", "x", "unknown kind of file; expected one of .parquet, .csv"),
        ("t", "x", "unknown kind of file"),
    ],
)
def test_a_broken_file_is_refused_by_name(put, name, content, says):
    path = put(name, content)
    with pytest.raises(InputError, match=says) as e:
        read_table(path, ["item_id"], as_text=["item_id"])
    assert str(e.value).startswith(f"{path}: ")


@pytest.mark.parametrize("name", ["none.csv", "folder.csv", "x" * 300 + ".csv", "pipe.csv"])
def test_what_is_no_file_is_refused_without_waiting_for_it(tmp_path, name):
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(
        InputError, match=r"there is no such file|File name too long|is a folder|is no regular file"
    ):
        read_table(tmp_path / name, [])


@pytest.mark.parametrize("ending", [".parquet", ".arrow"])
def test_text_that_is_no_utf8_is_refused_before_anything_trips_over_it(tmp_path, ending):
    path = tmp_path / f"t{ending}"
    (pq.write_table if ending == ".parquet" else pa.feather.write_feather)(not_utf8(), path)
    with pytest.raises(InputError, match="Invalid UTF8"):
        read_table(path, ["item_id"])


@pytest.mark.parametrize("ending", sorted(READERS))
@given(noise=st.binary(max_size=200))
def test_noise_is_read_or_refused_and_nothing_else(ending, noise, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / f"noise{ending}"
    path.write_bytes(noise)
    for as_text in ((), "all"):
        try:
            read_table(path, ["item_id"], as_text)
        except AuditError as e:
            assert str(e).startswith(str(path))  # noqa: PT017 - it may also not raise


def test_folders_that_look_like_partitions_add_no_columns(tmp_path):
    folder = tmp_path / "label=3"
    folder.mkdir()
    pq.write_table(pa.table({"item_id": ["a"]}), folder / "t.parquet")
    assert read_table(folder / "t.parquet", []).column_names == ["item_id"]


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["1", "2", None]),
        pa.array(["1", "2", None], pa.large_string()),
        pa.array(["1", "2", None], pa.string_view()),
        pa.array(["1", "2", None]).dictionary_encode(),
        pa.array([1, 2, None], pa.int8()),
        pa.array([1, 2, None], pa.uint64()),
        pa.array([1, 2, None]).dictionary_encode(),
        pa.chunked_array([pa.array(["1"]).dictionary_encode(), pa.array(["2", None]).dictionary_encode()]),
    ],
    ids=lambda c: str(c.type),
)
def test_ids_are_texts_whatever_their_layout(tmp_path, column):
    assert id_texts(pa.table({"id": column}), "id", tmp_path).to_pylist() == ["1", "2", None]


def test_no_rows_and_all_missing_are_ids_too(tmp_path):
    for column in (pa.chunked_array([], pa.int64()), pa.nulls(0), pa.nulls(2)):
        ids = id_texts(pa.table({"id": column}), "id", tmp_path)
        assert ids.type == pa.string()
        assert ids.to_pylist() == [None] * len(column)


@pytest.mark.parametrize("column", [[1.0, 2.0], [True, False], [b"a", b"b"], [["a"], ["b"]]])
def test_other_ids_are_refused_by_type(tmp_path, column):
    with pytest.raises(InputError, match=r"the id column 'id' has type .*; expected text or whole numbers"):
        id_texts(pa.table({"id": column}), "id", tmp_path)
