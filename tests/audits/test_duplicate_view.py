"""Pairs of the last run as rows: their order, both items' content, and what is refused."""

from __future__ import annotations

import pyarrow as pa
import pytest

from audits.duplicate_view import duplicate_counts, duplicate_rows
from audits.errors import UsageError

FOX = "the quick brown fox jumps over the lazy dog {} times"


@pytest.fixture
def tables(made_up):
    made_up.add(yaml="features: [{name: text, kind: text, columns: [text]}]\n")
    table = made_up.items()
    text = table["text"].to_pylist()
    text[10], text[13] = "same label and text", "Same label, and text"  # classes go round by three
    text[20], text[22] = FOX.format("five"), FOX.format("six")
    text[31], text[32] = "one text", "ONE TEXT"
    made_up.write_items(table.set_column(table.column_names.index("text"), "text", pa.array(text)))
    with pytest.raises(UsageError, match="run 'labelaudit run zoo'"):
        duplicate_rows(made_up.workspace.tables("zoo"))
    made_up.ok("run", "zoo")
    return made_up.workspace.tables("zoo")


def test_conflicts_then_exact_then_nearest(tables):
    rows = duplicate_rows(tables)
    assert [(r["conflict"], r["exact"]) for r in rows] == [(True, True), (True, False), (False, True)]
    assert rows[0]["content"] == {"text": "one text"}
    assert rows[0]["other_content"] == {"text": "ONE TEXT"}
    assert 0 < rows[1]["distance"] < 0.5
    assert (rows[1]["label"], rows[1]["other_label"]) == ("cow", "bee")
    assert rows[2]["label"] == rows[2]["other_label"]
    assert rows[0]["split"] is None
    assert duplicate_rows(tables, conflicts_only=True) == rows[:2]
    assert duplicate_rows(tables, limit=1) == rows[:1]
    assert duplicate_counts(tables) == {"pairs": 3, "exact": 2, "conflicts": 2, "across": 0}


def test_without_features_it_says_what_is_missing(made_up):
    made_up.add()
    made_up.ok("run", "zoo")
    for read in (duplicate_rows, duplicate_counts):
        with pytest.raises(
            UsageError, match="that takes 'features' in the YAML and the audit 'duplicate_conflicts'"
        ):
            read(made_up.workspace.tables("zoo"))
