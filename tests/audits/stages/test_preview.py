import json
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from audits.stages.preview import rows_of


def test_only_the_first_rows_are_shown():
    assert rows_of(pa.table({"a": range(100)})) == [{"a": n} for n in range(5)]
    assert rows_of(pa.table({"a": pa.array([], pa.int32())})) == []
    assert rows_of(pa.table({"a": [1, 2]}).slice(1)) == [{"a": 2}]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (0.5, 0.5),
        (float("nan"), None),
        (float("inf"), None),
        (float("-inf"), None),
        ("x" * 120, "x" * 120),
        ("x" * 121, "x" * 117 + "..."),
        (["a", "b"], "a; b"),
        ({"k": 1}, "{'k': 1}"),
        (b"\x00", "b'\\x00'"),
        (Decimal("1.50"), "1.50"),
        (datetime(2024, 1, 2, tzinfo=UTC), "2024-01-02 00:00:00+00:00"),
    ],
)
def test_values_are_such_as_json_and_a_page_can_hold(value, shown):
    (row,) = rows_of(pa.table({"a": [value]}))
    assert row == {"a": shown}
    assert json.loads(json.dumps(row, allow_nan=False)) == row
