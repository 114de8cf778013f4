"""Which tasks a person may be given next, and in which order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from sqlalchemy import Connection, Select

from audits.review.desk.pools import AGO, OPEN_LEAVES, Shape, held, pool, put_aside, returned
from audits.review.desk.records import Filters, SentBack
from audits.review.desk.task_rows import LEAVES, MIXED, bar
from audits.review.records import Role
from audits.room_config import RoomConfig

#: How many other verdicts a person gives before being asked the same thing again.
BETWEEN = 20

#: How many leaves are looked through at once, at first; then four times as many each time.
_FIRST_LEAVES = 2


@dataclass(frozen=True)
class Candidate:
    """A task that a person may be given, and as whom; `sent_back` says why it comes again."""

    question_hash: str
    role: Role
    sent_back: SentBack | None = None


@dataclass(frozen=True)
class Candidates:
    """What a person may be given, within one transaction.

    Parameters
    ----------
    connection : Connection
    dataset : str
        Name of the dataset.
    reviewer : str
    filters : Filters
    room : RoomConfig
    now : datetime
        Leases that end by then are nobody's.
    """

    connection: Connection
    dataset: str
    reviewer: str
    filters: Filters
    room: RoomConfig
    now: datetime

    def first(self, limit: int) -> list[Candidate]:
        """At most so many, in order: what was sent back, what the person holds, the queue, what they put aside."""
        found: dict[str, Candidate] = {}
        if limit < 1:
            return []
        for candidate in self._all(limit):
            found.setdefault(candidate.question_hash, candidate)
            if len(found) == limit:
                break
        return list(found.values())

    def one(self, question_hash: str) -> Candidate | None:
        """A certain task, where the person may be given it now."""
        for candidate in (*self._returned(aside=None), *self.held()):
            if candidate.question_hash == question_hash:
                return candidate
        for role in _ROLES:
            query = pool(role, self._shape, "priority", later=False, leaves=False, one=True)
            for row in self._rows(query, question_hash=question_hash):
                return Candidate(row.question_hash, role)
        return None

    def held(self) -> list[Candidate]:
        """What the person holds and may still answer, the first taken first."""
        rows = self._rows(held(self._shape, self.room.sequence))
        again = {c.question_hash: c for c in self._returned(aside=None)}
        return [again.get(r.question_hash, Candidate(r.question_hash, r.role)) for r in rows]

    def _all(self, limit: int) -> Iterator[Candidate]:
        yield from self._returned(aside=0)
        yield from self.held()
        yield from self._fresh(limit)
        # nothing else is left: what was answered a moment ago may come again too
        yield from self._pool("repeat", limit)
        yield from self._put_aside(limit)

    @cached_property
    def _back(self) -> list[tuple[int, Candidate]]:
        found = []
        for r in self._rows(returned(self._shape)):
            told = {name: r._mapping[name] for name in SentBack.__dataclass_fields__}
            found.append((r.aside, Candidate(r.question_hash, r.role, SentBack(**told))))
        return found

    def _returned(self, aside: int | None) -> list[Candidate]:
        """What was sent back: put aside since (1), not (0), or all."""
        return [c for put, c in self._back if aside in (None, put)]

    def _fresh(self, limit: int) -> list[Candidate]:
        rows = self._open(limit)
        if self.room.second_look > 0:
            rows += self._rows(self._query("second"), limit=limit)
            ago = self.connection.execute(AGO, {"reviewer": self.reviewer, "between": BETWEEN}).scalar()
            if ago is not None:
                rows += self._rows(self._query("repeat", later=True), limit=limit, up_to=ago)
        rows.sort(key=lambda r: (r.place, r.question_hash))
        return [Candidate(r.question_hash, r.role) for r in rows[:limit]]

    def _open(self, limit: int) -> list[Any]:
        few = self.filters.given is not None or self.filters.suggested is not None
        if self.room.sequence == "priority" or few:
            return self._rows(self._query("reviewer"), limit=limit)
        # To put all open tasks in the person's order would take as long as there are many. So they lie in leaves, and
        # the person's order goes leaf by leaf: the first few that have any open task are looked through.
        rows: list[Any] = []
        times, plus = self._order["times"], self._order["plus"]
        there = self.connection.execute(OPEN_LEAVES, {"dataset": self.dataset}).scalars()
        leaves = sorted(there, key=lambda leaf: (leaf * times + plus) % LEAVES)
        start, many = 0, _FIRST_LEAVES
        while start < len(leaves) and len(rows) < limit:
            query = self._query("reviewer", leaves=True)
            rows += self._rows(query, limit=limit - len(rows), leaves=leaves[start : start + many])
            start, many = start + many, 4 * many
        return rows

    def _pool(self, role: Role, limit: int) -> list[Candidate]:
        if self.room.second_look == 0:
            return []
        rows = self._rows(self._query(role), limit=limit)
        return [Candidate(r.question_hash, role) for r in rows]

    def _put_aside(self, limit: int) -> list[Candidate]:
        rows = [r for role in _ROLES for r in self._rows(put_aside(role, self._shape), limit=limit)]
        rows.sort(key=lambda r: r.last)
        return [*self._returned(aside=1), *(Candidate(r.question_hash, r.role) for r in rows)]

    def _query(self, role: Role, *, later: bool = False, leaves: bool = False) -> Select[Any]:
        return pool(role, self._shape, self.room.sequence, later=later, leaves=leaves, one=False)

    def _rows(self, query: Select[Any], **more: object) -> list[Any]:
        given = {"dataset": self.dataset, "reviewer": self.reviewer, "now": self.now, **self._bounds}
        return list(self.connection.execute(query, {**given, **self._order, **more}))

    @cached_property
    def _bounds(self) -> dict[str, Any]:
        chosen = {name: value for name, value in asdict(self.filters).items() if value is not None}
        return {n: bar(cast(str, v)) if n in ("audit", "model") else v for n, v in chosen.items()}

    @cached_property
    def _shape(self) -> Shape:
        return frozenset(self._bounds)

    @cached_property
    def _order(self) -> dict[str, int]:
        """Two numbers by which the person has an order of their own."""
        if self.room.sequence == "priority":
            return {}
        seed = hashlib.blake2b(self.reviewer.encode(), digest_size=8).digest()
        # odd and below the prime: no two leaves, and no two tasks, come to stand at one place
        times = int.from_bytes(seed[:4], "big") % (MIXED // 2) * 2 + 1
        return {"times": times, "plus": int.from_bytes(seed[4:], "big") % MIXED}


_ROLES: tuple[Role, ...] = ("reviewer", "second", "repeat")
