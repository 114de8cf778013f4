from __future__ import annotations

import csv
import io
import json

import pyarrow.csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audits.benchmark.text_cells import edit_csv, edit_jsonl
from audits.errors import InputError

TEXT = st.text(st.sampled_from("ab1 ,\"'\n\rü|\\"), max_size=6)


@pytest.mark.parametrize(
    ("data", "position", "new", "drop", "expected"),
    [
        (b"a,b\n1,x\n2,y\n", 1, {0: "z"}, [], b"a,b\n1,z\n2,y\n"),
        (b"a,b\n1,x\n2,y", 1, {1: "zz"}, [], b"a,b\n1,x\n2,zz"),
        (b"a,b\r\n1,x\r\n2,y\r\n", 0, {0: "9"}, [1], b"a,b\r\n9,x\r\n"),
        (b"a,b\r1,x\r2,y\r", 1, {1: "q"}, [0], b"a,b\r2,q\r"),
        (b'a,b\n"1","x"\n2,y\n', 1, {0: "z", 1: "z"}, [], b'a,b\n"1","z"\n2,z\n'),  # quotes as they were
        (b"a,b\n1,x\n", 1, {0: 'say "a, b"'}, [], b'a,b\n1,"say ""a, b"""\n'),
        (b"a,b\n1,x\n", 1, {0: ""}, [], b'a,b\n1,""\n'),  # no missing value
        (b'a,b\n"x\ny, ""z""",x\n2,y\n', 1, {1: "k"}, [], b'a,b\n"x\ny, ""z""",x\n2,k\n'),
        (b"a,b\n\n1,x\n\n2,y\n", 1, {1: "k"}, [], b"a,b\n\n1,x\n\n2,k\n"),  # empty lines are no rows
        (b"\xef\xbb\xbfa,b\n1,x\n", 0, {0: "7"}, [], b"\xef\xbb\xbfa,b\n7,x\n"),
        (b"a,b\n1,\n2,", 1, {0: "k", 1: "m"}, [], b"a,b\n1,k\n2,m"),
        (b"a,b\n\xff\xfe,x\n", 1, {0: "k"}, [], b"a,b\n\xff\xfe,k\n"),  # bytes that are no text
        (b"a,b\n1,x\n2,y\n3,z\n", 1, {}, [0, 2], b"a,b\n2,y\n"),
    ],
)  # fmt: skip
def test_csv_by_hand(data, position, new, drop, expected):
    n_rows = sum(line not in (b"", b"\r") for line in pyarrow_rows(data))
    assert edit_csv(data, position, new, drop, n_rows) == expected


def pyarrow_rows(data: bytes) -> list[object]:
    parse = pyarrow.csv.ParseOptions(newlines_in_values=True)
    return pyarrow.csv.read_csv(io.BytesIO(data), parse_options=parse).to_pylist()


def csv_cell(text: str, quoted: bool) -> str:
    return '"' + text.replace('"', '""') + '"' if quoted or set(text) & set(',"\r\n') else text


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=6),
    new=st.dictionaries(st.integers(0, 5), TEXT),
    drop=st.sets(st.integers(0, 5)),
    position=st.integers(0, 2),
    end=st.sampled_from(["\n", "\r\n"]),
    all_quoted=st.booleans(),
)
def test_csv_as_a_reader_sees_it(rows, new, drop, position, end, all_quoted):
    new = {i: v for i, v in new.items() if i < len(rows)}
    drop = {i for i in drop if i < len(rows)}
    data = "".join(",".join(csv_cell(c, all_quoted) for c in row) + end for row in [("a", "b", "c"), *rows])
    edited = edit_csv(data.encode(), position, new, drop, len(rows)).decode()
    expected = [
        [new.get(i, cell) if c == position else cell for c, cell in enumerate(row)]
        for i, row in enumerate(rows)
        if i not in drop
    ]
    assert list(csv.reader(io.StringIO(edited, newline="")))[1:] == expected


