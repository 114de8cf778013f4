"""A reviewer's desk: taking, deciding, skipping and undoing on one dataset's queue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Row, and_, bindparam, func, insert, select

from audits.errors import UsageError
from audits.review.activity import Act, record
from audits.review.desk.answering import checked_reviewer, checked_texts, new_verdicts, within
from audits.review.desk.candidates import Candidate, Candidates
from audits.review.desk.leases import Lease, Leases
from audits.review.desk.records import (
    Answer,
    Assignment,
    Disputed,
    Done,
    Filters,
    PairCount,
    Progress,
    SentBack,
)
from audits.review.desk.sending_back import send_back
from audits.review.desk.standing import disputed, history, pairs, progress
from audits.review.desk.task_states import TaskStates
from audits.review.desk.undoing import to_withdraw, withdraw
from audits.review.open_queue import newest
from audits.review.records import Role, Shown, StoredVerdict
from audits.review.schema import lease, question, skipping, task_state, verdict
from audits.review.store import ReviewStore
from audits.review.store_queue import priorities_of, reopenings_of, tasks_of
from audits.review.store_rows import CHUNK, VERDICTS, question_of, select_verdicts
from audits.review.store_verdicts import (
    insert_verdicts,
    sent_before,
    unsent,
)
from audits.review.verdicts_of import by_question
from audits.review_config import ReviewConfig
from audits.stored import StoredItems

#: Questions, with what the newest run suggests and the role of the lease that a person has, or had, on each.
_ASKED = (
    select(question, task_state.c.suggested_label, func.coalesce(lease.c.role, "reviewer").label("role"))
    .select_from(
        question.outerjoin(task_state, task_state.c.question_hash == question.c.hash).outerjoin(
            lease, and_(lease.c.question_hash == question.c.hash, lease.c.reviewer == bindparam("reviewer"))
        )
    )
    .where(question.c.hash.in_(bindparam("hashes", expanding=True)))
)


def _now() -> datetime:
    return datetime.now(UTC)


class Desk:
    """What people do with one dataset's queue. Cheap to make; safe to use from several threads and processes.

    Parameters
    ----------
    store : ReviewStore
    dataset : str
        Name of the dataset.
    items : StoredItems
        As the newest run left them.
    review : ReviewConfig
    findings : pyarrow.Table
        `contracts.FINDINGS`.
    signals : callable
        Gives `contracts.SIGNALS`; called only when what the next item is chosen from is made anew.
    version : str
        Of the findings.
    now : callable, optional
        Gives the time, by which leases end.
    """

    def __init__(
        self,
        store: ReviewStore,
        dataset: str,
        items: StoredItems,
        review: ReviewConfig,
        *,
        findings: pa.Table,
        signals: Callable[[], pa.Table],
        version: str,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self.store, self.dataset, self.items, self.review = store, dataset, items, review
        self.states = TaskStates(store, dataset, items, review, findings, signals, version)
        self._now = now

    def take(
        self,
        reviewer: str,
        filters: Filters = Filters(),  # noqa: B008  (frozen)
        *,
        question: str | None = None,
        ahead: int = 0,
    ) -> Assignment | None:
        """Lease the person's next task: what was sent back, what they hold already, then the queue.

        Parameters
        ----------
        reviewer : str
            At most 200 characters.
        filters : Filters
        question : str, optional
            Hash of a certain question, whatever the filters.
        ahead : int
            How many to pass over: 1 gives the one after the next. Those before it are leased too.

        Returns
        -------
        Assignment or None
            None where nothing is left for this person, or they may not be given this question.
        """
        checked_texts(question=question)
        if question is None:
            found = self.take_many(reviewer, filters, ahead + 1)
            return found[ahead] if len(found) > ahead else None
        now = self._now()
        with self.states.writing(lightly=True) as connection:
            pools = self._candidates(connection, checked_reviewer(reviewer), Filters(), now)
            chosen = pools.one(question)
            return None if chosen is None else self._assigned(connection, reviewer, [chosen], now)[0]

    def take_many(self, reviewer: str, filters: Filters, limit: int) -> list[Assignment]:
        """Lease the person's next tasks, at most so many, in the order in which `take` gives them."""
        checked_texts(given=filters.given, suggested=filters.suggested)
        checked_texts(audit=filters.audit, model=filters.model)
        now = self._now()
        with self.states.writing(lightly=True) as connection:
            pools = self._candidates(connection, checked_reviewer(reviewer), filters, now)
            limit = within(limit)
            return self._assigned(connection, reviewer, pools.first(limit), now)

    def release(self, reviewer: str, question_hash: str) -> None:
        """Give a lease back, so that others may be given the task."""
        checked_texts(question=question_hash)
        with self.store.writing(lightly=True) as connection:
            self._leases(connection, reviewer, self._now()).give_back([question_hash])

    def decide(
        self,
        reviewer: str,
        answers: Sequence[Answer],
        *,
        address: str | None,
        source: str = "web",
        shown: Shown | None,
        role: Role | None = None,
    ) -> list[StoredVerdict]:
        """Store answers, all or none of them. One that is sent again, by its client id, is stored once.

        An answer without a lease, or on one that ended, is kept as any other.

        Parameters
        ----------
        reviewer : str
        answers : sequence of Answer
            At most one a question.
        address : str or None
            Where the request came from.
        source : str
        shown : {"open", "blind"} or None
            What the person saw before.
        role : Role, optional
            As whom they answer; left out: as they were asked, else as a reviewer.

        Returns
        -------
        list of StoredVerdict
            In the order of the answers.

        Raises
        ------
        VerdictsError
            With every answer that does not fit: its question is not known or another one by now, its parts do not fit
            together, or its client id stands for another one.
        """
        checked_reviewer(reviewer)
        now = self._now()
        ids = [a.client_id for a in answers]
        for a in answers:
            checked_texts(question=a.question_hash, client_id=a.client_id)
        with self.states.writing() as connection:
            before = sent_before(connection, ids)
            asked = self._asked(connection, reviewer, [a.question_hash for a in answers])
            # what was stored as a second look is one, also when it is sent again after its lease is gone
            roles = {h: r.role for h, r in asked.items()} | {v.question.hash: v.role for v in before.values()}
            given = new_verdicts(
                self.states,
                reviewer,
                answers,
                {h: question_of(r) for h, r in asked.items()},
                roles=roles if role is None else dict.fromkeys(asked, role),
                suggested={h: r.suggested_label for h, r in asked.items()},
                source=source,
                shown=shown,
            )
            new = unsent(given, before)
            if not new:
                return [before[i] for i in ids]
            insert_verdicts(connection, new, now)
            stored = sent_before(connection, [v.client_id for v in new])
            self._leases(connection, reviewer, now).give_back(v.question.hash for v in new)
            record(connection, [self._act("decide", v, reviewer, address, now) for v in stored.values()])
            self.states.catch_up(connection)
            return [before.get(i) or stored[i] for i in ids]

    def skip(self, reviewer: str, question_hash: str, *, address: str | None) -> None:
        """Put a task aside: it comes again after all others.

        Raises
        ------
        UsageError
            When there is no such question.
        """
        checked_reviewer(reviewer)
        checked_texts(question=question_hash)
        now = self._now()
        with self.store.writing() as connection:
            self._known(connection, question_hash)
            row = {"question_hash": question_hash, "reviewer": reviewer, "at": now}
            connection.execute(insert(skipping), row)
            self._leases(connection, reviewer, now).give_back([question_hash])
            act = Act(reviewer, "skip", self.dataset, question_hash, address=address, at=now)
            record(connection, [act])

    def undo(
        self,
        reviewer: str,
        *,
        address: str | None,
        client_id: str,
        verdicts: Sequence[int] | None = None,
    ) -> list[StoredVerdict]:
        """Take back the person's last verdict that is not withdrawn, and lease its task to them again.

        Parameters
        ----------
        reviewer : str
        address : str or None
        client_id : str
            Chosen by the sender; sending the same again takes nothing more back.
        verdicts : sequence of int, optional
            Ids of the verdicts to take back, all of them or none; left out: the last.

        Returns
        -------
        list of StoredVerdict
            What is withdrawn now.

        Raises
        ------
        UsageError
            When there is nothing to take back, or a verdict is not this person's.
        VerdictsError
            When the client id is empty or stands for something else.
        """
        checked_reviewer(reviewer)
        checked_texts(client_id=client_id)
        now = self._now()
        with self.states.writing() as connection:
            wanted = to_withdraw(connection, self.dataset, reviewer, client_id, verdicts)
            new = [v for client, v in wanted.items() if withdraw(connection, reviewer, client, v, now)]
            self.states.catch_up(connection)
            back = [Candidate(v.question.hash, v.role) for v in new if v.role != "adjudicator"]
            posed = {v.question.hash for v in new if self.states.posed(v.question)}
            again = [c for c in back if c.question_hash in posed]
            self._leases(connection, reviewer, now).take(again, first=True)
            record(connection, [self._act("undo", v, reviewer, address, now) for v in new])
            ids = [v.id for v in wanted.values()]
            return select_verdicts(connection, VERDICTS, verdict.c.id, ids)

    def history(
        self,
        reviewer: str | None,
        *,
        limit: int = 50,
        before: int | None = None,
        question: str | None = None,
    ) -> list[Done]:
        """Verdicts of a person, or of all, the newest first, withdrawn ones too.

        Parameters
        ----------
        reviewer : str or None
        limit : int
        before : int, optional
            Only verdicts with a lower id than this: the last of the page before.
        question : str, optional
            Only on this question.
        """
        checked_texts(reviewer=reviewer, question=question)
        before = None if before is None else within(before)
        with self.store.reading() as connection:
            return history(connection, self.dataset, reviewer, within(limit), before, question)

    def progress(self, reviewer: str) -> Progress:
        """How far the person and the queue have come."""
        with self.states.reading() as connection:
            return progress(connection, self.dataset, reviewer, self._now())

    def pairs(self, limit: int = 100) -> list[PairCount]:
        """Given and suggested labels of open tasks, those of most tasks first."""
        with self.states.reading() as connection:
            return pairs(connection, self.dataset, within(limit))

    def disputed(self, limit: int = 50) -> list[Disputed]:
        """Tasks that have all their verdicts, which meet no rule, and that nobody adjudicated."""
        with self.states.reading() as connection:
            return disputed(connection, self.dataset, within(limit))

    def send_back(
        self, verdict_id: int, *, by: str, note: str, client_id: str, address: str | None
    ) -> SentBack:
        """Ask the person behind a verdict to look at the question again. The verdict counts until then.

        Parameters
        ----------
        verdict_id : int
        by : str
            Who asks.
        note : str
            Shown to the person.
        client_id : str
            Chosen by the sender; sending the same again does nothing more.
        address : str or None

        Raises
        ------
        UsageError
            When there is no such verdict of this dataset, or it is withdrawn, superseded, sent back already, or of
            nobody known.
        VerdictsError
            When the client id is empty or stands for something else, or a text cannot be stored.
        """
        checked_reviewer(by)
        with self.store.writing() as connection:
            return send_back(
                connection,
                self.dataset,
                verdict_id,
                by=by,
                note=note,
                client_id=client_id,
                address=address,
                now=self._now(),
            )

    def assignments_of(self, reviewer: str) -> list[Assignment]:
        """What the person holds at this moment, the first taken first; nothing is renewed."""
        now = self._now()
        with self.states.reading() as connection:
            chosen = self._candidates(connection, reviewer, Filters(), now).held()
            rows = {h.question_hash: h for h in self._leases(connection, reviewer, now).held()}
            return self._assignments(connection, chosen, [rows[c.question_hash] for c in chosen])

    def _candidates(
        self, connection: Connection, reviewer: str, filters: Filters, now: datetime
    ) -> Candidates:
        return Candidates(connection, self.dataset, reviewer, filters, self.review.room, now)

    def _leases(self, connection: Connection, reviewer: str, now: datetime) -> Leases:
        return Leases(connection, self.dataset, reviewer, now, self.review.room.lease_minutes)

    def _assigned(
        self, connection: Connection, reviewer: str, chosen: Sequence[Candidate], now: datetime
    ) -> list[Assignment]:
        leases = self._leases(connection, reviewer, now).take(chosen)
        return self._assignments(connection, chosen, leases)

    def _assignments(
        self, connection: Connection, chosen: Sequence[Candidate], leases: Sequence[Lease]
    ) -> list[Assignment]:
        hashes = [h.question_hash for h in leases]
        tasks = {t.question.hash: t for t in tasks_of(connection, self.dataset, hashes)}
        priorities = priorities_of(connection, self.dataset, hashes)
        reopened = {r.question_hash: r for r in reopenings_of(connection, self.dataset, hashes)}
        on_these = select_verdicts(connection, VERDICTS, verdict.c.question_hash, reopened)
        said = by_question(on_these)
        found = []
        for candidate, held in zip(chosen, leases, strict=True):
            h = held.question_hash
            task = newest(tasks[h], priorities.get(h), reopened.get(h), said.get(h, ()))
            # what is known to be right is never on the way to a reviewer
            task = replace(task, gold_label=None)
            until = held.taken_at, held.expires_at
            found.append(Assignment(task, held.role, held.token, *until, candidate.sent_back))
        return found

    def _asked(self, connection: Connection, reviewer: str, hashes: Sequence[str]) -> dict[str, Row[Any]]:
        """The questions among these that the store knows, with what is suggested and as whom the person is asked."""
        asked = {"reviewer": reviewer}
        found: dict[str, Row[Any]] = {}
        for start in range(0, len(hashes), CHUNK):
            part = {**asked, "hashes": hashes[start : start + CHUNK]}
            found.update({r.hash: r for r in connection.execute(_ASKED, part)})
        return found

    def _known(self, connection: Connection, question_hash: str) -> None:
        asked = select(question.c.dataset).where(question.c.hash == question_hash)
        if connection.execute(asked).scalar() != self.dataset:
            raise UsageError(f"dataset {self.dataset!r} never asked the question {question_hash!r}")

    def _act(self, action: str, about: StoredVerdict, who: str, address: str | None, now: datetime) -> Act:
        detail = {"decision": about.decision, "labels": list(about.labels), "role": about.role}
        return Act(who, action, self.dataset, about.question.hash, about.id, address, detail, now)
