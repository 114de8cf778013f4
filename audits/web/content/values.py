"""Values of an item's columns as parts of a page: texts, lists, rows, and what is too long for one look."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from audits.item_view import plain_value
from audits.web.pages import LONG_TEXT

#: The same for a text within a list or within rows.
LONG_ENTRY = 1_000

#: How many entries of a list or of a mapping are shown at once.
LONG_LIST = 50

#: How many values one column may spread over a page; what is beyond is shown as text.
MOST_VALUES = 400

#: How deep values may lie in each other before they are shown as text.
DEEPEST = 4

#: Longest row of numbers that is shown at once, in characters.
LONG_NUMBERS = 300

#: What stands where there is nothing.
NOTHING = "–"

PartKind = Literal["image", "file", "text", "value", "list", "rows", "gone"]


@dataclass(frozen=True)
class Part:
    """One column of an item as a page shows it.

    Attributes
    ----------
    name : str
        The column.
    kind : {"image", "file", "text", "value", "list", "rows", "gone"}
        image: a picture; file: something to download; text: prose; value: a number, a date or a word; list and rows:
        `entries`; gone: a file that cannot be shown, and `text` says why.
    text, more : str
        What is shown at once, and the rest of it.
    entries : tuple of Entry
        Of a list or of rows: what is shown at once.
    rest : tuple of Entry
        Of a list or of rows: the rest.
    url, thumb_url : str or None
        Of an image: the picture, and a small one; of a file: where it is downloaded.
    width, height : int
        Of an image: how large it is shown, in CSS pixels.
    tiny : bool
        Of an image: whether it has so few points that each is shown as a square.
    """

    name: str
    kind: PartKind
    text: str = ""
    more: str = ""
    entries: tuple[Entry, ...] = ()
    rest: tuple[Entry, ...] = ()
    url: str | None = None
    thumb_url: str | None = None
    width: int = 0
    height: int = 0
    tiny: bool = False


@dataclass(frozen=True)
class Entry:
    """One entry of a list or of rows: its number, letter or key, and its value."""

    marker: str
    part: Part


def part_of(name: str, value: object, *, short: bool = False, markers: Sequence[str] = ()) -> Part:
    """A value as a part of a page.

    Parameters
    ----------
    name : str
        The column.
    value : any
        As Arrow gives it: text, number, date, bytes, list, dict or None.
    short : bool
        Whether texts of the column are words rather than prose.
    markers : sequence of str
        What the entries of a list are called, of lists of that length; left out: their numbers.
    """
    return _Layout().part(name, value, short=short, markers=markers)


class _Layout:
    """Lays out one value and counts what it spreads over the page."""

    def __init__(self) -> None:
        self.left = MOST_VALUES

    def part(
        self, name: str, value: object, *, short: bool = False, markers: Sequence[str] = (), depth: int = 0
    ) -> Part:
        self.left -= 1
        if isinstance(value, str):
            if short or not value:
                return Part(name, "value", *cut(value))
            return Part(name, "text", *cut(value, LONG_ENTRY if depth else LONG_TEXT))
        if isinstance(value, (list, tuple)):
            return self._list(name, value, markers, depth)
        if isinstance(value, Mapping):
            return self._entries(name, "rows", [(str(k), v) for k, v in value.items()], depth)
        return Part(name, "value", *cut(words_of(value)))

    def _list(self, name: str, value: Sequence[Any], markers: Sequence[str], depth: int) -> Part:
        if not value:
            return Part(name, "value", NOTHING)
        if all(isinstance(v, tuple) and len(v) == 2 for v in value):  # an Arrow map
            return self._entries(name, "rows", [(words_of(k), v) for k, v in value], depth)
        if all(_is_number(v) for v in value):
            return Part(name, "value", *cut(", ".join(map(words_of, value)), LONG_NUMBERS))
        names = markers if len(markers) == len(value) else [str(i) for i in range(1, len(value) + 1)]
        return self._entries(name, "list", list(zip(names, value, strict=True)), depth)

    def _entries(
        self, name: str, kind: Literal["list", "rows"], pairs: Sequence[tuple[str, Any]], depth: int
    ) -> Part:
        if depth >= DEEPEST or len(pairs) > self.left:
            flat = [plain_value(v) for _, v in pairs] if kind == "list" else plain_value(dict(pairs))
            return Part(name, "text", *cut(json.dumps(flat, ensure_ascii=False, indent=1)))
        laid = [Entry(marker, self.part("", v, depth=depth + 1)) for marker, v in pairs]
        return Part(name, kind, entries=tuple(laid[:LONG_LIST]), rest=tuple(laid[LONG_LIST:]))


def cut(text: str, longest: int = LONG_TEXT) -> tuple[str, str]:
    """What of a text is shown at once and what is not; never just a few signs of it behind a click."""
    if len(text) <= longest * 5 // 4:
        return text, ""
    return text[:longest], text[longest:]


def words_of(value: object) -> str:
    """A single value in words."""
    if value is None:
        return NOTHING
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, (str, bool, int, float)):
        return str(value)
    return str(plain_value(value))


def _is_number(value: object) -> bool:
    return value is None or isinstance(value, (bool, int, float))
