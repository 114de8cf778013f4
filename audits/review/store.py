"""The review store: what is asked of people, and everything they ever answered.

Verdicts and withdrawals are rows that are only ever added. The present state is a view over them.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from sqlalchemy import URL, Connection, select
from sqlalchemy.exc import SQLAlchemyError

from audits.errors import StoreError
from audits.review.backends import where
from audits.review.backends.backend import BUSY_SECONDS
from audits.review.database import open_engine, reason, writing
from audits.review.record_checks import evidence_problems, priority_problems, task_problems, verdict_problems
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
from audits.review.schema import question, verdict
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
from audits.review.store_rows import VERDICTS, in_chunks, in_dataset, marks_of, question_of, select_verdicts
from audits.review.store_verdicts import (
    NewWithdrawal,
    add_verdicts,
    add_withdrawal,
    name_of,
    raise_all,
    withdrawal_problems,
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
        self._writers = {lightly: writing(self._engine, lightly=lightly) for lightly in (False, True)}
        self._where = f"review store {where(self._engine.url)}"
        self._closed = False
        self._turn = threading.Lock()

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
        raise_all("review tasks", problems)
        with self.writing() as connection:
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
        raise_all("the review queue", problems)
        with self.writing() as connection:
            new = add_tasks(connection, tasks)
            replace_priorities(connection, dataset, priorities)
            add_decided_on(connection, decisions)
            return new, add_reopenings(connection, reopenings)

    def priorities(self, dataset: str) -> dict[str, Priority]:
        """What the newest run made of the dataset's tasks, by the hash of the question."""
        with self.reading() as connection:
            return priorities_of(connection, dataset)

    def decided_on(self, dataset: str) -> dict[int, DecidedOn]:
        """Which evidence there was when people decided, by the id of the decision's last verdict."""
        with self.reading() as connection:
            return decided_on_of(connection, dataset)

    def reopenings(self, dataset: str) -> list[Reopening]:
        """All reopenings of the dataset's questions, in the order of storing."""
        with self.reading() as connection:
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
        raise_all("verdicts", [f"{name_of(v)}: {p}" for v in given for p in verdict_problems(v)])
        with self.writing() as connection:
            return add_verdicts(connection, given, datetime.now(UTC))

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
        new = NewWithdrawal(client_id, verdict_id, reviewer, reason)
        raise_all(f"withdrawal of verdict {verdict_id}", withdrawal_problems(new))
        with self.writing() as connection:
            return add_withdrawal(connection, new, datetime.now(UTC))

    def verdicts(self, dataset: str, question_hashes: Iterable[str] | None = None) -> list[StoredVerdict]:
        """Verdicts of a dataset, withdrawn ones too, in the order in which they were stored.

        Parameters
        ----------
        dataset : str
            Name of the dataset.
        question_hashes : iterable of str, optional
            Only those on these questions.
        """
        of_dataset = VERDICTS.where(in_dataset(dataset, question_hashes))
        with self.reading() as connection:
            return select_verdicts(connection, of_dataset, verdict.c.question_hash, question_hashes)

    def verdicts_by_client_id(self, client_ids: Iterable[str]) -> dict[str, StoredVerdict]:
        """Those of the client ids that are stored, whatever the dataset, with their verdicts."""
        with self.reading() as connection:
            found = select_verdicts(connection, VERDICTS, verdict.c.client_id, client_ids)
        return {v.client_id: v for v in found}

    def item_history(self, dataset: str, item_id: str) -> list[StoredVerdict]:
        """All verdicts an item ever got, on whatever question about it, in the order of storing."""
        of_item = VERDICTS.where(question.c.dataset == dataset, question.c.item_id == item_id)
        with self.reading() as connection:
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
        with self.reading() as connection:
            return tasks_of(connection, dataset, question_hashes)

    def questions(self, hashes: Iterable[str]) -> dict[str, Question]:
        """Those of the hashes that stand for a question the store knows, whatever the dataset."""
        with self.reading() as connection:
            rows = in_chunks(connection, select(question), question.c.hash, hashes)
        return {r.hash: question_of(r) for r in rows}

    def marks(self, dataset: str | None = None) -> dict[str, Mark]:
        """How far each dataset has come, by its name; one of which the store knows nothing is not there.

        Parameters
        ----------
        dataset : str, optional
            Only this one.
        """
        with self.reading() as connection:
            return marks_of(connection, dataset)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment and changes nothing.

        Raises
        ------
        StoreError
            When the store is closed, and for whatever the database says within the block.
        """
        with self._errors(), self._engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self, *, lightly: bool = False) -> Iterator[Connection]:
        """A transaction that changes the store: one at a time, each waits for the one before it.

        What it changed is on disk when the block is left, or nothing of it where an error leaves the block.

        Parameters
        ----------
        lightly : bool
            It need not be on disk: what holds for minutes, or follows from the rest. A power cut may undo it.

        Raises
        ------
        StoreError
            As `reading`, and when others write for longer than is waited.
        """
        # Threads of this process take turns here and not at the database, which would have them ask again and again.
        if not self._turn.acquire(timeout=BUSY_SECONDS):
            raise StoreError(f"{self._where}: others have been writing to it for {BUSY_SECONDS:g} s")
        try:
            with self._errors(), self._writers[lightly].begin() as connection:
                yield connection
        finally:
            self._turn.release()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        if self._closed:
            raise StoreError(f"{self._where}: it is closed")
        try:
            yield
        except SQLAlchemyError as e:
            raise StoreError(f"{self._where}: {reason(e)}") from e
