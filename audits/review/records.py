"""What goes into the review store and what comes out of it, as plain frozen values.

Labels are class ids here, never class indices: a verdict outlives any order of the class list.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Literal, get_args

Decision = Literal["keep", "relabel", "multiple", "none", "unsure", "unusable"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)

Stratum = Literal["flagged", "control", "gold", "exploration"]
STRATA: tuple[Stratum, ...] = get_args(Stratum)

#: As whom a person decided. reviewer: asked in turn; second: a blind second look, by another person; repeat: a blind
#: second look, by the same person; adjudicator: the last word on verdicts that disagree.
Role = Literal["reviewer", "second", "repeat", "adjudicator"]
ROLES: tuple[Role, ...] = get_args(Role)

#: What a person saw before deciding. open: suggestion and evidence; blind: neither.
Shown = Literal["open", "blind"]
SHOWN: tuple[Shown, ...] = get_args(Shown)

#: What a task comes to. open: it waits for verdicts; disputed: its verdicts meet no rule; decided.
TaskState = Literal["open", "disputed", "decided"]
TASK_STATES: tuple[TaskState, ...] = get_args(TaskState)

#: Roles of a blind second look.
Look = Literal["second", "repeat"]
LOOKS: tuple[Look, ...] = get_args(Look)

#: What an account may do; each role may do what those before it may.
AccountRole = Literal["reviewer", "adjudicator", "admin"]
ACCOUNT_ROLES: tuple[AccountRole, ...] = get_args(AccountRole)


@dataclass(frozen=True)
class Question:
    """What a verdict answers: whether this label is right for this content, among these classes.

    Attributes
    ----------
    dataset, item_id : str
        The item.
    content_hash : str
        Hash of what the reviewer is shown.
    given_label : str
        Class id of the given label.
    classes_hash : str
        `ClassList.fingerprint`: which answers were possible.
    """

    dataset: str
    item_id: str
    content_hash: str
    given_label: str
    classes_hash: str

    @cached_property
    def hash(self) -> str:
        """32 hexadecimal digits that stand for the question; any change of a part changes them."""
        parts = [self.dataset, self.item_id, self.content_hash, self.given_label, self.classes_hash]
        text = json.dumps(parts, ensure_ascii=False)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class NewTask:
    """An item to be routed to people.

    Attributes
    ----------
    question : Question
        What they are asked.
    stratum : {"flagged", "control", "gold", "exploration"}
        Why the item is in the queue.
    inclusion_probability : float
        Probability in (0, 1] with which the item was drawn. Of an item of the exploration that no audit flagged it
        is that of being drawn at random at all: into the control sample or into the exploration.
    rank : int or None
        Rank of the finding when it was routed; None where no audit flagged the item.
    suggested_label : str or None
        Class id the evidence suggests.
    reasons : tuple of str
        Why, in words.
    gold_label : str or None
        Class id known to be right (gold items only). Never shown to a reviewer.
    """

    question: Question
    stratum: Stratum
    inclusion_probability: float
    rank: int | None = None
    suggested_label: str | None = None
    reasons: tuple[str, ...] = ()
    gold_label: str | None = None


@dataclass(frozen=True)
class NewVerdict:
    """One person's decision on one question.

    Attributes
    ----------
    client_id : str
        Chosen by the sender; sending the same id again stores nothing.
    question : Question
        What was answered.
    reviewer : str or None
        Who decided; None when the source does not identify people (each such verdict counts for itself).
    decision : str
        One of `DECISIONS`.
    labels : tuple of str
        Class ids: one for relabel (not the given label), two or more for multiple, none otherwise.
    comment : str
        Free text.
    seconds : float or None
        Time spent, in seconds.
    decided_at : datetime or None
        When, with a time zone; None: now.
    source : str
        Where the verdict came in: a file's name, `label-errors`, `demo`, ...
    role : {"reviewer", "second", "repeat", "adjudicator"}
        As whom.
    category, severity : str or None
        What kind of mistake the given label is, where the dataset's YAML asks for it.
    shown : {"open", "blind"} or None
        What the person saw before; None where that is not known.
    suggested : str or None
        Class id that the evidence suggested at that moment, whether it was shown or not.
    """

    client_id: str
    question: Question
    reviewer: str | None
    decision: Decision
    labels: tuple[str, ...] = ()
    comment: str = ""
    seconds: float | None = None
    decided_at: datetime | None = None
    source: str = ""
    role: Role = "reviewer"
    category: str | None = None
    severity: str | None = None
    shown: Shown | None = None
    suggested: str | None = None


@dataclass(frozen=True)
class StoredVerdict:
    """A verdict as the store keeps it. `withdrawn` says that a later row took it back."""

    id: int
    client_id: str
    question: Question
    reviewer: str | None
    decision: Decision
    labels: tuple[str, ...]
    comment: str
    seconds: float | None
    decided_at: datetime
    stored_at: datetime
    source: str
    withdrawn: bool = False
    role: Role = "reviewer"
    category: str | None = None
    severity: str | None = None
    shown: Shown | None = None
    suggested: str | None = None


@dataclass(frozen=True)
class Task:
    """A review task as the store keeps it, with the number of verdicts that count so far."""

    id: int
    question: Question
    stratum: Stratum
    inclusion_probability: float
    rank: int | None
    suggested_label: str | None
    reasons: tuple[str, ...]
    gold_label: str | None
    created_at: datetime
    verdicts: int = field(default=0)


@dataclass(frozen=True)
class Priority:
    """What the newest run makes of a task: derived from the findings, and replaced by every run.

    Attributes
    ----------
    question_hash : str
        Of the task's question.
    position : int or None
        Place in the queue, from 1; None for a task that is spread among the others by its question's hash.
    probability : float or None
        Estimated probability in [0, 1] that the given label is wrong, made without the item's own verdicts; None
        without evidence.
    suggested_label : str or None
        Class id the evidence suggests.
    reasons : tuple of str
        Why, in words.
    """

    question_hash: str
    position: int | None = None
    probability: float | None = None
    suggested_label: str | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class DecidedOn:
    """Which evidence there was when people decided.

    Attributes
    ----------
    question_hash : str
    verdict_id : int
        The last of the verdicts that made the decision.
    probability : float
        Estimated probability in [0, 1] that the given label is wrong, as the queue had it then.
    """

    question_hash: str
    verdict_id: int
    probability: float


@dataclass(frozen=True)
class Reopening:
    """A decided question that is asked again, since the evidence contradicts the decision.

    Attributes
    ----------
    question_hash : str
    verdict_id : int
        The last verdict there was; a newer one closes the question again.
    probability : float
        Estimated probability in [0, 1] that the given label is wrong, which contradicts the decision.
    reason : str
        What was decided and what contradicts it, in words.
    at : datetime or None
        When, with a time zone; None: now.
    """

    question_hash: str
    verdict_id: int
    probability: float
    reason: str
    at: datetime | None = None


@dataclass(frozen=True)
class Mark:
    """How far the store has come for one dataset: two equal marks mean that nothing was added between.

    Attributes
    ----------
    tasks : int
        Review tasks there are.
    verdicts, last_verdict : int
        Verdicts ever stored, withdrawn ones too, and the id of the last.
    withdrawals : int
        Withdrawals ever stored.
    last_at : datetime or None
        When the last verdict or withdrawal was stored, in UTC.
    """

    tasks: int = 0
    verdicts: int = 0
    last_verdict: int = 0
    withdrawals: int = 0
    last_at: datetime | None = None

    def inputs(self) -> dict[str, int]:
        """What results that are made from the store depend on, as plain data."""
        return {
            "tasks": self.tasks,
            "verdicts": self.verdicts,
            "last_verdict": self.last_verdict,
            "withdrawals": self.withdrawals,
        }
