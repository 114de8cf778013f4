"""How a review stands: what was asked, what it came to, and what still waits, in the order of the queue."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import cached_property

from audits.review.consensus import Rule
from audits.review.open_queue import share_of
from audits.review.statistics.outcomes import DISPUTED, Found, outcomes
from audits.review.statistics.rows import QuestionRow, ReviewRows, read_rows
from audits.review.store import ReviewStore


@dataclass(frozen=True)
class Counts:
    """The queue in numbers.

    Attributes
    ----------
    total : int
        Tasks on questions that items pose today: the sum of the next three.
    open, disputed, decided : int
        Those that wait for verdicts, that are complete and meet no rule, and the others.
    outdated : int
        Tasks on questions that no item poses any more.
    """

    total: int
    open: int
    disputed: int
    decided: int
    outdated: int


@dataclass(frozen=True)
class Gathered:
    """How a review stands.

    Attributes
    ----------
    rows : ReviewRows
    questions : tuple of QuestionRow
        Those that items pose today.
    found : mapping of str to Found
        What verdicts came to, by the hash of the question.
    """

    rows: ReviewRows
    questions: tuple[QuestionRow, ...]
    found: Mapping[str, Found]

    @cached_property
    def tasks(self) -> tuple[QuestionRow, ...]:
        """The questions of `questions` that were routed to people."""
        return tuple(q for q in self.questions if q.stratum is not None)

    @cached_property
    def decided(self) -> tuple[tuple[QuestionRow, Found], ...]:
        """Questions whose label people found right or wrong, gold items passed over, in the order of deciding."""
        found = [(q, f) for q in self.questions if (f := self.found.get(q.hash)) is not None]
        some = [(q, f) for q, f in found if q.stratum != "gold" and f.wrong is not None]
        return tuple(sorted(some, key=lambda qf: qf[1].last))

    @cached_property
    def waiting(self) -> tuple[QuestionRow, ...]:
        """Tasks that wait for verdicts, in the order in which people see them: that of `open_queue.open_tasks`."""
        waiting = [q for q in self.tasks if self._waits(q)]
        placed = [(p, q.task_id, q.hash) for q in waiting if (p := _place(q)) is not None]
        placed.sort(key=lambda p: p[:2])
        places = {hash_: i + 0.5 for i, (_, _, hash_) in enumerate(placed)}
        most = max(len(placed), 1)

        def order(q: QuestionRow) -> tuple[float, str]:
            place = places.get(q.hash)
            return share_of(q.hash) * most if place is None else place, q.hash

        return tuple(sorted(waiting, key=order))

    @cached_property
    def counts(self) -> Counts:
        """The queue in numbers."""
        waiting = {q.hash for q in self.waiting}
        disputed = sum(q.hash not in waiting and self.found[q.hash].outcome in DISPUTED for q in self.tasks)
        total = len(self.tasks)
        outdated = sum(q.stratum is not None for q in self.rows.questions) - total
        return Counts(total, len(waiting), disputed, total - len(waiting) - disputed, outdated)

    def reopened(self, q: QuestionRow) -> bool:
        """Whether a question waits although people had decided it."""
        found, again = self.found.get(q.hash), self.rows.reopened.get(q.hash)
        return found is not None and again is not None and found.last <= again

    def _waits(self, q: QuestionRow) -> bool:
        found = self.found.get(q.hash)
        return found is None or found.outcome == "pending" or self.reopened(q)


def gather(store: ReviewStore, dataset: str, posed: Container[str], rule: Rule) -> Gathered:
    """Gather how the review of a dataset stands.

    Parameters
    ----------
    store : ReviewStore
    dataset : str
    posed : container of str
        Hashes of the questions that the dataset's items pose today.
    rule : Rule
        When an item is decided.

    Raises
    ------
    StoreError
        When the store cannot be read.
    """
    rows = read_rows(store, dataset)
    today = tuple(q for q in rows.questions if q.hash in posed)
    return Gathered(rows, today, outcomes(rows.verdicts, rule))


def _place(q: QuestionRow) -> int | None:
    if q.ranked:
        return q.position
    return None if q.stratum in ("control", "exploration") else q.rank
