"""Rows of verdicts and withdrawals: storing them once, within a transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from audits.errors import UsageError, VerdictsError, collect
from audits.review.record_checks import same_content, text_problems
from audits.review.records import NewVerdict, StoredVerdict
from audits.review.schema import verdict, withdrawal
from audits.review.store_rows import VERDICTS, add_questions, select_verdicts


@dataclass(frozen=True)
class NewWithdrawal:
    """What takes a verdict back.

    Attributes
    ----------
    client_id : str
        Chosen by the sender; sending the same withdrawal again stores nothing.
    verdict_id : int
    reviewer : str or None
        Who takes it back.
    reason : str
    """

    client_id: str
    verdict_id: int
    reviewer: str | None
    reason: str


def add_verdicts(connection: Connection, given: Sequence[NewVerdict], now: datetime) -> tuple[int, int]:
    """Store verdicts that have no problems of their own; gives how many were stored, and how many were there.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    given : sequence of NewVerdict
        In the order in which they are to be kept.
    now : datetime

    Raises
    ------
    VerdictsError
        With every verdict whose client id stands for another one.
    """
    new = unsent(given, sent_before(connection, [v.client_id for v in given]))
    add_questions(connection, (v.question for v in new))
    insert_verdicts(connection, new, now)
    return len(new), len(given) - len(new)


def sent_before(connection: Connection, client_ids: Iterable[str]) -> dict[str, StoredVerdict]:
    """Those of the client ids that are stored, with their verdicts."""
    found = select_verdicts(connection, VERDICTS, verdict.c.client_id, client_ids)
    return {v.client_id: v for v in found}


def unsent(given: Sequence[NewVerdict], stored: Mapping[str, StoredVerdict]) -> list[NewVerdict]:
    """Those of the verdicts that are not stored yet, each once.

    Raises
    ------
    VerdictsError
        With every verdict whose client id stands for another one.
    """
    by_id: dict[str, NewVerdict] = {}
    clashes = []
    for v in given:
        if not same_content(by_id.setdefault(v.client_id, v), v):
            clashes.append(f"{name_of(v)}: the client id is given twice, for different verdicts")
    for client_id, s in stored.items():
        if not same_content(s, by_id[client_id]):
            clashes.append(f"{name_of(by_id[client_id])}: the client id is stored with another verdict")
    raise_all("verdicts", clashes)
    return [v for client_id, v in by_id.items() if client_id not in stored]


def insert_verdicts(connection: Connection, new: Sequence[NewVerdict], now: datetime) -> None:
    """Store verdicts that are not stored yet, on questions that are."""
    rows = [
        {
            "client_id": v.client_id,
            "question_hash": v.question.hash,
            "reviewer": v.reviewer,
            "decision": v.decision,
            "labels": list(v.labels),
            "comment": v.comment,
            "seconds": v.seconds,
            "decided_at": v.decided_at or now,
            "stored_at": now,
            "source": v.source,
            "role": v.role,
            "category": v.category,
            "severity": v.severity,
            "shown": v.shown,
            "suggested": v.suggested,
        }
        for v in new
    ]
    if rows:
        connection.execute(insert(verdict), rows)


def withdrawal_problems(new: NewWithdrawal) -> list[str]:
    """Everything about a withdrawal that keeps it from being stored; empty when nothing does."""
    texts = {"client id": new.client_id, "reviewer": new.reviewer or "", "reason": new.reason}
    problems = text_problems(texts.items())
    return problems if new.client_id else [*problems, "the client id is empty"]


def add_withdrawal(connection: Connection, new: NewWithdrawal, now: datetime) -> bool:
    """Take a verdict back; gives whether that was stored, or had been before.

    Raises
    ------
    UsageError
        When there is no such verdict, or it was withdrawn before.
    VerdictsError
        When the client id stands for another withdrawal.
    """
    told = asdict(new)
    columns = [withdrawal.c[name] for name in told]
    sent = connection.execute(select(*columns).where(withdrawal.c.client_id == new.client_id)).first()
    if sent is not None:
        if dict(sent._mapping) == told:
            return False
        raise VerdictsError(
            f"withdrawal of verdict {new.verdict_id}: the client id {new.client_id!r} is stored with another one"
        )
    if connection.execute(select(verdict.c.id).where(verdict.c.id == new.verdict_id)).first() is None:
        raise UsageError(f"there is no verdict {new.verdict_id}")
    taken = select(withdrawal.c.id).where(withdrawal.c.verdict_id == new.verdict_id)
    if connection.execute(taken).first() is not None:
        raise UsageError(f"verdict {new.verdict_id} is withdrawn already")
    connection.execute(insert(withdrawal), {**told, "stored_at": now})
    return True


def name_of(v: NewVerdict) -> str:
    """How messages call a verdict."""
    return f"verdict {v.client_id!r} on item {v.question.item_id!r}"


def raise_all(where: str, problems: list[str]) -> None:
    """Raise VerdictsError with all problems, where there are any."""
    if problems:
        raise VerdictsError(collect(where, problems))
