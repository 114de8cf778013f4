"""The review store: what is asked of people, and everything they ever answered.

Verdicts and withdrawals are rows that are only ever added. The present state is a view over them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from sqlalchemy import URL, Connection, insert, select
from sqlalchemy.exc import SQLAlchemyError

from audits.errors import StoreError, UsageError, VerdictsError, collect
from audits.review.backends import where
from audits.review.database import open_engine, reason, writing
from audits.review.record_checks import (
    evidence_problems,
    priority_problems,
    same_content,
    task_problems,
    text_problems,
    verdict_problems,
)
from audits.review.records import (
    DecidedOn,
    Mark,
    NewTask,
    NewVerdict,
    Priority,
    Question,
    Reopening,
    StoredVerdict,
    Task,
)
from audits.review.schema import question, verdict, withdrawal
from audits.review.store_queue import (
    add_decided_on,
    add_reopenings,
    add_tasks,
    decided_on_of,
    priorities_of,
    reopenings_of,
    replace_priorities,
    tasks_of,
)
from audits.review.store_rows import (
    VERDICTS,
    add_questions,
    in_chunks,
    marks_of,
    question_of,
    select_verdicts,
)


class ReviewStore:
    """The review store behind a URL. Safe to use from several threads and processes at once.

    Parameters
    ----------
    url : str or sqlalchemy.URL
        `sqlite:///PATH` (a file that is not there is created) or `postgresql://USER@HOST/DATABASE` (an empty
        database is given its tables).

    Raises
    ------
    StoreError
        When it cannot be opened, is no review store or was written by a newer labelaudit.

    Examples
    --------
    >>> import tempfile
    >>> q = Question("pets", "7", "c0ffee", "cat", "abc")
    >>> with tempfile.TemporaryDirectory() as d, ReviewStore(f"sqlite:///{d}/review.sqlite") as store:
    ...     store.add_verdicts([NewVerdict("v1", q, "ann", "relabel", ("dog",))])
    ...     store.add_verdicts([NewVerdict("v1", q, "ann", "relabel", ("dog",))])
    ...     [v.labels for v in store.verdicts("pets")]
    (1, 0)
    (0, 1)
    [('dog',)]
    """

    def __init__(self, url: str | URL) -> None:
        self._engine = open_engine(url)
        self._writer = writing(self._engine)
        self._where = f"review store {where(self._engine.url)}"
        self._closed = False

    def close(self) -> None:
        """Close all connections. Closing twice does no harm."""
        self._closed = True
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def queue(self, tasks: Sequence[NewTask]) -> int:
        """Route questions to people, all or none of them.

        A question that already has a task keeps it as it is, so that a changed budget or another night's
        ranking queues nothing twice.

        Parameters
        ----------
        tasks : sequence of NewTask
            In the order in which they are to be numbered.

        Returns
        -------
        int
            How many were not in the queue before.

        Raises
        ------
        VerdictsError
            With every task whose parts do not fit together.
        """
        problems = [f"item {t.question.item_id!r}: {p}" for t in tasks for p in task_problems(t)]
        _raise_all("review tasks", problems)
        with self._write() as connection:
            return add_tasks(connection, tasks)

    def renew_queue(
        self,
        dataset: str,
        tasks: Sequence[NewTask],
        priorities: Sequence[Priority],
        decisions: Sequence[DecidedOn] = (),
        reopenings: Sequence[Reopening] = (),
    ) -> tuple[int, int]:
        """Make the queue of a dataset what the newest run says, in one step: all of it, or nothing.

        Tasks are added as `queue` does. The priorities take the place of all that the dataset had. Doing the
        same again changes nothing.

        Parameters
        ----------
        dataset : str
            Name of the dataset; everything given must be about its questions.
        tasks : sequence of NewTask
        priorities : sequence of Priority
            At most one a question, on questions that are stored or have a task among `tasks`.
        decisions : sequence of DecidedOn
            Kept once a verdict.
        reopenings : sequence of Reopening
            Kept once a verdict.

        Returns
        -------
        tuple of int
            How many tasks were not in the queue before, and how many questions were reopened.

        Raises
        ------
        VerdictsError
            With every part that does not fit together.
        """
        problems = [f"item {t.question.item_id!r}: {p}" for t in tasks for p in task_problems(t)]
        problems += [f"question {p.question_hash}: {x}" for p in priorities for x in priority_problems(p)]
        about: list[DecidedOn | Reopening] = [*decisions, *reopenings]
        problems += [f"verdict {d.verdict_id}: {x}" for d in about for x in evidence_problems(d)]
        _raise_all("the review queue", problems)
        with self._write() as connection:
            new = add_tasks(connection, tasks)
            replace_priorities(connection, dataset, priorities)
            add_decided_on(connection, decisions)
            return new, add_reopenings(connection, reopenings)

    def priorities(self, dataset: str) -> dict[str, Priority]:
        """What the newest run made of the dataset's tasks, by the hash of the question."""
        with self._read() as connection:
            return priorities_of(connection, dataset)

    def decided_on(self, dataset: str) -> dict[int, DecidedOn]:
        """Which evidence there was when people decided, by the id of the decision's last verdict."""
        with self._read() as connection:
            return decided_on_of(connection, dataset)

    def reopenings(self, dataset: str) -> list[Reopening]:
        """All reopenings of the dataset's questions, in the order of storing."""
        with self._read() as connection:
            return reopenings_of(connection, dataset)

    def add_verdicts(self, verdicts: Iterable[NewVerdict]) -> tuple[int, int]:
        """Store verdicts, all or none of them. Sending one again, by its client id, stores nothing.

        When this returns, the verdicts are on disk.

        Parameters
        ----------
        verdicts : iterable of NewVerdict
            In the order in which they are to be kept.

        Returns
        -------
        tuple of int
            How many were stored, and how many were there already.

        Raises
        ------
        VerdictsError
            With every verdict whose parts do not fit together, or whose client id stands for another one.
        """
        given = list(verdicts)
        _raise_all("verdicts", [f"{_name(v)}: {p}" for v in given for p in verdict_problems(v)])
        by_id: dict[str, NewVerdict] = {}
        clashes = []
        for v in given:
            if not same_content(by_id.setdefault(v.client_id, v), v):
                clashes.append(f"{_name(v)}: the client id is given twice, for different verdicts")
        with self._write() as connection:
            stored = {
                s.client_id: s for s in select_verdicts(connection, VERDICTS, verdict.c.client_id, by_id)
            }
            for client_id, s in stored.items():
                if not same_content(s, by_id[client_id]):
                    clashes.append(f"{_name(by_id[client_id])}: the client id is stored with another verdict")
            _raise_all("verdicts", clashes)
            new = [v for client_id, v in by_id.items() if client_id not in stored]
            add_questions(connection, (v.question for v in new))
            now = datetime.now(UTC)
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
        return len(new), len(given) - len(new)

    def withdraw(self, verdict_id: int, reviewer: str | None, reason: str, client_id: str) -> bool:
        """Take a verdict back. It stays in the history and counts no more.

        Parameters
        ----------
        verdict_id : int
            `StoredVerdict.id`.
        reviewer : str or None
            Who takes it back.
        reason : str
            Why, in free text.
        client_id : str
            Chosen by the sender; sending the same withdrawal again stores nothing.

        Returns
        -------
        bool
            Whether it was stored; False when it was there already.

        Raises
        ------
        UsageError
            When there is no such verdict or it was withdrawn before.
        VerdictsError
            When the client id is empty or stands for another withdrawal, or a text cannot be stored.
        """
        texts = {"client id": client_id, "reviewer": reviewer or "", "reason": reason}
        problems = text_problems(texts.items())
        if not client_id:
            problems.append("the client id is empty")
        _raise_all(f"withdrawal of verdict {verdict_id}", problems)
        new = {"client_id": client_id, "verdict_id": verdict_id, "reviewer": reviewer, "reason": reason}
        with self._write() as connection:
            columns = [withdrawal.c[name] for name in new]
            sent = connection.execute(select(*columns).where(withdrawal.c.client_id == client_id)).first()
            if sent is not None:
                if dict(sent._mapping) == new:
                    return False
                raise VerdictsError(
                    f"withdrawal of verdict {verdict_id}: the client id {client_id!r} is stored with another one"
                )
            if connection.execute(select(verdict.c.id).where(verdict.c.id == verdict_id)).first() is None:
                raise UsageError(f"there is no verdict {verdict_id}")
            taken = select(withdrawal.c.id).where(withdrawal.c.verdict_id == verdict_id)
            if connection.execute(taken).first() is not None:
                raise UsageError(f"verdict {verdict_id} is withdrawn already")
            connection.execute(insert(withdrawal), {**new, "stored_at": datetime.now(UTC)})
        return True

    def verdicts(self, dataset: str, question_hashes: Iterable[str] | None = None) -> list[StoredVerdict]:
        """Verdicts of a dataset, withdrawn ones too, in the order in which they were stored.

        Parameters
        ----------
        dataset : str
            Name of the dataset.
        question_hashes : iterable of str, optional
            Only those on these questions.
        """
        of_dataset = VERDICTS.where(question.c.dataset == dataset)
        with self._read() as connection:
            return select_verdicts(connection, of_dataset, verdict.c.question_hash, question_hashes)

    def verdicts_by_client_id(self, client_ids: Iterable[str]) -> dict[str, StoredVerdict]:
        """Those of the client ids that are stored, whatever the dataset, with their verdicts."""
        with self._read() as connection:
            found = select_verdicts(connection, VERDICTS, verdict.c.client_id, client_ids)
        return {v.client_id: v for v in found}

    def item_history(self, dataset: str, item_id: str) -> list[StoredVerdict]:
        """All verdicts an item ever got, on whatever question about it, in the order of storing."""
        of_item = VERDICTS.where(question.c.dataset == dataset, question.c.item_id == item_id)
        with self._read() as connection:
            return select_verdicts(connection, of_item, verdict.c.question_hash, None)

    def tasks(self, dataset: str, question_hashes: Iterable[str] | None = None) -> list[Task]:
        """Review tasks of a dataset, in the order in which they were queued.

        `Task.verdicts` counts as `consensus.counting` does: a reviewer once, an unknown one each time,
        nothing withdrawn.

        Parameters
        ----------
        dataset : str
            Name of the dataset.
        question_hashes : iterable of str, optional
            Only those on these questions.
        """
        with self._read() as connection:
            return tasks_of(connection, dataset, question_hashes)

    def questions(self, hashes: Iterable[str]) -> dict[str, Question]:
        """Those of the hashes that stand for a question the store knows, whatever the dataset."""
        with self._read() as connection:
            rows = in_chunks(connection, select(question), question.c.hash, hashes)
        return {r.hash: question_of(r) for r in rows}

    def marks(self, dataset: str | None = None) -> dict[str, Mark]:
        """How far each dataset has come, by its name; one of which the store knows nothing is not there.

        Parameters
        ----------
        dataset : str, optional
            Only this one.
        """
        with self._read() as connection:
            return marks_of(connection, dataset)

    @contextlib.contextmanager
    def _read(self) -> Iterator[Connection]:
        with self._errors(), self._engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def _write(self) -> Iterator[Connection]:
        with self._errors(), self._writer.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        if self._closed:
            raise StoreError(f"{self._where}: it is closed")
        try:
            yield
        except SQLAlchemyError as e:
            raise StoreError(f"{self._where}: {reason(e)}") from e


def _name(v: NewVerdict) -> str:
    return f"verdict {v.client_id!r} on item {v.question.item_id!r}"


def _raise_all(where: str, problems: list[str]) -> None:
    if problems:
        raise VerdictsError(collect(where, problems))
