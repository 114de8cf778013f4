"""Cells of CSV files that a spreadsheet would run as a formula: made harmless, and back as they were."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

#: What a formula begins with, in wide letters too, and what some programs pass over before it.
_BEGINS = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"
# an apostrophe that is in front already gets a company, so that taking one away gives back every text
_RISKY = re.compile(f"'*[{_BEGINS}]")
_GUARDED = re.compile(f"'+[{_BEGINS}]")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def guarded(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula.

    Text of the form ``'=1``, with its apostrophe, gets a further one, so that `unguarded` gives back any text.

    Examples
    --------
    >>> guarded("=1+1"), guarded("plain")
    ("'=1+1", 'plain')
    """
    return f"'{text}" if _RISKY.match(text) else text


def guarded_key(text: str) -> str:
    """As `guarded`, but a number stays as it is: an id such as ``-1`` is no formula."""
    return text if _NUMBER.fullmatch(text) else guarded(text)


def unguarded(text: str) -> str:
    """Take away the apostrophe that `guarded` or `guarded_key` put in front.

    Examples
    --------
    >>> unguarded("'=1+1"), unguarded("-1"), unguarded("'tis")
    ('=1+1', '-1', "'tis")
    """
    return text[1:] if _GUARDED.match(text) else text


def guarded_table(table: pa.Table) -> tuple[pa.Table, int]:
    """Guard the names and all text of a table that is to be written as CSV.

    Parameters
    ----------
    table : pyarrow.Table

    Returns
    -------
    table : pyarrow.Table
        With text columns as `pyarrow.string`; all others as they are.
    changed : int
        How many cells got an apostrophe.
    """
    changed = 0
    for i, field in enumerate(table.schema):
        type_ = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if not (pa.types.is_string(type_) or pa.types.is_large_string(type_)):
            continue
        column = table.column(i).cast(pa.string())
        risky = pc.fill_null(pc.match_substring_regex(column, f"^'*[{_BEGINS}]"), False)
        if pc.any(risky).as_py():
            plain = column.to_pylist()
            cells = [None if c is None else guarded_key(c) for c in plain]
            changed += sum(new != old for new, old in zip(cells, plain, strict=True))
            column = pa.chunked_array([pa.array(cells, pa.string())])
        table = table.set_column(i, field.name, column)
    return table.rename_columns([guarded(name) for name in table.column_names]), changed
