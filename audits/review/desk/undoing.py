"""Taking one's own verdicts back: which ones, and once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from audits.errors import UsageError, VerdictsError, first_few
from audits.review.desk.answering import within
from audits.review.records import StoredVerdict
from audits.review.schema import verdict, withdrawal
from audits.review.store_rows import VERDICTS, in_dataset, select_verdicts
from audits.review.store_verdicts import NewWithdrawal, add_withdrawal, raise_all, withdrawal_problems


def to_withdraw(
    connection: Connection, dataset: str, reviewer: str, client_id: str, ids: Sequence[int] | None
) -> dict[str, StoredVerdict]:
    """The verdicts to take back, by the client id of each withdrawal.

    Parameters
    ----------
    connection : Connection
    dataset, reviewer : str
    client_id : str
        Of the last verdict's withdrawal; `CLIENT_ID/VERDICT_ID` of each that is named.
    ids : sequence of int or None
        None: the last one that stands, or the one that this client id took back before.

    Raises
    ------
    UsageError
        When there is none, or one is not this person's.
    """
    mine = VERDICTS.where(in_dataset(dataset, reviewer), verdict.c.reviewer == reviewer)
    if ids is None:
        sent = mine.where(withdrawal.c.client_id == client_id)
        last = mine.where(withdrawal.c.id.is_(None)).order_by(verdict.c.id.desc()).limit(1)
        found = select_verdicts(connection, sent, None, None) or select_verdicts(connection, last, None, None)
        if not found:
            raise UsageError(f"{reviewer} has no verdict on dataset {dataset!r} to take back")
        return {client_id: found[0]}
    found = select_verdicts(connection, mine, verdict.c.id, {within(i) for i in ids})
    if missing := sorted(set(ids) - {v.id for v in found}):
        raise UsageError(
            f"{len(missing)} of {len(set(ids))} verdicts are not {reviewer}'s on dataset {dataset!r} "
            f"({first_few(map(str, missing))})"
        )
    return {f"{client_id}/{v.id}": v for v in found}


def withdraw(
    connection: Connection, reviewer: str, client_id: str, taken: StoredVerdict, now: datetime
) -> bool:
    """Take a verdict back; False where that was done before, by the same client id."""
    if not client_id.split("/")[0]:
        raise VerdictsError(f"withdrawal of verdict {taken.id}: the client id is empty")
    new = NewWithdrawal(client_id, taken.id, reviewer, "")
    raise_all(f"withdrawal of verdict {taken.id}", withdrawal_problems(new))
    return add_withdrawal(connection, new, now)
