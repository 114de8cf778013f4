"""Reading one row of a file of verdicts: the verdict that it holds, or all that is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from audits.classes import ClassList
from audits.errors import InputError, VerdictsError, plain
from audits.review.answers import decision_of, labels_of, seconds_of, text_of, time_of
from audits.review.record_checks import verdict_problems
from audits.review.records import Decision, NewVerdict, Question, Role, Shown
from audits.review.verdict_files import FileRow
from audits.room_config import MistakeConfig

T = TypeVar("T")

#: Columns that make up a question, beside the dataset and the item.
_PARTS = ("question_content", "given_label", "question_classes")

_TRUTH = {"": False, "false": False, "true": True}


@dataclass(frozen=True)
class RowReader:
    """What a row is checked against.

    Attributes
    ----------
    dataset : str
    classes : ClassList
    labels : mapping of str to tuple of str
        `answers.known_labels` of the classes.
    questions : mapping of str to Question
        Those that the store knows, by hash.
    current : collection of str
        Hashes of the questions that the items pose now.
    reviewer : str or None
        Who decided, for rows that do not say so.
    source : str
        Where rows come from that do not say so.
    mistakes : MistakeConfig or None
        Which categories and severities there are; None: neither is asked for.
    """

    dataset: str
    classes: ClassList
    labels: Mapping[str, tuple[str, ...]]
    questions: Mapping[str, Question]
    current: Collection[str]
    reviewer: str | None
    source: str
    mistakes: MistakeConfig | None = None

    def read(self, row: FileRow, *, hint: bool) -> tuple[NewVerdict | None, list[str]]:
        """The verdict of a row, or everything that is wrong with it; `hint`: with the nearest label.

        A verdict of which the file says no `client_id` has an empty one.
        """
        values, problems = row.values, []

        def attempt(read: Callable[[], T]) -> T | None:
            try:
                return read()
            except InputError as e:
                problems.append(str(e))
                return None

        once = was_stored(row)
        question = attempt(lambda: self._question(values, once=once))
        decision = attempt(lambda: decision_of(values["decision"]))
        labels = None
        if decision is not None:
            labels = attempt(lambda: self._labels(values, decision, question, once=once, hint=hint))
        reviewer = attempt(lambda: self._reviewer(values, once=once))
        role = attempt(lambda: text_of(values.get("role"), "role").strip() or "reviewer")
        category = attempt(lambda: self._mistake(values, "category", once=once))
        severity = attempt(lambda: self._mistake(values, "severity", once=once))
        shown = attempt(lambda: text_of(values.get("shown"), "shown").strip() or None)
        suggested = attempt(lambda: text_of(values.get("suggested"), "suggested") or None)
        comment = attempt(lambda: text_of(values.get("comment"), "comment"))
        seconds = attempt(lambda: seconds_of(values.get("seconds")))
        decided_at = attempt(lambda: time_of(values.get("decided_at")))
        source = attempt(lambda: text_of(values.get("source"), "source"))
        client_id = attempt(lambda: text_of(values.get("client_id"), "client_id"))
        taken_back = attempt(lambda: withdrawn(row))
        if taken_back and not once:
            problems.append("'withdrawn' without 'stored_at': only a verdict that was stored can be")
        if client_id is not None and not once:
            client_id = client_id.strip()
        if once and client_id == "":
            problems.append("no 'client_id'; a verdict that was stored has one")
        if question is None or decision is None or labels is None:
            return None, problems
        if row.part and values.get("given_label") != question.given_label:
            # an answer is compared with the given label that it was asked about
            problems.append(f"'given_label' is not that of its question, {plain(repr(question.given_label))}")
        verdict = NewVerdict(
            client_id=client_id or "",
            question=question,
            reviewer=reviewer,
            decision=decision,
            labels=labels,
            comment=comment or "",
            seconds=seconds,
            decided_at=decided_at,
            source=source or ("" if once else self.source),
            role=cast(Role, role or "reviewer"),
            category=category,
            severity=severity,
            shown=cast(Shown | None, shown),
            suggested=suggested,
        )
        problems += verdict_problems(replace(verdict, client_id=client_id or "to be derived"))
        return (None if problems else verdict), problems

    def _question(self, values: Mapping[str, Any], *, once: bool) -> Question:
        hash_ = text_of(values["question"], "question").strip()
        item_id = text_of(values["item_id"], "item_id")
        question = self.questions.get(hash_)
        if question is None and once:
            question = self._rebuilt(values, hash_, item_id)
        if question is None:
            raise VerdictsError(f"question {hash_[:40]!r} is not known to the review store")
        if question.dataset != self.dataset:
            raise VerdictsError(
                f"question {hash_} belongs to dataset {question.dataset!r}, not {self.dataset!r}"
            )
        if question.item_id not in (item_id, item_id.removeprefix("'")):
            raise VerdictsError(f"question {hash_} is about item {question.item_id!r}, not {item_id[:40]!r}")
        if hash_ not in self.current and not once:
            raise VerdictsError(
                f"question {hash_} is no longer current: the label or content of item {question.item_id!r}, or "
                "the class list, changed since the export; export again"
            )
        return question

    def _rebuilt(self, values: Mapping[str, Any], hash_: str, item_id: str) -> Question:
        parts = [text_of(values.get(n), n) for n in _PARTS]
        question = Question(self.dataset, item_id, *parts)
        try:
            same = question.hash == hash_
        except UnicodeEncodeError:
            same = False
        if not same:
            raise VerdictsError(
                f"question {plain(repr(hash_))} is not the one that its parts make (dataset {self.dataset!r}, item_id, "
                f"{', '.join(_PARTS)})"
            )
        return question

    def _labels(
        self,
        values: Mapping[str, Any],
        decision: Decision,
        question: Question | None,
        *,
        once: bool,
        hint: bool,
    ) -> tuple[str, ...]:
        said = values.get("labels")
        if not once:
            return labels_of(said, decision, self.classes, self.labels, hint=hint)
        ids = stored_labels(said)
        if question is not None and question.classes_hash == self.classes.fingerprint:
            unknown = [i for i in ids if i not in self.classes.positions]
            if unknown:
                raise VerdictsError(f"{plain(repr(unknown[0]))} is the id of no class")
        return ids

    def _reviewer(self, values: Mapping[str, Any], *, once: bool) -> str | None:
        said = text_of(values.get("reviewer"), "reviewer")
        if once:
            return said or None
        reviewer = said.strip() or (self.reviewer or "").strip()
        if not reviewer:
            raise VerdictsError("no reviewer; fill in the column or name one for the whole file")
        return reviewer

    def _mistake(self, values: Mapping[str, Any], name: str, *, once: bool) -> str | None:
        said = text_of(values.get(name), name)
        if once:
            return said or None
        if not (said := said.strip()):
            return None
        if self.mistakes is None:
            raise VerdictsError(
                f"{name!r} is not asked for: the YAML has no 'mistakes' under 'review', 'room'"
            )
        known = self.mistakes.categories if name == "category" else self.mistakes.severities
        if said not in known:
            raise VerdictsError(f"unknown {name} {plain(repr(said))}; there are {', '.join(known)}")
        return said


def was_stored(row: FileRow) -> bool:
    """Whether a row is one of a history: a verdict as a store had it."""
    value = row.values.get("stored_at")
    return value is not None and value != ""


def withdrawn(row: FileRow) -> bool:
    """Whether a row says of a stored verdict that it was withdrawn.

    Raises
    ------
    VerdictsError
        When it says neither yes nor no.
    """
    value = row.values.get("withdrawn")
    if isinstance(value, bool):
        return value
    text = text_of(value, "withdrawn").strip().lower()
    if text not in _TRUTH:
        raise VerdictsError(f"'withdrawn' must be true or false, got {plain(repr(text))}")
    return _TRUTH[text]


def stored_labels(value: Any) -> tuple[str, ...]:
    """Class ids as a history has them: a list, or a cell that `labels_cell` wrote."""
    if isinstance(value, str):
        if value.startswith("["):
            try:
                value = json.loads(value)
            except ValueError:
                raise VerdictsError(f"'labels' is no JSON list: {plain(repr(value))}") from None
        else:
            return tuple(value.split("|")) if value else ()
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise VerdictsError(f"'labels' must be a list of class ids, got {plain(repr(value))}")
    return tuple(value)


def labels_cell(labels: tuple[str, ...]) -> str:
    """Class ids in one cell of a history: with `|` between them, as a JSON list where one of them holds such signs.

    Examples
    --------
    >>> labels_cell(("cat", "dog")), labels_cell(("a|b",))
    ('cat|dog', '["a|b"]')
    """
    if any("|" in label or label.startswith("[") for label in labels):
        return json.dumps(labels, ensure_ascii=False)
    return "|".join(labels)
