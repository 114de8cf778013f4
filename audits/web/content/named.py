"""A class as pages name it: its id, what people call it, and what belongs into it."""

from __future__ import annotations

from dataclasses import dataclass

from audits.web.loaded import Loaded


@dataclass(frozen=True)
class Named:
    """A class as pages name it.

    Attributes
    ----------
    id : str
        What a verdict stores.
    name : str
        What people call it; with the id where several classes share the name.
    guideline : str or None
        What belongs into the class, where the YAML says so; plain text.
    """

    id: str
    name: str
    guideline: str | None = None


def named(loaded: Loaded, index: int | None) -> Named | None:
    """A class by its index; None stays None, and so does an index of no class."""
    if index is None or index < 0:
        return None
    return named_id(loaded, loaded.classes.ids[index])


def named_id(loaded: Loaded, id_: str) -> Named:
    """A class by its id; one that left the class list is called by its id."""
    index = loaded.classes.positions.get(id_)
    name = loaded.classes.display(index)
    return Named(id_, id_ if name is None else name, loaded.guidelines.get(id_))
