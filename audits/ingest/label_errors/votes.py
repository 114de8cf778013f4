"""Read a set's votes file: how many reviewers chose which answer for each item they were shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audits.classes import LONGEST
from audits.errors import IdsError, LabelsError, VerdictsError
from audits.ingest.label_errors.layout import read_json_list
from audits.ingest.label_errors.problems import Problems
from audits.ingest.label_errors.sets import KnownSet

_REQUIRED = ("id", "given_original_label", "our_guessed_label", "mturk")

#: More votes than this for one answer are a broken file: the study asked five people.
MOST_VOTES = 1000

_MOST_LABEL = 2**31 - 1


@dataclass(frozen=True)
class VotedItem:
    """One item that people were shown.

    Attributes
    ----------
    item_id : str
        The id that the votes file uses.
    given, guessed : int
        Class ids of the given label and of the label that the study's model guessed.
    counts : mapping of str to int
        How many people chose each answer, by the file's own keys, in their order in `KnownSet.votes`.
    names : tuple of (int, str)
        Names that the entry gives to its classes: class id and name.
    url : str or None
        Where the item can be looked at.
    """

    item_id: str
    given: int
    guessed: int
    counts: Mapping[str, int]
    names: tuple[tuple[int, str], ...]
    url: str | None


def read_votes(path: Path, known: KnownSet) -> list[VotedItem]:
    """Read the votes of a set.

    Parameters
    ----------
    path : Path
        `mturk/NAME_mturk.json`.
    known : KnownSet
        The set.

    Returns
    -------
    list of VotedItem
        In the order of the file, at least one; ids are unique.

    Raises
    ------
    InputError
        With every kind of problem of the file, how many entries have it and the first few.
    """
    problems = Problems(path, VerdictsError)
    items: list[VotedItem] = []
    seen: set[str] = set()
    for position, entry in enumerate(read_json_list(path)):
        if not isinstance(entry, dict):
            problems.add("entries are not objects", f"entry {position}: {type(entry).__name__}")
            continue
        if missing := [k for k in _REQUIRED if k not in entry]:
            where = f"id {entry['id']}" if "id" in entry else f"entry {position}"
            problems.add("entries lack a field", f"{where}: {'/'.join(missing)}")
            continue
        item_id = _item_id(entry["id"], known)
        if item_id is None:
            expected = f"text of at most {LONGEST} characters" if known.text_ids else "whole numbers"
            problems.add(f"ids are not {expected}", f"entry {position}: {entry['id']!r}", IdsError)
            continue
        if item_id in seen:
            problems.add("ids are given more than once", item_id, IdsError)
        seen.add(item_id)
        given = _label(entry, "given_original_label", item_id, known, problems)
        guessed = _label(entry, "our_guessed_label", item_id, known, problems)
        counts = _counts(entry["mturk"], item_id, known, problems)
        if given is None or guessed is None or counts is None:
            continue
        names = _names(entry, {"given_original_label": given, "our_guessed_label": guessed}, known)
        url = entry.get("url")
        items.append(VotedItem(item_id, given, guessed, counts, names, url if isinstance(url, str) else None))
    problems.raise_any()
    return items


def _item_id(value: object, known: KnownSet) -> str | None:
    # where ids are numbers, the text "007" must not pass for 7
    if known.text_ids:
        return value if isinstance(value, str) and 0 < len(value) <= LONGEST else None
    return str(value) if _is_count(value) else None


def _label(
    entry: Mapping[str, Any], field: str, item_id: str, known: KnownSet, problems: Problems
) -> int | None:
    value = entry[field]
    if known.named_labels:
        if isinstance(value, str) and value in known.class_names:
            return known.class_names.index(value)
        problems.add(
            f"labels are none of {', '.join(known.class_names)}", f"id {item_id}: {value!r}", LabelsError
        )
    elif _is_count(value, _MOST_LABEL):
        return int(value)
    else:
        problems.add("labels are not class ids, 0 and up", f"id {item_id}: {value!r}", LabelsError)
    return None


def _counts(value: object, item_id: str, known: KnownSet, problems: Problems) -> dict[str, int] | None:
    if not isinstance(value, dict):
        problems.add("entries have no vote counts in 'mturk'", f"id {item_id}: {value!r}")
        return None
    unknown = [k for k in value if k not in known.votes]
    missing = [k for k in known.votes if k not in value]
    bad = [k for k in value if k in known.votes and not _is_count(value[k], MOST_VOTES)]
    if unknown:
        problems.add(f"entries have votes other than {'/'.join(known.votes)}", f"id {item_id}: {unknown[0]}")
    if missing:
        problems.add("entries lack a vote count", f"id {item_id}: {'/'.join(missing)}")
    for key in bad:
        problems.add(f"counts are not whole numbers from 0 to {MOST_VOTES}", f"id {item_id}: {value[key]!r}")
    return None if unknown or missing or bad else {k: value[k] for k in known.votes}


def _names(
    entry: Mapping[str, Any], labels: Mapping[str, int], known: KnownSet
) -> tuple[tuple[int, str], ...]:
    if known.named_labels:
        return ()
    pairs = [(label, entry.get(f"{field}_name")) for field, label in labels.items()]
    return tuple((label, name) for label, name in pairs if isinstance(name, str) and name)


def _is_count(value: object, most: int | None = None) -> bool:
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return value >= 0 and (most is None or value <= most)
