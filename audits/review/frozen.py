"""Frozen slices: questions kept apart under a name, so that later comparisons score their items on their own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import insert, select

from audits.errors import UsageError, first_few
from audits.review.activity import Act, record
from audits.review.record_checks import text_problems
from audits.review.schema import frozen_item, question
from audits.review.store import ReviewStore
from audits.review.store_rows import in_chunks
from audits.review.store_verdicts import raise_all


def freeze(
    store: ReviewStore,
    dataset: str,
    slice: str,
    question_hashes: Iterable[str],
    by: str,
    *,
    address: str | None = None,
) -> int:
    """Add questions to a frozen slice of a dataset. What is in it stays.

    Parameters
    ----------
    store : ReviewStore
    dataset : str
        Name of the dataset.
    slice : str
        Name of the slice.
    question_hashes : iterable of str
    by : str
        Who freezes.
    address : str or None
        Where the request came from.

    Returns
    -------
    int
        How many were not in it before.

    Raises
    ------
    UsageError
        When the name is empty, or a question is not one of the dataset.
    VerdictsError
        When a text cannot be stored.
    """
    wanted = list(dict.fromkeys(question_hashes))
    if not slice.strip():
        raise UsageError("a frozen slice needs a name")
    raise_all("frozen slice", text_problems({"name of the slice": slice, "name": by}.items()))
    now = datetime.now(UTC)
    with store.writing() as connection:
        of_dataset = select(question.c.hash).where(question.c.dataset == dataset)
        known = {r.hash for r in in_chunks(connection, of_dataset, question.c.hash, wanted)}
        if unknown := [h for h in wanted if h not in known]:
            raise UsageError(
                f"dataset {dataset!r} never asked {len(unknown)} of {len(wanted)} questions ({first_few(unknown)})"
            )
        in_it = select(frozen_item.c.question_hash).where(frozen_item.c.slice == slice)
        there = {r[0] for r in in_chunks(connection, in_it, frozen_item.c.question_hash, wanted)}
        new = [h for h in wanted if h not in there]
        if new:
            rows = [{"slice": slice, "question_hash": h, "frozen_by": by, "at": now} for h in new]
            connection.execute(insert(frozen_item), rows)
            detail = {"slice": slice, "questions": len(new)}
            record(connection, [Act(by, "freeze", dataset, address=address, detail=detail, at=now)])
    return len(new)


def frozen(store: ReviewStore, dataset: str) -> dict[str, list[str]]:
    """The questions of a dataset's frozen slices, by the slice's name, in the order of freezing."""
    query = (
        select(frozen_item.c.slice, frozen_item.c.question_hash)
        .join(question, question.c.hash == frozen_item.c.question_hash)
        .where(question.c.dataset == dataset)
        .order_by(frozen_item.c.id)
    )
    found: dict[str, list[str]] = {}
    with store.reading() as connection:
        for name, hash_ in connection.execute(query):
            found.setdefault(name, []).append(hash_)
    return found
