"""Classes as people type them: ids, names, and names that differ in case alone."""

from __future__ import annotations

from fastapi import HTTPException

from audits.classes import ClassList
from audits.errors import first_few


def class_of(text: str, classes: ClassList) -> str:
    """The id of the class that a text stands for.

    The first that fits: an id; what a class is displayed as; a name that one class alone has; the same whatever the
    case.

    Parameters
    ----------
    text : str
        As a form sent it.
    classes : ClassList

    Returns
    -------
    str
        Class id.

    Raises
    ------
    HTTPException
        With status 422 when it stands for no class, or for several.

    Examples
    --------
    >>> class_of("CAT", ClassList(("c", "d"), ("cat", "dog")))
    'c'
    """
    if text in classes.positions:
        return text
    wanted = _one_line(text)
    displayed = [classes.display(i) or "" for i in range(len(classes))]
    for fold in (_one_line, _folded):
        for words in (classes.ids, displayed, classes.names):
            found = [i for i, w in zip(classes.ids, words, strict=True) if fold(w) == fold(wanted)]
            if len(found) == 1:
                return found[0]
            if found:
                raise HTTPException(
                    422,
                    f"{wanted!r} stands for {len(found)} classes ({first_few(found)}); give the class id.",
                )
    raise HTTPException(422, f"There is no class {wanted!r} among the {len(classes)} of this dataset.")


def _one_line(text: str) -> str:
    # a browser sends every line end of a form as CR LF
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _folded(text: str) -> str:
    return " ".join(_one_line(text).casefold().split())
