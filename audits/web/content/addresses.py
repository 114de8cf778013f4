"""Addresses of an item's page and of its files: hashes and names of columns, never ids, labels or names of files."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import quote

from audits.web.loaded import Loaded

_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,60}")


def item_url(loaded: Loaded, row: int) -> str:
    """Page of the item in a row."""
    return f"/d/{quote(loaded.name)}/q/{loaded.questions[row].hash}"


def image_url(loaded: Loaded, row: int, column: str) -> str:
    """Where the file that a column names is served."""
    return f"/d/{quote(loaded.name)}/image/{loaded.questions[row].hash}/{column_key(column)}"


def column_key(column: str) -> str:
    """A column as a part of an address: its name where that has letters and digits alone, else its hash.

    Examples
    --------
    >>> column_key("image")
    'image'
    >>> column_key("a/b")
    '~0debd2558bca8fa0'
    """
    if _PLAIN.fullmatch(column):
        return column
    return "~" + hashlib.blake2b(column.encode(), digest_size=8).hexdigest()
