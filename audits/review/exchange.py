"""The open review queue as a file for people who review elsewhere; `verdict_import` takes it back."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from audits.classes import ClassList
from audits.errors import InputError, first_few
from audits.formulas import guarded, guarded_key
from audits.out_files import checked_target, write_out
from audits.review.consensus import Rule
from audits.review.open_queue import OpenTask, open_tasks
from audits.review.store import ReviewStore
from audits.review.verdict_files import ANSWERED, ASKED, CONTENT, file_format


def export_queue(
    store: ReviewStore,
    dataset: str,
    items: pa.Table,
    content: pa.Table | None,
    classes: ClassList,
    rule: Rule,
    path: Path,
    *,
    blind: bool = False,
) -> int:
    """Write the open queue, in its order: tasks that need verdicts, on questions that the items still pose.

    Gold and control items stand among the flagged ones. Neither the stratum nor the gold label is written.
    The evidence itself may still tell a flagged item from a control item; a blind export leaves it out.
    In CSV, text that a spreadsheet would take for a formula gets an apostrophe in front.

    Parameters
    ----------
    store : ReviewStore
        Where the queue is.
    dataset : str
        Name of the dataset.
    items : pyarrow.Table
        `contracts.ITEMS`.
    content : pyarrow.Table or None
        What reviewers are shown: an `item_id` column and any others; None for a dataset without content.
    classes : ClassList
        The class list of the items.
    rule : Rule
        When an item is decided.
    path : Path
        A name that ends in .csv or .jsonl; replaced in one step.
    blind : bool
        Leave suggestions, reasons and what was decided before empty, and order the items by their question's hash.

    Returns
    -------
    int
        How many items were written.

    Raises
    ------
    UsageError
        For another suffix, a folder that is not there, or one in the file's place.
    DiskError
        When the file cannot be written.
    InputError
        When `content` has no row for an open item.
    """
    format_ = file_format(checked_target(path))
    tasks = open_rows(store, dataset, items, classes, rule, blind=blind)
    shown = content_of(content, [t.question.item_id for t in tasks])
    names = [] if content is None else [CONTENT + c for c in content.column_names if c != "item_id"]
    if format_ == "jsonl":
        lines = [
            json.dumps({**asked(t, classes), **_prefixed(c), **_BLANK}, ensure_ascii=False)
            for t, c in zip(tasks, shown, strict=True)
        ]
        data = "".join(line + "\n" for line in lines)
    else:
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow([*ASKED, *names, *ANSWERED])
        for task, row in zip(tasks, shown, strict=True):
            cells = [_asked_cell(v) for v in asked(task, classes).values()]
            writer.writerow([*cells, *(_content_cell(v) for v in row.values()), *("" for _ in ANSWERED)])
        data = buffer.getvalue().replace("\0", "\ufffd")  # a NUL ends the text in many readers
    write_out(path, data.encode())
    return len(tasks)


_BLANK: dict[str, Any] = {"decision": None, "labels": [], "reviewer": None, "comment": "", "seconds": None}


def open_rows(
    store: ReviewStore, dataset: str, items: pa.Table, classes: ClassList, rule: Rule, *, blind: bool
) -> list[OpenTask]:
    """The open tasks in their order; when blind, by their question's hash and without what evidence says of them."""
    tasks = open_tasks(store, dataset, items, classes, rule)
    if not blind:
        return tasks
    bare = (replace(t, suggested_label=None, reasons=(), reopened=None, probability=None) for t in tasks)
    return sorted(bare, key=lambda t: t.question.hash)


def asked(task: OpenTask, classes: ClassList) -> dict[str, Any]:
    """What an export says of a task, by the columns `verdict_files.ASKED`."""
    suggested = task.suggested_label
    return {
        "item_id": task.question.item_id,
        "question": task.question.hash,
        "given_label": task.question.given_label,
        "given_name": classes.display(classes.positions[task.question.given_label]),
        "suggested_label": suggested,
        # a suggestion from an older class list may be no class any more
        "suggested_name": classes.display(classes.positions.get(suggested)) if suggested else None,
        "reasons": list(task.reasons),
        "reopened": task.reopened.at.isoformat() if task.reopened and task.reopened.at else None,
    }


def content_of(content: pa.Table | None, item_ids: Sequence[str]) -> list[dict[str, Any]]:
    """What reviewers are shown of some items, a row each, by the columns of the content.

    Raises
    ------
    InputError
        When the content has no row for an item.
    """
    if content is None:
        return [{} for _ in item_ids]
    position = {item_id: i for i, item_id in enumerate(content["item_id"].to_pylist())}
    if missing := [i for i in item_ids if i not in position]:
        raise InputError(
            f"the content has no row for {len(missing)} of {len(item_ids)} open items "
            f"(item_id {first_few(missing)})"
        )
    rows = content.take(pa.array([position[i] for i in item_ids], type=pa.int64())).to_pylist()
    return [{k: v for k, v in row.items() if k != "item_id"} for row in rows]


def _asked_cell(value: str | list[str] | None) -> str:
    if isinstance(value, list):
        return guarded(" | ".join(value))
    return "" if value is None else guarded_key(value)


def _content_cell(value: Any) -> str:
    plain = plain_value(value)
    if plain is None:
        return ""
    if isinstance(plain, str):
        return guarded(plain)
    return json.dumps(plain, ensure_ascii=False)


def _prefixed(values: dict[str, Any]) -> dict[str, Any]:
    return {CONTENT + k: plain_value(v) for k, v in values.items()}


def plain_value(value: Any) -> Any:
    """A content value as JSON can say it."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return f"({len(value)} bytes)"
    if isinstance(value, dict):
        return {str(k): plain_value(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_value(v) for v in value]
    return str(value)
