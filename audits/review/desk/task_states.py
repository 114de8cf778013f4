"""The derived table `task_state`: what the next item is chosen from, kept equal to what the history comes to."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, null, select, update
from sqlalchemy.dialects import postgresql, sqlite

from audits.review.consensus import Rule
from audits.review.desk.leases import sweep
from audits.review.desk.task_rows import Against, against, leaf_of, mixed_of, state_of
from audits.review.open_queue import places
from audits.review.records import Priority, Question, Reopening, StoredVerdict, Task
from audits.review.schema import (
    question,
    queue_mark,
    reopening,
    review_task,
    tally,
    task_state,
    verdict,
    withdrawal,
)
from audits.review.store import ReviewStore
from audits.review.store_queue import priorities_of, reopenings_of, tasks_of
from audits.review.store_rows import VERDICTS, verdicts_of_rows
from audits.review.verdicts_of import by_question
from audits.review_config import ReviewConfig
from audits.stored import StoredItems

_STATES = ("open", "disputed", "decided")

#: From how many questions on that were answered elsewhere all is made anew.
_MANY = 5000

#: What was added to the history last, by the name of its column. Ids are given in the order of commits and never
#: again: the highest one, which the database finds without counting, tells whether anything was added.
_IDS = {
    "last_task": review_task,
    "last_verdict": verdict,
    "last_withdrawal": withdrawal,
    "last_reopening": reopening,
}
_HIGHEST = {
    name: select(func.coalesce(func.max(table.c.id), 0)).scalar_subquery() for name, table in _IDS.items()
}
_NEWEST = select(*(of.label(name) for name, of in _HIGHEST.items()))
_MINE: ColumnElement[str] = bindparam("of_dataset")
_MARK = select(queue_mark, *(of.label(f"newest_{name}") for name, of in _HIGHEST.items())).where(
    queue_mark.c.dataset == _MINE
)
_ADVANCE = (
    update(queue_mark)
    .where(queue_mark.c.dataset == _MINE)
    .values({c: bindparam(c) for c in (*_IDS, *_STATES)})
)
#: Written so that no database goes through all questions of the dataset to find the few that are asked for.
_ASKED = func.coalesce(question.c.dataset, "") == _MINE
_NEW_TASK = (
    select(review_task.c.id)
    .join(question, review_task.c.question_hash == question.c.hash)
    .where(review_task.c.id > bindparam("last_task"), _ASKED)
    .limit(1)
)
_NEW_VERDICTS = (
    select(verdict.c.question_hash, verdict.c.reviewer)
    .join(question, verdict.c.question_hash == question.c.hash)
    .where(verdict.c.id > bindparam("last_verdict"), _ASKED)
)
_NEW_WITHDRAWALS = (
    select(verdict.c.question_hash, verdict.c.reviewer)
    .select_from(withdrawal.join(verdict, withdrawal.c.verdict_id == verdict.c.id))
    .join(question, verdict.c.question_hash == question.c.hash)
    .where(withdrawal.c.id > bindparam("last_withdrawal"), _ASKED)
)
_NEW_REOPENINGS = (
    select(reopening.c.question_hash, null().label("reviewer"))
    .join(question, reopening.c.question_hash == question.c.hash)
    .where(reopening.c.id > bindparam("last_reopening"), _ASKED)
)
_STATES_OF = select(task_state.c.question_hash, task_state.c.state).where(
    task_state.c.question_hash.in_(bindparam("hashes", expanding=True))
)
_CHANGE = (
    update(task_state)
    .where(task_state.c.question_hash == bindparam("of_question"))
    .values({c: bindparam(c) for c in ("state", "wants", "since", "look", "first_by")})
)


def _tallying(dialect: str) -> Any:
    added = (postgresql if dialect == "postgresql" else sqlite).insert(tally)
    summed = {"verdicts": tally.c.verdicts + added.excluded.verdicts}
    return added.on_conflict_do_update(index_elements=["dataset", "reviewer"], set_=summed)


_TALLY = {d: _tallying(d) for d in ("sqlite", "postgresql")}

#: Threads that find the table out of date make it once.
_making = threading.Lock()


@dataclass(frozen=True)
class Mark:
    """The row of `queue_mark` of a dataset, and what is newest in the store now."""

    dataset: str
    made_of: str
    token: str
    last_task: int
    last_verdict: int
    last_withdrawal: int
    last_reopening: int
    open: int
    disputed: int
    decided: int
    newest_last_task: int
    newest_last_verdict: int
    newest_last_withdrawal: int
    newest_last_reopening: int

    @property
    def ids(self) -> dict[str, int]:
        """Up to which ids the history is in the table."""
        return {name: getattr(self, name) for name in _IDS}

    @property
    def newest(self) -> dict[str, int]:
        """The newest ids there are."""
        return {name: getattr(self, f"newest_{name}") for name in _IDS}

    @property
    def behind(self) -> tuple[int, ...]:
        """How far the table is behind in tasks, verdicts, withdrawals and reopenings, of all datasets together."""
        return tuple(getattr(self, f"newest_{name}") - getattr(self, name) for name in _IDS)

    @property
    def counts(self) -> dict[str, int]:
        """How many tasks are in each state."""
        return {name: getattr(self, name) for name in _STATES}


@dataclass(frozen=True)
class TaskStates:
    """The states of a dataset's tasks.

    Parameters
    ----------
    store : ReviewStore
    dataset : str
        Name of the dataset.
    items : StoredItems
        A task on a question that no item poses any more has no state.
    review : ReviewConfig
    findings : pyarrow.Table
        `contracts.FINDINGS`.
    signals : callable
        Gives `contracts.SIGNALS`; called when all is made anew.
    version : str
        Of the findings.
    """

    store: ReviewStore
    dataset: str
    items: StoredItems
    review: ReviewConfig
    findings: pa.Table
    signals: Callable[[], pa.Table]
    version: str

    @cached_property
    def rule(self) -> Rule:
        """When an item is decided."""
        return Rule.from_config(self.review)

    @cached_property
    def made_of(self) -> str:
        """What the table is made of beside the store, as a hash."""
        room = self.review.room
        parts = [self.version, *self.rule.inputs(), room.second_look, room.repeat]
        return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()

    def posed(self, asked: Question) -> bool:
        """Whether an item poses a question today."""
        row = self.items.rows.get(asked.item_id)
        if row is None or asked.dataset != self.dataset:
            return False
        classes = self.items.classes
        return asked == Question(
            self.dataset,
            asked.item_id,
            self.items.items["content_hash"][row].as_py() or "",
            classes.ids[int(self.items.labels[row])],
            classes.fingerprint,
        )

    @contextmanager
    def writing(self, *, lightly: bool = False) -> Iterator[Connection]:
        """A transaction that writes, in which the table says what the history comes to."""
        while True:
            with self.store.writing(lightly=lightly) as connection:
                if self.catch_up(connection):
                    yield connection
                    return
            self.rebuild()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment, in which the table says what the history comes to."""
        while True:
            with self.store.reading() as connection:
                mark = self.mark(connection)
                if mark is not None and mark.made_of == self.made_of and mark.behind == (0, 0, 0, 0):
                    yield connection
                    return
            with self.writing(lightly=True):
                pass

    def mark(self, connection: Connection) -> Mark | None:
        """What the table was made of; None where it was never made."""
        row = connection.execute(_MARK, {"of_dataset": self.dataset}).first()
        return None if row is None else Mark(**row._mapping)

    def catch_up(self, connection: Connection) -> bool:
        """Bring the table to what was added to the history since; gives whether that could be done.

        It cannot where it was made of other findings or rules, tasks were queued, or too much was added.
        """
        mark = self.mark(connection)
        if mark is None or mark.made_of != self.made_of:
            return False
        if mark.behind == (0, 0, 0, 0):
            return True
        tasks, verdicts, withdrawals, reopenings = mark.behind
        after = {"of_dataset": self.dataset, **mark.ids}
        if tasks and connection.execute(_NEW_TASK, after).first() is not None:
            return False
        changed: set[str] = set()
        moved: Counter[str] = Counter()
        for behind, query, sign in (
            (verdicts, _NEW_VERDICTS, 1),
            (withdrawals, _NEW_WITHDRAWALS, -1),
            (reopenings, _NEW_REOPENINGS, 0),
        ):
            if not behind:
                continue
            for row in connection.execute(query, after):
                changed.add(row.question_hash)
                if row.reviewer is not None:
                    moved[row.reviewer] += sign
        if len(changed) > _MANY:
            return False
        counts = Counter(mark.counts)
        if changed:
            self._refresh(connection, changed, counts)
        rows = [{"dataset": self.dataset, "reviewer": r, "verdicts": n} for r, n in moved.items() if n]
        if rows:
            connection.execute(_TALLY[connection.dialect.name], rows)
        connection.execute(_ADVANCE, {"of_dataset": self.dataset, **mark.newest, **counts})
        return True

    def rebuild(self) -> None:
        """Make the table anew, in one step; what is added to the history meanwhile is caught up with."""
        with _making:
            with self.store.writing(lightly=True) as connection:
                if self.catch_up(connection):
                    return  # another thread made it while this one waited
            # worked out while others write, and then put in place at once
            with self.store.reading() as connection:
                seen = self.mark(connection)
                ids = connection.execute(_NEWEST).one()._mapping
                rows, tallied = self._rows(connection), self._tallies(connection)
            with self.store.writing(lightly=True) as connection:
                now = self.mark(connection)
                if (now and now.token) == (seen and seen.token):
                    self._replace(connection, rows, tallied, dict(ids))
                # else somebody made it, or a run replaced what it is made of: whoever needs it looks again

    def _refresh(self, connection: Connection, changed: Collection[str], counts: Counter[str]) -> None:
        """Work out the states of some tasks; `counts` is told what changes."""
        asked = {"of_dataset": self.dataset, "hashes": list(changed)}
        was = {r.question_hash: r.state for r in connection.execute(_STATES_OF, asked)}
        if not was:
            return
        told = _Told.of(connection, self.dataset, was)
        rows = []
        for hash_, before in was.items():
            found = told.state(hash_, self.rule, self.review)
            counts[before] -= 1
            counts[found["state"]] += 1
            rows.append({"of_question": hash_, **found})
        connection.execute(_CHANGE, rows)

    def _rows(self, connection: Connection) -> list[dict[str, Any]]:
        tasks = [t for t in tasks_of(connection, self.dataset, None) if self.posed(t.question)]
        told = _Told.of(connection, self.dataset, None)
        priorities = priorities_of(connection, self.dataset)
        states = {t.question.hash: told.state(t.question.hash, self.rule, self.review) for t in tasks}
        waiting = {h for h, s in states.items() if s["state"] == "open"}
        place = places(tasks, priorities, waiting)
        known = against(self.findings, self.signals(), (t.question.item_id for t in tasks))
        rows = []
        for t in tasks:
            hash_, priority = t.question.hash, priorities.get(t.question.hash)
            speaks = known.get(t.question.item_id, Against())
            rows.append(
                {
                    "question_hash": hash_,
                    "dataset": self.dataset,
                    **states[hash_],
                    "position": place[hash_],
                    "mixed": mixed_of(hash_),
                    "leaf": leaf_of(hash_),
                    "given_label": t.question.given_label,
                    "suggested_label": suggestion(t, priority),
                    "probability": None if priority is None else priority.probability,
                    "score": speaks.score,
                    "audits": speaks.audits,
                    "models": speaks.models,
                }
            )
        return rows

    def _tallies(self, connection: Connection) -> list[dict[str, Any]]:
        told = verdict.join(question, verdict.c.question_hash == question.c.hash)
        joined = told.outerjoin(withdrawal, withdrawal.c.verdict_id == verdict.c.id)
        query = (
            select(verdict.c.reviewer, func.count().label("verdicts"))
            .select_from(joined)
            .where(question.c.dataset == self.dataset, withdrawal.c.id.is_(None))
            .where(verdict.c.reviewer.is_not(None))
            .group_by(verdict.c.reviewer)
        )
        return [{"dataset": self.dataset, **r._mapping} for r in connection.execute(query)]

    def _replace(
        self,
        connection: Connection,
        rows: list[dict[str, Any]],
        tallied: list[dict[str, Any]],
        ids: dict[str, int],
    ) -> None:
        counts = Counter(r["state"] for r in rows)
        mark = {
            "dataset": self.dataset,
            "made_of": self.made_of,
            "token": secrets.token_hex(16),
            **ids,
            **{s: counts[s] for s in _STATES},
        }
        sweep(connection, self.dataset, datetime.now(UTC))
        for table, new in ((task_state, rows), (tally, tallied), (queue_mark, [mark])):
            connection.execute(delete(table).where(table.c.dataset == self.dataset))
            if new:
                connection.execute(insert(table), new)


