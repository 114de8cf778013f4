"""A few rows of a table as plain data that a page can show."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

#: How many rows are shown.
ROWS = 5

_CHARACTERS = 120


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    """The first rows of a table as dicts of numbers and texts; what is long is cut."""
    return [{k: _plain(v) for k, v in row.items()} for row in table.slice(0, ROWS).to_pylist()]


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None  # JSON has no NaN and no infinity
    text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= _CHARACTERS else text[: _CHARACTERS - 3] + "..."
