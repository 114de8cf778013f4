"""All verdicts that were ever given, withdrawn ones too, as a file; `verdict_import` takes it back in another store."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Row, select

from audits.formulas import guarded, guarded_key
from audits.out_files import checked_target, write_out
from audits.review.records import StoredVerdict
from audits.review.schema import question, verdict, withdrawal
from audits.review.store import ReviewStore
from audits.review.store_rows import VERDICTS, select_verdicts
from audits.review.verdict_files import file_format
from audits.review.verdict_rows import labels_cell

#: The columns, in order: the answer, who gave it and when, and the question as a whole.
COLUMNS = (
    *("verdict", "item_id", "given_label", "decision", "labels", "reviewer", "role"),
    *("category", "severity", "comment", "seconds", "decided_at"),
    *("withdrawn", "withdrawn_by", "withdrawn_at", "withdrawn_because"),
    *("shown", "suggested", "source", "stored_at", "client_id"),
    *("question", "question_content", "question_classes"),
)

#: Columns of ids: a number among them is no formula.
_KEYS = ("item_id", "given_label", "labels", "suggested")


def export_history(store: ReviewStore, dataset: str, path: Path, *, reviewer: str | None = None) -> int:
    """Write all verdicts of a dataset, in the order in which they were stored.

    In CSV, text that a spreadsheet would take for a formula gets an apostrophe in front; `import_verdicts` takes it
    away again.

    Parameters
    ----------
    store : ReviewStore
    dataset : str
        Name of the dataset.
    path : Path
        A name that ends in .csv or .jsonl; replaced in one step.
    reviewer : str, optional
        Only this person's.

    Returns
    -------
    int
        How many verdicts were written.

    Raises
    ------
    UsageError
        For another suffix, a folder that is not there, or one in the file's place.
    DiskError
        When the file cannot be written.
    """
    format_ = file_format(checked_target(path))
    rows = history(store, dataset, reviewer=reviewer)
    write_out(path, "".join(history_lines(rows, format_)).encode())
    return len(rows)


def history(
    store: ReviewStore, dataset: str, *, reviewer: str | None = None, kept_back: Collection[str] = ()
) -> list[dict[str, Any]]:
    """All verdicts of a dataset, or one person's, in the order of storing, by `COLUMNS`, as JSON can say them.

    Parameters
    ----------
    store : ReviewStore
    dataset : str
        Name of the dataset.
    reviewer : str, optional
    kept_back : collection of str
        Columns that are left empty.
    """
    of_dataset = VERDICTS.where(question.c.dataset == dataset)
    of_person = of_dataset if reviewer is None else of_dataset.where(verdict.c.reviewer == reviewer)
    joined = withdrawal.join(verdict, verdict.c.id == withdrawal.c.verdict_id).join(
        question, question.c.hash == verdict.c.question_hash
    )
    taken = select(withdrawal).select_from(joined).where(question.c.dataset == dataset)
    with store.reading() as connection:
        verdicts = select_verdicts(connection, of_person, verdict.c.id, None)
        gone = {w.verdict_id: w for w in connection.execute(taken)}
    empty = dict.fromkeys(kept_back)
    return [_row(v, gone.get(v.id)) | empty for v in verdicts]


def history_lines(rows: Iterable[Mapping[str, Any]], format_: Literal["csv", "jsonl"]) -> Iterator[str]:
    """The text of a history, a row at a time; of CSV the header first."""
    if format_ == "jsonl":
        for row in rows:
            yield json.dumps(row, ensure_ascii=False) + "\n"
        return
    yield _csv_line(COLUMNS)
    for row in rows:
        yield _csv_line([_cell(name, row[name]) for name in COLUMNS])


def _row(v: StoredVerdict, taken_back: Row[Any] | None) -> dict[str, Any]:
    q = v.question
    values = (
        *(v.id, q.item_id, q.given_label, v.decision, list(v.labels), v.reviewer, v.role),
        *(v.category, v.severity, v.comment, v.seconds, v.decided_at.isoformat()),
        *(v.withdrawn, *_withdrawal(taken_back)),
        *(v.shown, v.suggested, v.source, v.stored_at.isoformat(), v.client_id),
        *(q.hash, q.content_hash, q.classes_hash),
    )
    return dict(zip(COLUMNS, values, strict=True))


def _withdrawal(row: Row[Any] | None) -> tuple[str | None, str | None, str | None]:
    return (None, None, None) if row is None else (row.reviewer, row.stored_at.isoformat(), row.reason)


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    text = labels_cell(tuple(value)) if isinstance(value, list) else str(value)
    return guarded_key(text) if name in _KEYS else guarded(text)


def _csv_line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
