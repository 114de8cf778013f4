"""A reviewer's desk: taking, deciding, skipping and undoing on one dataset's queue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Row, insert, select

from audits.errors import UsageError, VerdictsError, first_few
from audits.review.activity import Act, record
from audits.review.desk.answering import checked_reviewer, new_verdicts
from audits.review.desk.candidates import Candidate, Candidates
from audits.review.desk.leases import Leases
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
from audits.review.desk.sending_back import open_sent_back, send_back
from audits.review.desk.standing import disputed, history, pairs, progress
from audits.review.desk.task_states import TaskStates, suggestion
from audits.review.open_queue import newest
from audits.review.records import Role, Shown, StoredVerdict
from audits.review.schema import question, skipping, verdict, withdrawal
from audits.review.store import ReviewStore
from audits.review.store_queue import priorities_of, reopenings_of, tasks_of
from audits.review.store_rows import VERDICTS, in_chunks, question_of, select_verdicts
from audits.review.store_verdicts import (
    NewWithdrawal,
    add_verdicts,
    add_withdrawal,
    raise_all,
    withdrawal_problems,
)
from audits.review.verdicts_of import by_question
from audits.review_config import ReviewConfig
from audits.stored import StoredItems


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
        if question is None:
            found = self.take_many(reviewer, filters, ahead + 1)
            return found[ahead] if len(found) > ahead else None
        now = self._now()
        with self.states.writing() as connection:
            chosen = self._candidates(checked_reviewer(reviewer), filters, now).one(connection, question)
            if chosen is None:
                return None
            return self._assigned(connection, reviewer, [chosen], now)[0]

    def take_many(self, reviewer: str, filters: Filters, limit: int) -> list[Assignment]:
        """Lease the person's next tasks, at most so many, in the order in which `take` gives them."""
        now = self._now()
        with self.states.writing() as connection:
            pools = self._candidates(checked_reviewer(reviewer), filters, now)
            chosen = {c.question_hash: c for c in (*pools.sent_back(connection), *pools.held(connection))}
            if len(chosen) < limit:
                chosen |= {
                    c.question_hash: c
                    for c in pools.fresh(connection, limit)
                    if c.question_hash not in chosen
                }
            if len(chosen) < limit:
                chosen |= {
                    c.question_hash: c
                    for c in pools.put_aside(connection, limit)
                    if c.question_hash not in chosen
                }
            return self._assigned(connection, reviewer, list(chosen.values())[:limit], now)

    def release(self, reviewer: str, question_hash: str) -> None:
        """Give a lease back, so that others may be given the task."""
        with self.store.writing() as connection:
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
        hashes = [a.question_hash for a in answers]
        ids = [a.client_id for a in answers]
        with self.states.writing() as connection:
            leases = self._leases(connection, reviewer, now)
            before = {v.client_id: v for v in select_verdicts(connection, VERDICTS, verdict.c.client_id, ids)}
            asked = in_chunks(connection, select(question), question.c.hash, hashes)
            # what was stored as a second look is one, also when it is sent again after its lease is gone
            roles = leases.roles(hashes) | {v.question.hash: v.role for v in before.values()}
            new = new_verdicts(
                self.states,
                reviewer,
                answers,
                {r.hash: question_of(r) for r in asked},
                roles=roles if role is None else dict.fromkeys(hashes, role),
                suggested=self._suggested(connection, hashes),
                source=source,
                shown=shown,
            )
            add_verdicts(connection, new, now)
            stored = {v.client_id: v for v in select_verdicts(connection, VERDICTS, verdict.c.client_id, ids)}
            fresh = [v for v in stored.values() if v.client_id not in before]
            leases.give_back(v.question.hash for v in fresh)
            record(connection, [self._act("decide", v, reviewer, address, now) for v in fresh])
            self.states.catch_up(connection)
            return [stored[i] for i in ids]

    def skip(self, reviewer: str, question_hash: str, *, address: str | None) -> None:
        """Put a task aside: it comes again after all others.

        Raises
        ------
        UsageError
            When there is no such question.
        """
        checked_reviewer(reviewer)
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
        now = self._now()
        with self.states.writing() as connection:
            wanted = self._to_withdraw(connection, reviewer, client_id, verdicts)
            new = [v for client, v in wanted.items() if self._withdraw(connection, reviewer, client, v, now)]
            self.states.catch_up(connection)
            back = [Candidate(v.question.hash, v.role) for v in new if v.role != "adjudicator"]
            there = {c.question_hash for c in back} & set(
                self._posed(connection, [c.question_hash for c in back])
            )
            leases = self._leases(connection, reviewer, now)
            leases.take([c for c in back if c.question_hash in there], first=True)
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
        with self.store.reading() as connection:
            return history(connection, self.dataset, reviewer, limit, before, question)

    def progress(self, reviewer: str) -> Progress:
        """How far the person and the queue have come."""
        with self.states.reading() as connection:
            return progress(connection, self.dataset, reviewer, self._now())

    def pairs(self, limit: int = 100) -> list[PairCount]:
        """Given and suggested labels of open tasks, those of most tasks first."""
        with self.states.reading() as connection:
            return pairs(connection, self.dataset, limit)

    def disputed(self, limit: int = 50) -> list[Disputed]:
        """Tasks that have all their verdicts, which meet no rule, and that nobody adjudicated."""
        with self.states.reading() as connection:
            return disputed(connection, self.dataset, limit)

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
            held = self._candidates(reviewer, Filters(), now).held(connection)
            rows = {r.question_hash: r for r in self._leases(connection, reviewer, now).of(None)}
            return self._assignments(connection, reviewer, [rows[c.question_hash] for c in held])

    def _candidates(self, reviewer: str, filters: Filters, now: datetime) -> Candidates:
        return Candidates(self.dataset, reviewer, filters, self.review.room, now)

    def _leases(self, connection: Connection, reviewer: str, now: datetime) -> Leases:
        return Leases(connection, self.dataset, reviewer, now, self.review.room.lease_minutes)

    def _assigned(
        self, connection: Connection, reviewer: str, chosen: Sequence[Candidate], now: datetime
    ) -> list[Assignment]:
        leases = self._leases(connection, reviewer, now)
        leases.sweep()
        return self._assignments(connection, reviewer, leases.take(chosen))

    def _assignments(
        self, connection: Connection, reviewer: str, rows: Sequence[Row[Any]]
    ) -> list[Assignment]:
        hashes = [r.question_hash for r in rows]
        tasks = {t.question.hash: t for t in tasks_of(connection, self.dataset, hashes)}
        priorities = priorities_of(connection, self.dataset, hashes)
        reopened = {r.question_hash: r for r in reopenings_of(connection, self.dataset, hashes)}
        said = by_question(select_verdicts(connection, VERDICTS, verdict.c.question_hash, hashes))
        sent = open_sent_back(connection, self.dataset, reviewer)
        found = []
        for r in rows:
            h = r.question_hash
            task = newest(tasks[h], priorities.get(h), reopened.get(h), said.get(h, ()))
            found.append(
                Assignment(
                    # what is known to be right is never on the way to a reviewer
                    replace(task, gold_label=None),
                    r.role,
                    r.token,
                    r.taken_at,
                    r.expires_at,
                    sent.get(h),
                )
            )
        return found

    def _suggested(self, connection: Connection, hashes: Sequence[str]) -> dict[str, str | None]:
        priorities = priorities_of(connection, self.dataset, hashes)
        tasks = tasks_of(connection, self.dataset, hashes)
        return {t.question.hash: suggestion(t, priorities.get(t.question.hash)) for t in tasks}

    def _known(self, connection: Connection, question_hash: str) -> None:
        asked = select(question.c.dataset).where(question.c.hash == question_hash)
        if connection.execute(asked).scalar() != self.dataset:
            raise UsageError(f"dataset {self.dataset!r} never asked the question {question_hash!r}")

    def _posed(self, connection: Connection, hashes: Sequence[str]) -> list[str]:
        rows = in_chunks(connection, select(question), question.c.hash, hashes)
        return [r.hash for r in rows if self.states.posed(question_of(r))]

    def _to_withdraw(
        self, connection: Connection, reviewer: str, client_id: str, ids: Sequence[int] | None
    ) -> dict[str, StoredVerdict]:
        """The verdicts to take back, by the client id of each withdrawal."""
        mine = VERDICTS.where(question.c.dataset == self.dataset, verdict.c.reviewer == reviewer)
        if ids is None:
            sent = mine.where(withdrawal.c.client_id == client_id)
            last = mine.where(withdrawal.c.id.is_(None)).order_by(verdict.c.id.desc()).limit(1)
            found = select_verdicts(connection, sent, None, None) or select_verdicts(
                connection, last, None, None
            )
            if not found:
                raise UsageError(f"{reviewer} has no verdict on dataset {self.dataset!r} to take back")
            return {client_id: found[0]}
        found = select_verdicts(connection, mine, verdict.c.id, ids)
        if missing := sorted(set(ids) - {v.id for v in found}):
            raise UsageError(
                f"{len(missing)} of {len(set(ids))} verdicts are not {reviewer}'s on dataset {self.dataset!r} "
                f"({first_few(map(str, missing))})"
            )
        return {f"{client_id}/{v.id}": v for v in found}

    def _withdraw(
        self, connection: Connection, reviewer: str, client_id: str, taken: StoredVerdict, now: datetime
    ) -> bool:
        if not client_id.split("/")[0]:
            raise VerdictsError(f"withdrawal of verdict {taken.id}: the client id is empty")
        new = NewWithdrawal(client_id, taken.id, reviewer, "")
        raise_all(f"withdrawal of verdict {taken.id}", withdrawal_problems(new))
        return add_withdrawal(connection, new, now)

    def _act(self, action: str, about: StoredVerdict, who: str, address: str | None, now: datetime) -> Act:
        detail = {"decision": about.decision, "labels": list(about.labels), "role": about.role}
        return Act(who, action, self.dataset, about.question.hash, about.id, address, detail, now)
