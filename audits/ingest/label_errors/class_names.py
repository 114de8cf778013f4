"""The class list of a set: how many classes, and their names as far as they are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from audits.classes import ClassList
from audits.errors import LabelsError, ShapeError
from audits.ingest.label_errors.problems import Problems
from audits.ingest.label_errors.sets import KnownSet
from audits.ingest.label_errors.votes import VotedItem


def count_classes(known: KnownSet, columns: int | None, highest: Mapping[str, int]) -> int:
    """Number of classes K of a set.

    Parameters
    ----------
    known : KnownSet
        The set.
    columns : int or None
        Columns of its probabilities, where they are there: they then say which copy of the set this is.
    highest : mapping of str to int
        The highest class id that each file uses, by the file's name.

    Returns
    -------
    int
        K; class ids are 0 to K - 1.

    Raises
    ------
    ShapeError, LabelsError
        When the probabilities have another number of columns than the set has classes, or a file uses a
        class beyond the last.
    """
    accepted = " or ".join(map(str, known.n_classes))
    if columns is not None and columns not in known.n_classes:
        raise ShapeError(f"the probabilities of {known.name} have {columns} columns; expected {accepted}")
    needed = max(highest.values()) + 1
    fitting = [k for k in ([columns] if columns is not None else known.n_classes) if k >= needed]
    if not fitting:
        most = columns if columns is not None else known.n_classes[-1]
        beyond = [f"{where} uses class {top}" for where, top in highest.items() if top >= most]
        raise LabelsError(f"{known.name} has {most} classes, 0 to {most - 1}, but {', '.join(beyond)}")
    return fitting[0]


def class_list(path: Path, known: KnownSet, n_classes: int, votes: Iterable[VotedItem]) -> ClassList:
    """Class list with the ids 0 to K - 1, named as the votes file and the known list of the set name them.

    Parameters
    ----------
    path : Path
        The votes file, for messages.
    known : KnownSet
        The set.
    n_classes : int
        K.
    votes : iterable of VotedItem
        All votes of the file, also those on items that are left out.

    Returns
    -------
    ClassList
        A class that nothing names has its id as its name.

    Raises
    ------
    LabelsError
        When one class has several names: labels and names then do not belong together.
    """
    names = dict(enumerate(known.class_names))
    problems = Problems(path, LabelsError)
    for vote in votes:
        for label, name in vote.names:
            if names.setdefault(label, name) != name:
                problems.add(
                    "class names conflict",
                    f"id {vote.item_id}: class {label} is {names[label]!r} and {name!r}",
                )
    problems.raise_any()
    ids = tuple(str(i) for i in range(n_classes))
    return ClassList(ids, tuple(names.get(i, str(i)) for i in range(n_classes)))
