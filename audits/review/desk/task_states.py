"""The derived table `task_state`: what the next item is chosen from, kept equal to what the history comes to."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from audits.review.consensus import Rule
from audits.review.desk.task_rows import Against, against, mixed_of, state_of
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
from audits.review.store_rows import CHUNK, VERDICTS, select_verdicts
from audits.review.verdicts_of import by_question
from audits.review_config import ReviewConfig
from audits.stored import StoredItems

_STATES = ("open", "disputed", "decided")

#: From how many questions on that others answered all is made anew, instead of each question.
_MANY = 5000

#: The ids up to which the history is in the table. All are given in the order of commits and never again, so that the
#: highest one tells whether anything was added; the database finds it without counting.
_IDS = {
    "last_task": review_task,
    "last_verdict": verdict,
    "last_withdrawal": withdrawal,
    "last_reopening": reopening,
}


#: Threads that find the table out of date make it once.
_making = threading.Lock()


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
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes, in which the table says what the history comes to."""
        while True:
            with self.store.writing() as connection:
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
                if mark is not None and self._is_made_of(mark) and self._ids(connection) == _ids_in(mark):
                    yield connection
                    return
            with self.writing():
                pass

    def mark(self, connection: Connection) -> Row[Any] | None:
        """The row that says what the table was made of; None where it has to be made."""
        return connection.execute(select(queue_mark).where(queue_mark.c.dataset == self.dataset)).first()

    def catch_up(self, connection: Connection) -> bool:
        """Bring the table to what was added to the history since; gives whether that could be done.

        It cannot where it was made of other findings or rules, or tasks were queued.
        """
        mark = self.mark(connection)
        if mark is None or not self._is_made_of(mark):
            return False
        ids = self._ids(connection)
        before = _ids_in(mark)
        if ids == before:
            return True
        if ids["last_task"] != before["last_task"] and self._new_tasks(connection, before["last_task"]):
            return False
        changed = self._changed(connection, before)
        if len(changed) > _MANY:
            return False
        counts = Counter({s: getattr(mark, s) for s in _STATES})
        self._refresh(connection, changed, counts)
        self._count_verdicts(connection, before)
        connection.execute(
            update(queue_mark).where(queue_mark.c.dataset == self.dataset).values(**ids, **counts)
        )
        return True

    def rebuild(self) -> None:
        """Make the table anew, in one step; what is added to the history meanwhile is caught up with."""
        with _making:
            with self.store.writing() as connection:
                if self.catch_up(connection):
                    return  # another thread made it while this one waited
            self._rebuild()

    def _rebuild(self) -> None:
        # worked out while others write, and then put in place at once
        with self.store.reading() as connection:
            seen = self.mark(connection)
            ids = self._ids(connection)
            rows, tallied = self._rows(connection), self._tallies(connection)
        with self.store.writing() as connection:
            now = self.mark(connection)
            if _token(now) != _token(seen):
                return  # somebody else made it, or a run replaced what it is made of; whoever needs it looks again
            self._replace(connection, rows, tallied, ids)

    def _is_made_of(self, mark: Row[Any]) -> bool:
        return bool(mark.made_of == self.made_of)

    def _ids(self, connection: Connection) -> dict[str, int]:
        highest = [
            select(func.coalesce(func.max(table.c.id), 0)).scalar_subquery().label(name)
            for name, table in _IDS.items()
        ]
        return dict(connection.execute(select(*highest)).one()._mapping)

    def _new_tasks(self, connection: Connection, after: int) -> bool:
        joined = review_task.join(question, review_task.c.question_hash == question.c.hash)
        new = select(review_task.c.id).select_from(joined)
        found = new.where(review_task.c.id > after, question.c.dataset == self.dataset).limit(1)
        return connection.execute(found).first() is not None

    def _changed(self, connection: Connection, before: dict[str, int]) -> set[str]:
        """Questions that got a verdict, a withdrawal or a reopening since."""
        mine = question.c.dataset == self.dataset
        told = verdict.join(question, verdict.c.question_hash == question.c.hash)
        taken = withdrawal.join(told, withdrawal.c.verdict_id == verdict.c.id)
        again = reopening.join(question, reopening.c.question_hash == question.c.hash)
        found: set[str] = set()
        for of, newer in (
            (told, verdict.c.id > before["last_verdict"]),
            (taken, withdrawal.c.id > before["last_withdrawal"]),
            (again, reopening.c.id > before["last_reopening"]),
        ):
            query = select(question.c.hash).select_from(of).where(newer, mine).distinct()
            found.update(connection.execute(query).scalars())
        return found

    def _refresh(self, connection: Connection, hashes: Collection[str], counts: Counter[str]) -> None:
        """Work out the states of some tasks; `counts` is told what changes."""
        if not hashes:
            return
        asked = list(hashes)
        there = select(task_state.c.question_hash, task_state.c.state)
        was: dict[str, str] = {}
        for start in range(0, len(asked), CHUNK):
            part = there.where(task_state.c.question_hash.in_(asked[start : start + CHUNK]))
            was.update({h: s for h, s in connection.execute(part)})
        if not was:
            return
        told = _Told.of(connection, self.dataset, was)
        rows = []
        for t in tasks_of(connection, self.dataset, was):
            found = told.state(t, self.rule, self.review)
            counts[was[t.question.hash]] -= 1
            counts[found["state"]] += 1
            rows.append({"of": t.question.hash, **found})
        changed: dict[str, Any] = {c: bindparam(c) for c in rows[0] if c != "of"}
        connection.execute(
            update(task_state).where(task_state.c.question_hash == bindparam("of")).values(changed), rows
        )

    def _count_verdicts(self, connection: Connection, before: dict[str, int]) -> None:
        """Add to each person's number what was given and taken back since."""
        told = verdict.join(question, verdict.c.question_hash == question.c.hash)
        taken = withdrawal.join(told, withdrawal.c.verdict_id == verdict.c.id)
        known = (question.c.dataset == self.dataset, verdict.c.reviewer.is_not(None))
        given = select(verdict.c.reviewer, func.count()).select_from(told)
        back = select(verdict.c.reviewer, func.count()).select_from(taken)
        moved: Counter[str] = Counter()
        for query, newer, sign in (
            (given, verdict.c.id > before["last_verdict"], 1),
            (back, withdrawal.c.id > before["last_withdrawal"], -1),
        ):
            for name, n in connection.execute(query.where(newer, *known).group_by(verdict.c.reviewer)):
                moved[name] += sign * n
        rows = [{"dataset": self.dataset, "reviewer": r, "verdicts": n} for r, n in moved.items() if n]
        if rows:
            added = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(tally)
            summed = {"verdicts": tally.c.verdicts + added.excluded.verdicts}
            keys = ["dataset", "reviewer"]
            connection.execute(added.on_conflict_do_update(index_elements=keys, set_=summed), rows)

    def _rows(self, connection: Connection) -> list[dict[str, Any]]:
        tasks = [t for t in tasks_of(connection, self.dataset, None) if self.posed(t.question)]
        told = _Told.of(connection, self.dataset, None)
        priorities = priorities_of(connection, self.dataset)
        states = {t.question.hash: told.state(t, self.rule, self.review) for t in tasks}
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
        for table, new in ((task_state, rows), (tally, tallied), (queue_mark, [mark])):
            connection.execute(delete(table).where(table.c.dataset == self.dataset))
            if new:
                connection.execute(insert(table), new)


