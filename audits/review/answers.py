"""Reading what people fill in: decisions, labels, seconds and times, from a cell or a JSON value.

Each function returns the value or raises `VerdictsError` with what is wrong, for the caller to add the line.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from audits.classes import ClassList
from audits.errors import VerdictsError, first_few
from audits.review.records import DECISIONS, Decision


def text_of(value: Any, name: str) -> str:
    """Text as it is; nothing as the empty text; a whole number as its digits."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise VerdictsError(f"{name!r} must be text, got {_short(value)}")


def decision_of(value: Any) -> Decision:
    """One of `DECISIONS`, in any case."""
    text = text_of(value, "decision").strip()
    for decision in DECISIONS:
        if text.lower() == decision:
            return decision
    if not text:
        raise VerdictsError(f"no decision; expected one of {', '.join(DECISIONS)}")
    near = _nearest(text.lower(), DECISIONS)
    raise VerdictsError(
        f"unknown decision {_short(text)}; the nearest is {near!r} (of {', '.join(DECISIONS)})"
    )


def known_labels(classes: ClassList) -> dict[str, tuple[str, ...]]:
    """Class ids by what people may write for them: the id, the name, or the name with the id behind it.

    An id wins over a name that reads the same. Several ids: the name is ambiguous.
    """
    known: dict[str, tuple[str, ...]] = {}
    for id_, name in zip(classes.ids, classes.names, strict=True):
        known[name] = (*known.get(name, ()), id_)
    shown = {classes.display(i): (id_,) for i, id_ in enumerate(classes.ids)}
    return known | {text: ids for text, ids in shown.items() if text} | {id_: (id_,) for id_ in classes.ids}


def labels_of(
    value: Any,
    decision: Decision,
    classes: ClassList,
    known: Mapping[str, tuple[str, ...]],
    *,
    hint: bool = True,
) -> tuple[str, ...]:
    """Class ids, in the order of the class list, from a list or from text with `|` between them.

    `known` is `known_labels(classes)`. To look for the nearest to an unknown label takes time where there are
    many classes; `hint` says whether to.
    """
    if isinstance(value, list):
        texts = [text_of(v, "labels").strip() for v in value]
    else:
        cell = text_of(value, "labels").strip()
        # a label may itself hold a |; where one label is expected, try the cell as a whole first
        whole = decision != "multiple" and bool(_ids_of(cell, known))
        texts = [cell] if whole else [t.strip() for t in cell.split("|")] if cell else []
    ids = [_class_id(text, known, hint) for text in texts]
    return tuple(sorted(ids, key=classes.positions.__getitem__))


def seconds_of(value: Any) -> float | None:
    """A number of seconds; whether it is finite and not negative is for `verdict_problems`."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return math.inf
    text = text_of(value, "seconds").strip()
    try:
        return float(text) if text else None
    except ValueError:
        raise VerdictsError(f"'seconds' must be a number of at least 0, got {_short(text)}") from None


def time_of(value: Any) -> datetime | None:
    """A moment in ISO 8601; whether it has a time zone is for `verdict_problems`."""
    text = text_of(value, "decided_at").strip()
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise VerdictsError(f"'decided_at' must be ISO 8601 with a time zone, got {_short(text)}") from None


def _class_id(text: str, known: Mapping[str, tuple[str, ...]], hint: bool) -> str:
    ids = _ids_of(text, known)
    if len(ids) == 1:
        return ids[0]
    if ids:
        raise VerdictsError(
            f"the name {_short(text)} stands for {len(ids)} classes; give one of the ids {first_few(ids)}"
        )
    if not text:
        raise VerdictsError("an empty label")
    parts = [p.strip() for p in re.split("[,;/]", text)]
    if len(parts) > 1 and all(_ids_of(p, known) for p in parts):
        raise VerdictsError(
            f"unknown label {_short(text)}; several labels have '|' between them: {'|'.join(parts)}"
        )
    near = f"; the nearest is {_nearest(text, known)!r}" if hint else ""
    raise VerdictsError(f"unknown label {_short(text)}{near}")


def _ids_of(text: str, known: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    # people copy a suggestion with the apostrophe that an export put before it, as it would before a formula
    return known.get(text) or known.get(text.removeprefix("'"), ())


def _nearest(text: str, known: Iterable[str]) -> str:
    # the comparison takes time in the product of the lengths, and a cell can be a whole book
    return difflib.get_close_matches(text[:100], known, n=1, cutoff=0.0)[0]


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else shown[:77] + "..."
