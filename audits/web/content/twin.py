"""An item's duplicate that has another label: both side by side, with what differs."""

from __future__ import annotations

from dataclasses import dataclass

from audits.web.content.differences import Piece, differences
from audits.web.content.named import Named
from audits.web.content.thumb import Thumb, thumb
from audits.web.content.values import cut
from audits.web.loaded import Loaded


@dataclass(frozen=True)
class Column:
    """One text column of both items, in pieces."""

    name: str
    own: tuple[Piece, ...]
    other: tuple[Piece, ...]


@dataclass(frozen=True)
class Twin:
    """A duplicate that has another label.

    Attributes
    ----------
    own, other : Thumb
        Both items at a glance.
    exact : bool
        Whether they are equal.
    features : str
        What they were compared by.
    distance : float
        How far they are apart; 0 of exact ones.
    split : str or None
        Part of the dataset that the other one belongs to.
    columns : tuple of Column
        Their texts, where they differ.
    further : int
        How many more duplicates with another label there are.
    """

    own: Thumb
    other: Thumb
    exact: bool
    features: str
    distance: float
    split: str | None
    columns: tuple[Column, ...]
    further: int = 0

    @property
    def label(self) -> Named:
        """Given label of the other one."""
        return self.other.label


def twin_of(loaded: Loaded, row: int) -> Twin | None:
    """The nearest of an item's duplicates that have another label, exact ones first; None where it has none."""
    item_id = loaded.questions[row].item_id
    rows = loaded.duplicate_rows.get(item_id, [])
    if not rows:
        return None
    pairs = loaded.duplicates.take(rows).to_pylist()
    pairs.sort(key=lambda p: (not p["exact"], p["distance"] or 0.0, p["item_id"], p["other_id"]))
    first = pairs[0]
    own = first["item_id"] == item_id
    other = loaded.items.rows[first["other_id" if own else "item_id"]]
    others = {p["other_id"] if p["item_id"] == item_id else p["item_id"] for p in pairs}
    return Twin(
        own=thumb(loaded, row, blind=False),
        other=thumb(loaded, other, blind=False),
        exact=first["exact"],
        features=first["features"],
        distance=first["distance"] or 0.0,
        split=first["other_split" if own else "split"],
        columns=_columns(loaded, row, other),
        further=len(others) - 1,
    )


def _columns(loaded: Loaded, row: int, other: int) -> tuple[Column, ...]:
    further = loaded.items.further
    found = []
    for name in loaded.items.content_columns:
        if name not in further.column_names or name in loaded.file_columns:
            continue
        one, two = further[name][row].as_py(), further[name][other].as_py()
        if isinstance(one, str) and isinstance(two, str) and one != two:
            found.append(Column(name, *differences(cut(one)[0], cut(two)[0])))
    return tuple(found)
