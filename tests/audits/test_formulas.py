from __future__ import annotations

import csv
import io

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.formulas import guarded, guarded_key, guarded_table, unguarded

FORMULAS = [
    "=1+1",
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "\n=x",
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff20x",
]
HOSTILE = st.text(st.sampled_from("'=+-@\t\r\n\uff1d\uff20ab1.\""), max_size=6) | st.text(max_size=6)


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text):
    assert guarded(text) == "'" + text
    assert unguarded(guarded(text)) == text
    assert guarded("a" + text) == "a" + text


@given(HOSTILE)
def test_every_text_comes_back_as_it_was(text):
    assert unguarded(guarded(text)) == text
    assert unguarded(guarded_key(text)) == text


@given(HOSTILE)
def test_no_guarded_cell_begins_as_a_formula(text):
    assert not guarded(text).startswith(tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"))


@given(st.lists(HOSTILE, unique=True))
def test_different_texts_stay_different(texts):
    assert len({guarded_key(t) for t in texts}) == len(texts)


@pytest.mark.parametrize("number", ["-1", "+5", "-1.50", "007"])
def test_a_number_is_no_formula(number):
    assert guarded_key(number) == number
    assert unguarded(number) == number


def test_an_apostrophe_of_somebodys_own_stays():
    assert unguarded("'tis") == "'tis"
    assert guarded("'tis") == "'tis"
    assert guarded("'=x") == "''=x"
    assert unguarded("''=x") == "'=x"


def test_a_table_is_guarded_in_names_and_text_alone():
    table = pa.table(
        {
            "=n": pa.array([-1, 2], pa.int64()),
            "t": pa.array(["=1", None]),
            "d": pa.array(["@x", "-1"]).dictionary_encode(),
            "l": pa.array(["a", "'+b"], pa.large_string()),
        }
    )
    safe, changed = guarded_table(table)
    assert changed == 3
    assert safe.column_names == ["'=n", "t", "d", "l"]
    assert safe["'=n"].to_pylist() == [-1, 2]
    assert safe["t"].to_pylist() == ["'=1", None]
    assert safe["d"].to_pylist() == ["'@x", "-1"]
    assert safe["l"].to_pylist() == ["a", "''+b"]
    assert guarded_table(table.slice(0, 0))[1] == 0


@given(st.lists(HOSTILE.filter(bool), min_size=1, max_size=5))
def test_the_rule_for_tables_is_that_for_cells(texts):
    safe, changed = guarded_table(pa.table({"t": pa.array(texts, pa.string())}))
    assert safe["t"].to_pylist() == [guarded_key(t) for t in texts]
    assert changed == sum(guarded_key(t) != t for t in texts)


@given(st.lists(HOSTILE, min_size=1, max_size=4))
def test_a_csv_file_gives_back_what_was_guarded(texts):
    file = io.StringIO(newline="")
    csv.writer(file).writerow([guarded(t).replace("\0", "") for t in texts])
    file.seek(0)
    cells = next(csv.reader(file), [""])
    assert [unguarded(c) for c in cells] == [t.replace("\0", "") for t in texts]
