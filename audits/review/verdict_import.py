"""Taking verdicts back from a file: every row is checked, then all are stored or none."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from audits.classes import ClassList
from audits.errors import InputError, VerdictsError, plain
from audits.review.answers import decision_of, known_labels, labels_of, seconds_of, text_of, time_of
from audits.review.questions import questions_of
from audits.review.record_checks import same_content, verdict_problems
from audits.review.records import NewVerdict, Question, StoredVerdict
from audits.review.store import ReviewStore
from audits.review.verdict_files import NAMED, BadRow, FileRow, read_rows

T = TypeVar("T")


@dataclass(frozen=True)
class ImportResult:
    """What came of a file of verdicts.

    Attributes
    ----------
    stored : int
        Verdicts that are new.
    already : int
        Rows that say what the store holds already.
    unanswered : int
        Rows without a decision.
    """

    stored: int
    already: int
    unanswered: int


def import_verdicts(
    store: ReviewStore,
    dataset: str,
    classes: ClassList,
    path: Path,
    reviewer: str | None,
    items: pa.Table,
) -> ImportResult:
    """Store the verdicts of a file that `export_queue` wrote and people filled in.

    Importing a file again stores nothing: a row without a `client_id` that says what its reviewer's
    current verdict on the question says is there already. Any other one is a change of mind and is added.

    Parameters
    ----------
    store : ReviewStore
        Where they go.
    dataset : str
        Name of the dataset.
    classes : ClassList
        Its class list. Labels are class ids, or names that stand for one class; an id wins over a name.
    path : Path
        .csv or .jsonl. A row needs `item_id`, `question` and, to count as answered, `decision`.
    reviewer : str or None
        Who decided, for rows that do not say so.
    items : pyarrow.Table
        `contracts.ITEMS`: which questions are current.

    Returns
    -------
    ImportResult

    Raises
    ------
    UsageError
        When its suffix is another one.
    FileError, ColumnsError
        When the file is missing or no text, or its columns are not those of an export.
    VerdictsError
        With every bad row and its line number (the first 50; the others are counted). Nothing is stored.
    """
    rows, bad = read_rows(path)
    answered = [r for r in rows if not _is_unanswered(r)]
    hashes = {h.strip() for r in answered if isinstance(h := r.values["question"], str)}
    reader = _RowReader(
        dataset=dataset,
        classes=classes,
        labels=known_labels(classes),
        questions=store.questions(hashes),
        current={q.hash for q in questions_of(items, dataset, classes)},
        reviewer=reviewer,
        source=path.name,
    )
    given: list[_Given] = []
    for row in answered:
        verdict, problems = reader.read(row, hint=len(bad) < NAMED)
        bad += [BadRow(row.line, p) for p in problems]
        if verdict is not None:
            given.append(_Given(row.line, verdict))
    bad += _repeated(given)
    new = _without_known(store, dataset, given, bad)
    if bad:
        raise VerdictsError(_message(path, bad))
    stored, already = store.add_verdicts(new)
    return ImportResult(stored, len(given) - len(new) + already, len(rows) - len(answered))


@dataclass(frozen=True)
class _Given:
    """A verdict and the line that it came from. Its client id is empty where the file gives none."""

    line: int
    verdict: NewVerdict

    @property
    def answer(self) -> tuple[str, str | None]:
        return self.verdict.question.hash, self.verdict.reviewer


def _is_unanswered(row: FileRow) -> bool:
    # labels without a decision are no blank row but a mistake, which `decision_of` reports
    def empty(value: object) -> bool:
        return value is None or value == [] or (isinstance(value, str) and not value.strip())

    return empty(row.values["decision"]) and empty(row.values.get("labels"))


def _repeated(given: Sequence[_Given]) -> list[BadRow]:
    bad = []
    answers: dict[tuple[str, str | None], int] = {}
    client_ids: dict[str, int] = {}
    for g in given:
        if (first := answers.setdefault(g.answer, g.line)) != g.line:
            bad.append(
                BadRow(
                    g.line, f"{plain(repr(g.verdict.reviewer))} answers this question on line {first} already"
                )
            )
        if g.verdict.client_id and (first := client_ids.setdefault(g.verdict.client_id, g.line)) != g.line:
            bad.append(BadRow(g.line, f"the client_id of line {first} again"))
    return bad


def _without_known(
    store: ReviewStore, dataset: str, given: Sequence[_Given], bad: list[BadRow]
) -> list[NewVerdict]:
    """Verdicts for the store, each with a client id, without those that it holds already."""
    sent = store.verdicts_by_client_id(g.verdict.client_id for g in given if g.verdict.client_id)
    history: dict[tuple[str, str | None], list[StoredVerdict]] = defaultdict(list)
    for s in store.verdicts(dataset, {g.verdict.question.hash for g in given if not g.verdict.client_id}):
        history[s.question.hash, s.reviewer].append(s)
    new = []
    for g in given:
        verdict = g.verdict
        if verdict.client_id:
            before = sent.get(verdict.client_id)
            if before is not None and not same_content(before, verdict):
                bad.append(
                    BadRow(
                        g.line, f"client_id {plain(repr(verdict.client_id))} is stored with another verdict"
                    )
                )
        else:
            own = history[g.answer]
            before = next((s for s in reversed(own) if not s.withdrawn), None)
            if before is not None and not same_content(before, verdict):
                before = None
            verdict = replace(verdict, client_id=_derived_id(verdict, len(own)))
        if before is None:
            new.append(verdict)
    return new


def _derived_id(verdict: NewVerdict, earlier: int) -> str:
    # the number of earlier verdicts makes a return to an old opinion another verdict, and the same file
    # imported by two processes at once the same one
    time = verdict.decided_at.isoformat() if verdict.decided_at else None
    said = [verdict.decision, verdict.labels, verdict.comment, verdict.seconds, time]
    text = json.dumps([verdict.question.hash, verdict.reviewer, said, earlier], ensure_ascii=False)
    return "import-" + hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _message(path: Path, bad: list[BadRow]) -> str:
    lines = len({b.line for b in bad})
    rows = "row" if lines == 1 else "rows"
    named = [f"line {b.line}: {b.problem}" for b in sorted(bad, key=lambda b: b.line)]
    shown = "".join(f"\n  - {text}" for text in named[:NAMED])
    rest = f"\n  - ... and {len(named) - NAMED} more problems" if len(named) > NAMED else ""
    return f"{path}: {lines} bad {rows}; nothing was stored{shown}{rest}"