@dataclass(frozen=True)
class _Told:
    """What was said to questions, and which were reopened."""

    verdicts: dict[str, list[StoredVerdict]]
    reopened: dict[str, Reopening]

    @classmethod
    def of(cls, connection: Connection, dataset: str, hashes: Iterable[str] | None) -> _Told:
        asked = None if hashes is None else list(hashes)
        of_dataset = VERDICTS.where(question.c.dataset == dataset)
        verdicts = select_verdicts(connection, of_dataset, verdict.c.question_hash, asked)
        again = reopenings_of(connection, dataset, asked)
        return cls(by_question(verdicts), {r.question_hash: r for r in again})

    def state(self, task: Task, rule: Rule, review: ReviewConfig) -> dict[str, Any]:
        hash_ = task.question.hash
        return state_of(task, self.verdicts.get(hash_, ()), self.reopened.get(hash_), rule, review.room)


def suggestion(task: Task, priority: Priority | None) -> str | None:
    """The label that the newest run suggests; that of when it was queued where the run knows nothing of the task."""
    return task.suggested_label if priority is None else priority.suggested_label


def _ids_in(mark: Row[Any]) -> dict[str, int]:
    return {name: getattr(mark, name) for name in _IDS}


def _token(mark: Row[Any] | None) -> str | None:
    return None if mark is None else str(mark.token)
