"""Rows of leases: who holds which question until when."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from audits.review.desk.candidates import Candidate
from audits.review.records import Role
from audits.review.schema import lease
from audits.review.store_rows import in_chunks

#: How long a lease that ended is kept, for the sake of an answer that comes late: as whom the person was asked.
_KEPT = timedelta(days=2)


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

    def take(self, wanted: Sequence[Candidate], *, first: bool = False) -> list[Row[Any]]:
        """Lease questions, or renew the leases that the person has; in the order given.

        Parameters
        ----------
        wanted : sequence of Candidate
        first : bool
            Put new ones before those that the person has, not after.

        Returns
        -------
        list of Row
            Of the table `lease`.
        """
        if not wanted:
            return []
        start = self.now
        if first and (oldest := self._oldest()) is not None:
            start = min(oldest, self.now) - timedelta(microseconds=len(wanted))
        rows = [
            {
                "question_hash": c.question_hash,
                "reviewer": self.reviewer,
                "dataset": self.dataset,
                "role": c.role,
                "token": secrets.token_urlsafe(16),
                # a moment apart: their order is that in which they are given again
                "taken_at": start + timedelta(microseconds=k),
                "expires_at": self.now + timedelta(minutes=self.minutes),
            }
            for k, c in enumerate(wanted)
        ]
        live = {
            r.question_hash for r in self.of([c.question_hash for c in wanted]) if r.expires_at > self.now
        }
        added = (postgresql if self.connection.dialect.name == "postgresql" else sqlite).insert(lease)
        keys = ["question_hash", "reviewer"]
        renewed = [r for r in rows if r["question_hash"] in live]
        new = [r for r in rows if r["question_hash"] not in live]
        if renewed:
            until = {"expires_at": added.excluded.expires_at}
            self.connection.execute(added.on_conflict_do_update(index_elements=keys, set_=until), renewed)
        if new:
            anew = {c: added.excluded[c] for c in ("role", "token", "taken_at", "expires_at")}
            self.connection.execute(added.on_conflict_do_update(index_elements=keys, set_=anew), new)
        held = {r.question_hash: r for r in self.of([c.question_hash for c in wanted])}
        return [held[c.question_hash] for c in wanted]

    def of(self, question_hashes: Iterable[str] | None) -> list[Row[Any]]:
        """The person's leases on some questions, or all, those that ended too."""
        mine = select(lease).where(lease.c.dataset == self.dataset, lease.c.reviewer == self.reviewer)
        return in_chunks(self.connection, mine, lease.c.question_hash, question_hashes)

    def roles(self, question_hashes: Iterable[str]) -> dict[str, Role]:
        """As whom the person is asked, or was asked last, by question."""
        return {r.question_hash: r.role for r in self.of(question_hashes)}

    def give_back(self, question_hashes: Iterable[str]) -> None:
        """End the person's leases on some questions."""
        mine = delete(lease).where(lease.c.dataset == self.dataset, lease.c.reviewer == self.reviewer)
        self.connection.execute(mine.where(lease.c.question_hash.in_(list(question_hashes))))

    def sweep(self) -> None:
        """Remove what ended long ago, whoever had it."""
        ended = lease.c.expires_at < self.now - _KEPT
        self.connection.execute(delete(lease).where(lease.c.dataset == self.dataset, ended))

    def _oldest(self) -> datetime | None:
        mine = select(func.min(lease.c.taken_at)).where(
            lease.c.dataset == self.dataset,
            lease.c.reviewer == self.reviewer,
            lease.c.expires_at > self.now,
        )
        return self.connection.execute(mine).scalar()
