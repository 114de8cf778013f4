"""Which digit stands for which class on the page of an item."""

from __future__ import annotations

from collections.abc import Sequence

from audits.classes import ClassList
from audits.web.content.named import Named


def digits_of(classes: ClassList, likely: Sequence[Named]) -> dict[str, str]:
    """The digit of each class that has one, by class id.

    Digits from 1 stand for the likely classes, in their order. Where every class of the dataset is called by a digit,
    each digit stands for the class of that name, or else the key 2 would mean the class 7.

    Parameters
    ----------
    classes : ClassList
    likely : sequence of Named
        Those that are offered first.

    Examples
    --------
    >>> digits_of(ClassList(("c", "d"), ("cat", "dog")), [Named("d", "dog")])
    {'d': '1'}
    >>> digits_of(ClassList(("c", "d"), ("1", "2")), [Named("d", "2")])
    {'c': '1', 'd': '2'}
    """
    named = {id_: name.strip() for id_, name in zip(classes.ids, classes.names, strict=True)}
    if all(len(n) == 1 and n in "0123456789" for n in named.values()) and not classes.repeated_names:
        return named
    return {c.id: str(i) for i, c in enumerate(likely[:9], 1)}
