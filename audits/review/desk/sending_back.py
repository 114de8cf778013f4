"""Sending verdicts back to those who gave them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, insert, select

from audits.errors import UsageError, VerdictsError
from audits.review.activity import Act, record
from audits.review.consensus import counting
from audits.review.desk.answering import within
from audits.review.desk.records import SentBack
from audits.review.record_checks import text_problems
from audits.review.schema import question, sent_back, verdict, withdrawal
from audits.review.store_rows import VERDICTS, select_verdicts
from audits.review.store_verdicts import raise_all


def open_sent_back(connection: Connection, dataset: str, reviewer: str) -> dict[str, SentBack]:
    """What was sent back to a person, who gave no other verdict on it since, by question; the newest of each."""
    answered = exists().where(
        verdict.c.question_hash == sent_back.c.question_hash,
        verdict.c.reviewer == reviewer,
        verdict.c.id > sent_back.c.verdict_id,
        ~exists().where(withdrawal.c.verdict_id == verdict.c.id),
    )
    query = (
        select(sent_back)
        .join(question, question.c.hash == sent_back.c.question_hash)
        .where(question.c.dataset == dataset, sent_back.c.reviewer == reviewer, ~answered)
        .order_by(sent_back.c.id)
    )
    return {r.question_hash: _of(r) for r in connection.execute(query)}


def send_back(
    connection: Connection,
    dataset: str,
    verdict_id: int,
    *,
    by: str,
    note: str,
    client_id: str,
    address: str | None,
    now: datetime,
) -> SentBack:
    """Ask the person behind a verdict to look again; as `Desk.send_back`."""
    what = f"sending back verdict {verdict_id}"
    problems = text_problems({"client id": client_id, "name": by}.items())
    problems += text_problems([("comment", note)])
    problems += [] if client_id else ["the client id is empty"]
    raise_all(what, problems)
    sent = connection.execute(select(sent_back).where(sent_back.c.client_id == client_id)).first()
    if sent is not None:
        if (sent.verdict_id, sent.sent_by, sent.note) == (verdict_id, by, note):
            return _of(sent)
        raise VerdictsError(f"{what}: the client id {client_id!r} is stored with another one")
    this = VERDICTS.where(question.c.dataset == dataset, verdict.c.id == within(verdict_id))
    found = select_verdicts(connection, this, None, None)
    if not found:
        raise UsageError(f"dataset {dataset!r} has no verdict {verdict_id}")
    (about,) = found
    if about.reviewer is None:
        raise UsageError(f"verdict {verdict_id} is of nobody known; there is no one to send it back to")
    if about.withdrawn:
        raise UsageError(f"verdict {verdict_id} is withdrawn already")
    all_on_it = VERDICTS.where(verdict.c.question_hash == about.question.hash)
    counted = counting(v for v in select_verdicts(connection, all_on_it, None, None))
    if about.role != "repeat" and about.id not in {v.id for v in counted}:
        raise UsageError(f"verdict {verdict_id} counts no more: {about.reviewer} gave another one since")
    if about.question.hash in open_sent_back(connection, dataset, about.reviewer):
        raise UsageError(f"verdict {verdict_id} is sent back already; {about.reviewer} has not answered yet")
    row = {
        "client_id": client_id,
        "question_hash": about.question.hash,
        "verdict_id": verdict_id,
        "reviewer": about.reviewer,
        "sent_by": by,
        "note": note,
        "at": now,
    }
    connection.execute(insert(sent_back), row)
    detail = {"to": about.reviewer}
    record(connection, [Act(by, "send back", dataset, about.question.hash, verdict_id, address, detail, now)])
    return _of(connection.execute(select(sent_back).where(sent_back.c.client_id == client_id)).one())


def _of(row: Row[Any]) -> SentBack:
    return SentBack(**{name: row._mapping[name] for name in SentBack.__dataclass_fields__})