_VERDICTS_ON = VERDICTS.where(verdict.c.question_hash.in_(bindparam("hashes", expanding=True)))
_REOPENED_ON = (
    select(reopening)
    .where(reopening.c.question_hash.in_(bindparam("hashes", expanding=True)))
    .order_by(reopening.c.id)
)


@dataclass(frozen=True)
class _Told:
    """What was said to questions, and which were reopened."""

    verdicts: dict[str, list[StoredVerdict]]
    reopened: dict[str, Reopening]

    @classmethod
    def of(cls, connection: Connection, dataset: str, hashes: Collection[str] | None) -> _Told:
        if hashes is None:
            rows = connection.execute(VERDICTS.where(question.c.dataset == dataset))
            again = reopenings_of(connection, dataset)
        else:
            asked = {"hashes": list(hashes)}
            rows = connection.execute(_VERDICTS_ON, asked)
            again = [
                Reopening(r.question_hash, r.verdict_id, r.probability, r.reason, r.at)
                for r in connection.execute(_REOPENED_ON, asked)
            ]
        return cls(by_question(verdicts_of_rows(rows)), {r.question_hash: r for r in again})

    def state(self, hash_: str, rule: Rule, review: ReviewConfig) -> dict[str, Any]:
        return state_of(hash_, self.verdicts.get(hash_, ()), self.reopened.get(hash_), rule, review.room)


def suggestion(task: Task, priority: Priority | None) -> str | None:
    """The label that the newest run suggests; that of when it was queued where the run knows nothing of the task."""
    return task.suggested_label if priority is None else priority.suggested_label
