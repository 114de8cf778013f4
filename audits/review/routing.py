"""Routing: which items go to people, in which stratum and with which probability."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from audits.classes import ClassList
from audits.errors import InputError, collect, first_few
from audits.review.records import NewTask, Question
from audits.review_config import ReviewConfig


def route(
    findings: pa.Table,
    questions: Iterable[Question],
    classes: ClassList,
    policy: ReviewConfig,
    gold: Mapping[str, str],
    order: Sequence[str] | None = None,
) -> list[NewTask]:
    """Choose the items that go to people.

    Gold items come first, then flagged items in their order up to the budget, less what of it is for exploration;
    then the control sample of the items that are not flagged, then the exploration: items drawn at random from
    all others. An item is in one stratum only, the first of these. A flagged item beyond the budget is in none,
    unless the exploration draws it.

    Each item has a number in [0, 1) by the hash of its id. An item that is not flagged is in the control sample
    where it is below the control rate c, and in the exploration where it is below c + r; a flagged one beyond the
    budget is in the exploration where it is below r. r is the exploration's part of the budget over the number of
    items that are neither gold nor have a place among the flagged ones; it depends on no finding, so that every
    night draws the same items. Where fewer items are flagged than there are places, it draws a few more.

    Parameters
    ----------
    findings : pyarrow.Table
        `contracts.FINDINGS`. An item without a row is not flagged.
    questions : iterable of Question
        One an item of the dataset, in the order of the items.
    classes : ClassList
        The class list that the findings' `suggested_label` refers to.
    policy : ReviewConfig
        Budget, control rate, exploration and seed.
    gold : mapping of str to str
        Class id known to be right, by item id.
    order : sequence of str, optional
        Ids of at least the flagged items, first to be reviewed first. Left out: by rank.

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
    if order is None:
        order = sorted(
            (i for i, row in by_item.items() if row["flagged"]), key=lambda i: int(by_item[i]["rank"])
        )
    flagged = [i for i in order if by_item[i]["flagged"] and i not in gold]
    explored = 0 if policy.budget is None else round(policy.exploration * policy.budget)
    places = None if policy.budget is None else policy.budget - explored
    taken = set(flagged[:places])
    is_flagged = set(flagged)

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
    tasks += [task(i, stratum="flagged", inclusion_probability=1.0) for i in flagged[:places]]
    control, exploration = [], []
    c, r = policy.control_rate, _exploration_rate(explored, len(asked) - len(gold) - (places or 0))
    for i in asked if c or r else ():
        if i in gold or i in taken:
            continue
        least, most = (0.0, r) if i in is_flagged else (c, min(c + r, 1.0))
        number = number_of(i, policy.seed)
        if number < least:
            control.append(task(i, stratum="control", inclusion_probability=c))
        elif number < most:
            exploration.append(task(i, stratum="exploration", inclusion_probability=most))
    return [*tasks, *control, *exploration]


def number_of(item_id: str, seed: int) -> float:
    """A number in [0, 1) for an item, by its own id alone.

    The same on every machine and night, whatever other items there are. Items whose number is below a rate are a
    random sample of that rate, and a higher rate only adds items.

    Parameters
    ----------
    item_id : str
    seed : int
    """
    text = json.dumps([seed, item_id], ensure_ascii=False)
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    # 53 bits: what a float holds exactly, so that the quotient stays below 1
    return (int.from_bytes(digest) >> 11) / 2**53


def in_control_sample(item_id: str, seed: int, rate: float) -> bool:
    """Whether an item is drawn, by its own id alone.

    Parameters
    ----------
    item_id : str
    seed : int
    rate : float
        Share in [0, 1] of items that are drawn.
    """
    return number_of(item_id, seed) < rate


def _exploration_rate(explored: int, others: int) -> float:
    return min(explored / others, 1.0) if others > 0 else float(explored > 0)


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
