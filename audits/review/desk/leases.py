"""Rows of leases: who holds which question until when."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from audits.review.desk.candidates import Candidate
from audits.review.records import Role
from audits.review.schema import lease

#: How long a lease that ended is kept, for the sake of an answer that comes late: as whom the person was asked.
_KEPT = timedelta(days=2)

_OF = and_(lease.c.dataset == bindparam("of_dataset"), lease.c.reviewer == bindparam("of_reviewer"))
_ON = lease.c.question_hash.in_(bindparam("hashes", expanding=True))
_HELD = (
    select(*(c for c in lease.c if c.name not in ("dataset", "reviewer")))
    .where(_OF)
    .order_by(lease.c.taken_at, lease.c.question_hash)
)
_HELD_ON = _HELD.where(_ON)
_GIVE_BACK = delete(lease).where(_OF, _ON)
_SWEEP = delete(lease).where(
    lease.c.dataset == bindparam("of_dataset"),
    lease.c.expires_at < bindparam("moment", type_=lease.c.expires_at.type),
)


def _renewing(dialect: str, *columns: str) -> Any:
    added = (postgresql if dialect == "postgresql" else sqlite).insert(lease)
    changed = {c: added.excluded[c] for c in columns}
    return added.on_conflict_do_update(index_elements=["question_hash", "reviewer"], set_=changed)


#: Sets these columns where the person had the question before, by the kind of database.
_RENEW = {d: _renewing(d, "expires_at") for d in ("sqlite", "postgresql")}
_TAKE = {d: _renewing(d, "role", "token", "taken_at", "expires_at") for d in ("sqlite", "postgresql")}


@dataclass(frozen=True)
class Lease:
    """A person's hold on a question."""

    question_hash: str
    role: Role
    token: str
    taken_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Leases:
    """A person's leases on questions of a dataset.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes, where leases are changed.
    dataset : str
    reviewer : str
    now : datetime
    minutes : float
        How long a lease lasts.
    """

    connection: Connection
    dataset: str
    reviewer: str
    now: datetime
    minutes: float

    def take(self, wanted: Sequence[Candidate], *, first: bool = False) -> list[Lease]:
        """Lease questions, or renew the leases that the person has; in the order given.

        Parameters
        ----------
        wanted : sequence of Candidate
        first : bool
            Put new ones before those that the person has, not after.
        """
        if not wanted:
            return []
        until = self.now + timedelta(minutes=self.minutes)
        live = {h.question_hash: h for h in self.held() if h.expires_at > self.now}
        start = self.now
        if first and live:
            oldest = min(h.taken_at for h in live.values())
            start = min(oldest, self.now) - timedelta(microseconds=len(wanted))
        found = []
        for k, c in enumerate(wanted):
            if (there := live.get(c.question_hash)) is not None:
                found.append(replace(there, expires_at=until))
                continue
            # a moment apart: their order is that in which they are given again
            taken = start + timedelta(microseconds=k)
            found.append(Lease(c.question_hash, c.role, secrets.token_urlsafe(16), taken, until))
        for statements, part in (
            (_RENEW, [h for h in found if h.question_hash in live]),
            (_TAKE, [h for h in found if h.question_hash not in live]),
        ):
            if part:
                whose = {"dataset": self.dataset, "reviewer": self.reviewer}
                self.connection.execute(
                    statements[self.connection.dialect.name], [{**vars(h), **whose} for h in part]
                )
        return found

    def held(self, question_hashes: Iterable[str] | None = None) -> list[Lease]:
        """The person's leases, or those on some questions, the first taken first; those that ended too."""
        asked = dict(self._whose)
        if question_hashes is None:
            return [Lease(**r._mapping) for r in self.connection.execute(_HELD, asked)]
        rows = self.connection.execute(_HELD_ON, {**asked, "hashes": list(question_hashes)})
        return [Lease(**r._mapping) for r in rows]

    def give_back(self, question_hashes: Iterable[str]) -> None:
        """End the person's leases on some questions."""
        self.connection.execute(_GIVE_BACK, {**self._whose, "hashes": list(question_hashes)})

    @property
    def _whose(self) -> dict[str, str]:
        return {"of_dataset": self.dataset, "of_reviewer": self.reviewer}


def sweep(connection: Connection, dataset: str, now: datetime) -> None:
    """Remove leases of a dataset that ended long ago, whoever had them."""
    connection.execute(_SWEEP, {"of_dataset": dataset, "moment": now - _KEPT})