def test_csv_rows_that_the_reader_did_not_find_are_refused():
    with pytest.raises(InputError, match="2 rows were found, but 3 were read"):
        edit_csv(b"a,b\n1,x\n2,y\n", 1, {0: "z"}, [], 3)


def test_a_csv_row_that_is_too_short_is_refused():
    with pytest.raises(InputError, match="the row at byte 8 has 1 cells"):
        edit_csv(b"a,b\n1,x\n2\n", 1, {0: "z"}, [], 2)


@pytest.mark.parametrize(
    ("data", "new", "drop", "expected"),
    [
        ('{"id": 1, "y": "a"}\n{"id": 2, "y": "b"}\n', {0: "c"}, [], '{"id": 1, "y": "c"}\n{"id": 2, "y": "b"}\n'),
        ('{"y":3,"f":1.50,"g":1e400}\n', {0: 4}, [], '{"y":4,"f":1.50,"g":1e400}\n'),
        ('{"y": 3.0}\n', {0: 4.0}, [], '{"y": 4.0}\n'),
        ('{"n": {"y": 1}, "y" : "a" }', {0: 'b"ü'}, [], '{"n": {"y": 1}, "y" : "b\\"ü" }'),
        ('{"s": "\\u00e9 {\\"y\\": 1}", "y": "a"}\n', {0: "b"}, [], '{"s": "\\u00e9 {\\"y\\": 1}", "y": "b"}\n'),
        ('\ufeff{"y": "a"}\r\n\r\n{"y": "b"}\r\n', {1: "c"}, [0], '\ufeff\r\n{"y": "c"}\r\n'),
        ('{"y": "a"}\n{}\n{"y": "b"}', {2: "c"}, [1], '{"y": "a"}\n{"y": "c"}'),
        ('  {"y": "a"}{"y": "b"}\n', {0: "c"}, [1], '  {"y": "c"}'),
        ('{"\\u0079": "a"}\n', {0: "b"}, [], '{"\\u0079": "b"}\n'),  # the key as it reads
    ],
)  # fmt: skip
def test_jsonl_by_hand(data, new, drop, expected):
    n_rows = data.count("{") - data.count("{\\") - data.count('"n": {')
    assert edit_jsonl(data.encode(), "y", new, drop, n_rows).decode() == expected


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.dictionaries(st.text(max_size=3), VALUES, max_size=3), min_size=1, max_size=5),
    new=st.dictionaries(st.integers(0, 4), st.text(max_size=4)),
    drop=st.sets(st.integers(0, 4)),
    ascii_only=st.booleans(),
)
def test_jsonl_as_a_reader_sees_it(rows, new, drop, ascii_only):
    new = {i: v for i, v in new.items() if i < len(rows)}
    drop = {i for i in drop if i < len(rows)}
    rows = [{**row, "label": "old"} for row in rows]
    data = "\n".join(json.dumps(row, ensure_ascii=ascii_only) for row in rows)
    edited = edit_jsonl(data.encode("utf-8", "surrogatepass"), "label", new, drop, len(rows))
    found = [json.loads(line) for line in edited.decode("utf-8", "surrogatepass").split("\n") if line]
    expected = [{**row, "label": new.get(i, "old")} for i, row in enumerate(rows) if i not in drop]
    assert found == expected


@pytest.mark.parametrize("data", [b'{"y": 1', b"[1]", b'{"y" 1}', b'{"y": 1 "z": 2}', b"{1: 2}x", b'{"y": }'])
def test_what_is_no_jsonl_is_refused(data):
    with pytest.raises(InputError, match="not one JSON object after the other"):
        edit_jsonl(data, "y", {}, [], 1)


def test_jsonl_rows_that_the_reader_did_not_find_are_refused():
    with pytest.raises(InputError, match="1 rows were found, but 2 were read"):
        edit_jsonl(b'{"y": 1}', "y", {}, [], 2)
