"""Routing: which items go to people, in which stratum and with which probability."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from audits.classes import ClassList
from audits.config import ReviewConfig
from audits.errors import InputError, collect, first_few
from audits.review.records import NewTask, Question


def route(
    findings: pa.Table,
    questions: Iterable[Question],
    classes: ClassList,
    policy: ReviewConfig,
    gold: Mapping[str, str],
) -> list[NewTask]:
    """Choose the items that go to people.

    Gold items come first, then flagged items in rank order up to the budget, then the control sample of
    the items that are not flagged. An item is in one stratum only, the first of these. A flagged item
    beyond the budget is in none: it is no random item.

    Parameters
    ----------
    findings : pyarrow.Table
        `contracts.FINDINGS`. An item without a row is not flagged.
    questions : iterable of Question
        One an item of the dataset, in the order of the items.
    classes : ClassList
        The class list that the findings' `suggested_label` refers to.
    policy : ReviewConfig
        Budget, control rate and seed.
    gold : mapping of str to str
        Class id known to be right, by item id.

    Returns
    -------
    list of NewTask
        At most one an item. `rank` is that of a flagged finding and None for the others.

    Raises
    ------
    InputError
        When findings or gold name items that the dataset does not have, name one twice, or when a gold
        label is not a class id.
    """
    asked = {q.item_id: q for q in questions}
    by_item = _check(findings, asked, classes, gold)
    flagged = sorted(
        (row for row in by_item.values() if row["flagged"] and row["item_id"] not in gold),
        key=lambda row: int(row["rank"]),
    )
    is_flagged = {row["item_id"] for row in flagged}

    def task(item_id: str, **stratum: Any) -> NewTask:
        row = by_item.get(item_id)
        if row is None:
            return NewTask(asked[item_id], **stratum)
        return NewTask(
            asked[item_id],
            rank=row["rank"] if row["flagged"] else None,
            suggested_label=classes.id_of(row["suggested_label"]),
            reasons=tuple(row["reasons"] or ()),
            **stratum,
        )

    tasks = [
        task(i, stratum="gold", inclusion_probability=1.0, gold_label=gold[i]) for i in asked if i in gold
    ]
    tasks += [
        task(row["item_id"], stratum="flagged", inclusion_probability=1.0) for row in flagged[: policy.budget]
    ]
    tasks += [
        task(i, stratum="control", inclusion_probability=policy.control_rate)
        for i in asked
        if i not in gold and i not in is_flagged and in_control_sample(i, policy.seed, policy.control_rate)
    ]
    return tasks


def in_control_sample(item_id: str, seed: int, rate: float) -> bool:
    """Whether an item is drawn, by its own id alone.

    The same on every machine and night, whatever other items there are; a higher rate only adds items.

    Parameters
    ----------
    item_id : str
    seed : int
    rate : float
        Share in [0, 1] of items that are drawn.
    """
    text = json.dumps([seed, item_id], ensure_ascii=False)
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    # 53 bits: what a float holds exactly, so that the quotient stays below 1
    return (int.from_bytes(digest) >> 11) / 2**53 < rate


def _check(
    findings: pa.Table, asked: Mapping[str, Question], classes: ClassList, gold: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    rows = findings.to_pylist()
    by_item = {row["item_id"]: row for row in rows}
    problems = []
    if len(by_item) < len(rows):
        problems.append(f"{len(rows) - len(by_item)} of {len(rows)} rows repeat an item_id")
    if strange := [i for i in by_item if i not in asked]:
        problems.append(
            f"{len(strange)} findings are of no item of the dataset (item_id {first_few(strange)})"
        )
    if strange := [i for i in gold if i not in asked]:
        problems.append(
            f"{len(strange)} gold items are no item of the dataset (item_id {first_few(strange)})"
        )
    if bad := [f"{i}: {label!r}" for i, label in gold.items() if label not in classes.positions]:
        problems.append(f"{len(bad)} gold labels are no class id (item_id {first_few(bad)})")
    if problems:
        raise InputError(collect("routing", problems))
    return by_item
