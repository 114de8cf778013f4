"""Taking verdicts back from a file: every row is checked, then all are stored or none."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Connection

from audits.classes import ClassList
from audits.errors import VerdictsError, plain
from audits.review.activity import Act, record
from audits.review.answers import known_labels, text_of
from audits.review.label_studio_import import read_label_studio
from audits.review.questions import questions_of
from audits.review.record_checks import same_content
from audits.review.records import NewVerdict, StoredVerdict
from audits.review.schema import verdict
from audits.review.store import ReviewStore
from audits.review.store_rows import VERDICTS, select_verdicts
from audits.review.store_verdicts import (
    NewWithdrawal,
    add_verdicts,
    add_withdrawal,
    raise_all,
    withdrawal_problems,
)
from audits.review.verdict_files import NAMED, BadRow, FileRow, read_rows
from audits.review.verdict_rows import RowReader, was_stored, withdrawn
from audits.room_config import MistakeConfig


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
    withdrawn : int
        Verdicts that a history says were withdrawn, and now are.
    """

    stored: int
    already: int
    unanswered: int
    withdrawn: int = 0


def import_verdicts(
    store: ReviewStore,
    dataset: str,
    classes: ClassList,
    path: Path,
    reviewer: str | None,
    items: pa.Table,
    *,
    mistakes: MistakeConfig | None = None,
    act: Act | None = None,
) -> ImportResult:
    """Store the verdicts of a file: a filled-in export, a history of verdicts, or what Label Studio exports.

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
        .csv, .jsonl, or .json from Label Studio. A row of the former needs `item_id`, `question` and, to count as
        answered, `decision`. One of a history may answer a question that its item no longer poses.
    reviewer : str or None
        Who decided, for rows that do not say so.
    items : pyarrow.Table
        `contracts.ITEMS`: which questions are current.
    mistakes : MistakeConfig, optional
        Which categories and severities a filled-in row may name; None: neither.
    act : Act, optional
        What is told in the activity log of an import that stored something, with the numbers added to its detail.

    Returns
    -------
    ImportResult

    Raises
    ------
    UsageError
        When its suffix is another one.
    FileError, ColumnsError
        When the file is missing or no text, or is not made as such files are.
    VerdictsError
        With every bad row and its line number (the first 50; the others are counted). Nothing is stored.
    """
    unit = "line"
    if path.suffix.lower() == ".json":
        rows, bad, unanswered = read_label_studio(path, classes)
        unit, answered = "task", rows
    else:
        rows, bad = read_rows(path)
        answered = [r for r in rows if not _is_unanswered(r)]
        unanswered = len(rows) - len(answered)
    hashes = {h.strip() for r in answered if isinstance(h := r.values["question"], str)}
    reader = RowReader(
        dataset=dataset,
        classes=classes,
        labels=known_labels(classes),
        questions=store.questions(hashes),
        current={q.hash for q in questions_of(items, dataset, classes)},
        reviewer=reviewer,
        source=path.name,
        mistakes=mistakes,
    )
    given: list[_Given] = []
    for row in answered:
        found, problems = reader.read(row, hint=len(bad) < NAMED)
        bad += [row.bad(p) for p in problems]
        if found is not None:
            given.append(_Given(row, found))
    bad += _repeated(given, unit)
    new = _without_known(store, dataset, given, bad)
    if bad:
        raise VerdictsError(_message(path, bad, unit))
    now = datetime.now(UTC)
    with store.writing() as connection:
        stored, already = add_verdicts(connection, new, now)
        taken_back = _withdraw(connection, given, now)
        done = ImportResult(stored, len(given) - len(new) + already, unanswered, taken_back)
        if act is not None and (stored or taken_back):
            numbers = {"file": path.name, "stored": stored, "withdrawn": taken_back}
            record(connection, [replace(act, detail={**act.detail, **numbers})])
    return done


@dataclass(frozen=True)
class _Given:
    """A verdict and the row that it came from. Its client id is empty where the file gives none."""

    row: FileRow
    verdict: NewVerdict

    @property
    def answer(self) -> tuple[str, str | None]:
        return self.verdict.question.hash, self.verdict.reviewer


def _is_unanswered(row: FileRow) -> bool:
    # labels without a decision are no blank row but a mistake, which `decision_of` reports
    def empty(value: object) -> bool:
        return value is None or value == [] or (isinstance(value, str) and not value.strip())

    return empty(row.values["decision"]) and empty(row.values.get("labels"))


def _repeated(given: Sequence[_Given], unit: str) -> list[BadRow]:
    bad = []
    answers: dict[tuple[str, str | None], int] = {}
    client_ids: dict[str, int] = {}
    for g in given:
        client_id, line = g.verdict.client_id, g.row.line
        # a history, or several annotations of a task, tell what a person said in the course of time
        over_time = was_stored(g.row) or bool(g.row.part)
        if not over_time and (first := answers.setdefault(g.answer, line)) != line:
            who = plain(repr(g.verdict.reviewer))
            bad.append(g.row.bad(f"{who} answers this question on {unit} {first} already"))
        if client_id and (first := client_ids.setdefault(client_id, line)) != line:
            bad.append(g.row.bad(f"the client_id of {unit} {first} again"))
    return bad


def _withdraw(connection: Connection, given: Sequence[_Given], now: datetime) -> int:
    """Take back what a history says was taken back, unless it is; gives how many verdicts that were."""
    gone = {g.verdict.client_id: g.row for g in given if was_stored(g.row) and withdrawn(g.row)}
    kept = select_verdicts(connection, VERDICTS, verdict.c.client_id, gone)
    standing = [v for v in kept if not v.withdrawn]
    for v in standing:
        told = gone[v.client_id].values
        who = text_of(told.get("withdrawn_by"), "withdrawn_by") or v.reviewer
        why = text_of(told.get("withdrawn_because"), "withdrawn_because")
        sent = hashlib.blake2b(v.client_id.encode(), digest_size=16).hexdigest()
        new = NewWithdrawal(f"import-withdrawal-{sent}", v.id, who, why)
        raise_all(f"withdrawal of {v.client_id!r}", withdrawal_problems(new))
        add_withdrawal(connection, new, now)
    return len(standing)


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
                told = plain(repr(verdict.client_id))
                bad.append(g.row.bad(f"client_id {told} is stored with another verdict"))
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


def _message(path: Path, bad: list[BadRow], unit: str) -> str:
    lines = len({b.line for b in bad})
    rows = ("row" if lines == 1 else "rows") if unit == "line" else (unit if lines == 1 else f"{unit}s")
    named = [f"{unit} {b.line}: {b.problem}" for b in sorted(bad, key=lambda b: b.line)]
    shown = "".join(f"\n  - {text}" for text in named[:NAMED])
    rest = f"\n  - ... and {len(named) - NAMED} more problems" if len(named) > NAMED else ""
    return f"{path}: {lines} bad {rows}; nothing was stored{shown}{rest}"
