"""Reading what Label Studio exports as JSON: each annotation as a row, as if it stood in a file of verdicts.

Of an annotation are read: who (`completed_by`), whether it was skipped (`was_cancelled`), how long it took
(`lead_time`), when (`updated_at`), what was chosen, and the comment. One that is marked as `ground_truth` is a
verdict as any other; its source says so.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audits.classes import ClassList
from audits.errors import FileError, VerdictsError, first_few, plain
from audits.plain_files import read_text_bytes
from audits.review.answers import text_of, time_of
from audits.review.label_studio import COMMENT, LABEL, Choices
from audits.review.verdict_files import NAMED, BadRow, FileRow

#: What the data of a task says of its question.
_NEEDED = ("item_id", "question", "given_label")

#: Who somebody is, the first that an export tells.
_NAMES = ("email", "username", "id")


def read_label_studio(path: Path, classes: ClassList) -> tuple[list[FileRow], list[BadRow], int]:
    """Read the annotations of Label Studio's JSON export of tasks that `export_label_studio` wrote.

    Parameters
    ----------
    path : Path
        UTF-8; a list of tasks with their annotations (the format named JSON, not JSON-MIN).
    classes : ClassList
        The class list that the choices were made from.

    Returns
    -------
    rows : list of FileRow
        One an annotation, in the order in which they were made or changed last; `line` is the task's place in the
        list, from 1. Its `client_id` follows from the annotation and when it was changed.
    bad : list of BadRow
        What could not be read.
    skipped : int
        Annotations that were skipped, or in which nothing was chosen.

    Raises
    ------
    FileError
        When the file is missing or no text, or holds no list of tasks.
    """
    try:
        tasks = json.loads(read_text_bytes(path).decode("utf-8-sig"))
    except (ValueError, RecursionError) as e:
        if isinstance(e, FileError):
            raise
        raise FileError(f"{path}: not valid JSON ({e})") from e
    if not isinstance(tasks, list):
        raise FileError(f"{path}: expected a list of tasks as Label Studio exports it, got {_kind(tasks)}")
    reader = _Reader(Choices.of(classes), path.name)
    for number, task in enumerate(tasks, start=1):
        reader.task(number, task)
    rows = sorted(reader.rows, key=_moment)
    return rows, reader.bad, reader.skipped


class _Reader:
    """Collects the rows of one file."""

    def __init__(self, choices: Choices, name: str) -> None:
        self.choices, self.name = choices, name
        self.rows: list[FileRow] = []
        self.bad: list[BadRow] = []
        self.skipped = 0

    def task(self, number: int, task: Any) -> None:
        """Take the annotations of one task."""
        if not isinstance(task, dict):
            self.bad.append(BadRow(number, f"expected an object, got {_kind(task)}"))
            return
        if "annotations" not in task and "annotation_id" in task:
            self.bad.append(BadRow(number, "this is JSON-MIN; export as JSON, which has the annotations"))
            return
        annotations, data = task.get("annotations"), task.get("data")
        if not isinstance(annotations, list):
            self.bad.append(BadRow(number, f"expected a list of annotations, got {_kind(annotations)}"))
            return
        data = data if isinstance(data, dict) else {}
        if missing := [n for n in _NEEDED if n not in data]:
            if annotations:
                told = (
                    f"no {first_few(map(repr, missing))} in its data: not a task that 'verdicts export' wrote"
                )
                self.bad.append(BadRow(number, told))
            return
        for place, annotation in enumerate(annotations, start=1):
            if not isinstance(annotation, dict):
                self.bad.append(
                    BadRow(number, f"annotation {place}: expected an object, got {_kind(annotation)}")
                )
                continue
            part = f"annotation {plain(annotation.get('id', place))}"
            try:
                values = self._values(data, annotation)
            except VerdictsError as e:
                self.bad.append(BadRow(number, f"{part}: {e}"))
                continue
            if values is None:
                self.skipped += 1
            else:
                self.rows.append(FileRow(number, values, part))

    def _values(self, data: Mapping[str, Any], annotation: Mapping[str, Any]) -> dict[str, Any] | None:
        """An annotation as the columns of a verdict; None when it was skipped."""
        if _truth(annotation, "was_cancelled"):
            return None
        result = annotation.get("result", [])
        if not isinstance(result, list) or not all(isinstance(r, dict) for r in result):
            raise VerdictsError(f"expected a list of results, got {_kind(result)}")
        chosen = [c for r in result if r.get("type") == "choices" for c in _chosen(r)]
        if not chosen:
            return None
        decision, labels = self._decision(chosen, text_of(data["given_label"], "given_label"))
        at = text_of(annotation.get("updated_at") or annotation.get("created_at"), "updated_at")
        id_ = text_of(annotation.get("id"), "id")
        gold = " (ground truth)" if _truth(annotation, "ground_truth") else ""
        question = text_of(data["question"], "question").strip()
        return {
            "item_id": data["item_id"],
            "question": question,
            "given_label": data["given_label"],
            "decision": decision,
            "labels": labels,
            "reviewer": _who(annotation.get("completed_by")),
            "comment": "\n".join(t for r in result if r.get("type") == "textarea" for t in _written(r)),
            "seconds": annotation.get("lead_time"),
            "decided_at": at or None,
            "source": self.name + gold,
            # ids count from 1 in every Label Studio there is: the question and the moment tell them apart
            "client_id": f"label-studio:{question}:{id_}:{at}" if id_ and at else None,
        }

    def _decision(self, chosen: list[str], given: str) -> tuple[str, list[str]]:
        said = list(dict.fromkeys(chosen))
        answers = [self.choices.answers[c] for c in said if c in self.choices.answers]
        if answers and len(said) > 1:
            raise VerdictsError(f"{plain(repr(said))}: expected one choice, or several classes")
        if answers:
            return answers[0], []
        ids = [self._class_id(c) for c in said]
        if len(ids) > 1:
            return "multiple", ids
        return ("keep", []) if ids[0] == given else ("relabel", ids)

    def _class_id(self, choice: str) -> str:
        if (id_ := self.choices.classes.get(choice)) is not None:
            return id_
        # a configuration without aliases has what people saw
        seen = [id_ for alias, id_ in self.choices.classes.items() if self.choices.shown[alias] == choice]
        if len(seen) == 1:
            return seen[0]
        near = ""
        if len(self.bad) < NAMED:
            known = [*self.choices.classes, *self.choices.answers]
            near = f"; the nearest is {difflib.get_close_matches(choice[:100], known, n=1, cutoff=0.0)[0]!r}"
        raise VerdictsError(f"unknown choice {plain(repr(choice))}{near}")


def _moment(row: FileRow) -> float:
    """When a row was decided, for sorting; what is no moment is refused later."""
    try:
        at = time_of(row.values["decided_at"])
        return 0.0 if at is None else at.timestamp()
    except (VerdictsError, ValueError, OverflowError):
        return 0.0


def _chosen(result: Mapping[str, Any]) -> list[str]:
    if (tag := result.get("from_name")) != LABEL:
        raise VerdictsError(f"choices of {plain(repr(tag))}; expected those of {LABEL!r}")
    return _texts(result, "choices")


def _written(result: Mapping[str, Any]) -> list[str]:
    return _texts(result, "text") if result.get("from_name") == COMMENT else []


def _texts(result: Mapping[str, Any], name: str) -> list[str]:
    value = result.get("value")
    found = value.get(name) if isinstance(value, dict) else None
    if isinstance(found, str):
        found = [found]
    if not isinstance(found, list) or not all(isinstance(c, str) for c in found):
        raise VerdictsError(f"expected a list of texts as {name!r} of a result's value, got {_kind(found)}")
    return found


def _truth(annotation: Mapping[str, Any], name: str) -> bool:
    value = annotation.get(name)
    if value not in (None, True, False):
        raise VerdictsError(f"{name!r} must be true or false, got {plain(repr(value))}")
    return bool(value)


def _who(value: Any) -> str | None:
    """A person as an export names them: an address, a name or a number; None when it names nobody."""
    if isinstance(value, dict):
        value = next((value[n] for n in _NAMES if value.get(n) not in (None, "")), None)
    return text_of(value, "completed_by") or None


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "nothing"}
    return names.get(type(value), "a number")
