"""Group columns of the items: which group each item belongs to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audits.classes import is_text
from audits.errors import ColumnsError
from audits.outputs import Ints

#: More groups than this are no groups: the column names items.
MOST_GROUPS = 1000


@dataclass(frozen=True)
class Groups:
    """A group column.

    Attributes
    ----------
    names : tuple of str
        The groups: numbers in their order, else by name.
    codes : int32 array, shape (n,)
        Position of each item's group among the names; -1 where it has none.
    """

    names: tuple[str, ...]
    codes: Ints


def groups_of(values: pa.Array | pa.ChunkedArray, *, what: str = "a group column") -> Groups:
    """Read a group column.

    Parameters
    ----------
    values : pyarrow array, length n
        Text, whole numbers or truth values; null: in no group.
    what : str
        What the column is to the caller, for what an error says.

    Returns
    -------
    Groups

    Raises
    ------
    ColumnsError
        When the column holds anything else, or more than `MOST_GROUPS` different values.

    Examples
    --------
    >>> groups_of(pa.array(["10", "9", None, "9"])).names
    ('9', '10')
    """
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    kinds = (is_text, pa.types.is_integer, pa.types.is_boolean, pa.types.is_null)
    if not any(is_kind(array.type) for is_kind in kinds):
        raise ColumnsError(f"{what} of type {array.type}; expected text, whole numbers or true and false")
    texts = pc.if_else(array, "true", "false") if pa.types.is_boolean(array.type) else array.cast(pa.string())
    found = pc.unique(texts.drop_null()).to_pylist()
    if len(found) > MOST_GROUPS:
        raise ColumnsError(
            f"{what} with {len(found)} different values, more than {MOST_GROUPS}: it names items, not groups"
        )
    whole = all(t.removeprefix("-").isdecimal() and len(t) < 20 for t in found)
    names = sorted(found, key=lambda t: (int(t) if whole else 0, t))
    place = pc.index_in(texts, value_set=pa.array(names, pa.string()))
    return Groups(tuple(names), place.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32))
