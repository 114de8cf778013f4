"""What a reviewer's desk takes and gives, as plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from audits.review.open_queue import OpenTask
from audits.review.records import Decision, Question, Role, StoredVerdict


@dataclass(frozen=True)
class Filters:
    """Which of the tasks a person wants; what is None leaves nothing out.

    Attributes
    ----------
    given, suggested : str or None
        Class ids.
    audit, model : str or None
        Name of an audit that flags the item, or of a model that speaks against its label.
    low, high : float or None
        Bounds, themselves included, of the estimated probability in [0, 1] that the given label is wrong; of an item
        without one that of 1 - score.
    """

    given: str | None = None
    suggested: str | None = None
    audit: str | None = None
    model: str | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Answer:
    """What a person says to one question.

    Attributes
    ----------
    client_id : str
        Chosen by the sender; sending the same answer again stores nothing.
    question_hash : str
    decision : str
        One of `records.DECISIONS`.
    labels : tuple of str
        Class ids, as in `NewVerdict`.
    comment : str
    seconds : float or None
        Time spent.
    category, severity : str or None
        Of the mistake, where the dataset asks for it.
    """

    client_id: str
    question_hash: str
    decision: Decision
    labels: tuple[str, ...] = ()
    comment: str = ""
    seconds: float | None = None
    category: str | None = None
    severity: str | None = None


@dataclass(frozen=True)
class SentBack:
    """A verdict that its reviewer is asked to look at again.

    Attributes
    ----------
    id : int
    question_hash : str
    verdict_id : int
    reviewer : str
        Whose verdict it is.
    sent_by : str
    note : str
    at : datetime
    """

    id: int
    question_hash: str
    verdict_id: int
    reviewer: str
    sent_by: str
    note: str
    at: datetime


@dataclass(frozen=True)
class Assignment:
    """A task that is leased to a person.

    Attributes
    ----------
    task : OpenTask
        `task.question` is the question. Its gold label is left out.
    role : {"reviewer", "second", "repeat", "adjudicator"}
        As whom the person is asked.
    token : str
        Stays the same as long as the lease is renewed.
    taken_at, expires_at : datetime
    sent_back : SentBack or None
        Why the person is asked again about what they answered.
    """

    task: OpenTask
    role: Role
    token: str
    taken_at: datetime
    expires_at: datetime
    sent_back: SentBack | None = None


@dataclass(frozen=True)
class Progress:
    """How far a person and the queue have come.

    Attributes
    ----------
    mine, mine_today : int
        Verdicts of the person that are not withdrawn; today is the day in UTC.
    open, decided, disputed, total : int
        Tasks of the queue.
    per_hour : float or None
        Verdicts an hour in the last hour in which the person worked; None before two were given.
    hours_left : float or None
        What is open at this speed.
    """

    mine: int
    mine_today: int
    open: int
    decided: int
    disputed: int
    total: int
    per_hour: float | None
    hours_left: float | None


@dataclass(frozen=True)
class PairCount:
    """How many open tasks have this given and this suggested label (class ids)."""

    given: str
    suggested: str
    open: int


@dataclass(frozen=True)
class Done:
    """An entry of the history: a verdict, and what was suggested when it was given."""

    verdict: StoredVerdict
    suggested: str | None


@dataclass(frozen=True)
class Disputed:
    """A question whose verdicts meet no rule, with all of them, withdrawn ones too."""

    question: Question
    verdicts: tuple[StoredVerdict, ...]
