"""What the verdicts on one question come to under a stated rule, n of m agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self, get_args

import pyarrow as pa

from audits.classes import ClassList
from audits.config import ReviewConfig
from audits.contracts import CONSENSUS
from audits.errors import InputError, UsageError, first_few
from audits.review.questions import questions_of
from audits.review.records import Decision, StoredVerdict

Outcome = Literal["kept", "relabelled", "multiple", "none", "unusable", "no_agreement", "pending"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

# `unsure` is not among them: it makes an item more complete and decides nothing
_AFTER_RELABEL: tuple[tuple[Decision, Outcome], ...] = (
    ("multiple", "multiple"),
    ("none", "none"),
    ("unusable", "unusable"),
)


@dataclass(frozen=True)
class Rule:
    """How many verdicts must agree, of how many that make an item complete.

    Parameters
    ----------
    agree, of : int
        At least 1; `agree` is at most `of`.

    Raises
    ------
    UsageError
        When they are not.
    """

    agree: int
    of: int

    def __post_init__(self) -> None:
        if not 1 <= self.agree <= self.of:
            raise UsageError(
                f"consensus rule: expected 1 <= agree <= of, got agree {self.agree} and of {self.of}"
            )

    def __str__(self) -> str:
        return f"{self.agree} of {self.of}"

    @classmethod
    def from_config(cls, review: ReviewConfig, agree: int | None = None) -> Self:
        """The rule of a review policy, or the same with another number that must agree."""
        agree = review.agree if agree is None else agree
        return cls(agree, max(agree, review.verdicts_per_item))


@dataclass(frozen=True)
class Consensus:
    """What the verdicts on one question come to.

    Attributes
    ----------
    outcome : str
        One of `OUTCOMES`.
    label : str or None
        Class id that the item ends up with: the given one when kept or pending, the new one when
        relabelled, None otherwise.
    votes : int
        How many verdicts count.
    agreeing : int
        How many of them are behind the outcome; 0 for `no_agreement` and `pending`.
    reviewers : tuple of str
        Who they are from, sorted; those who cannot be identified are left out.
    last_at : datetime or None
        When the last of them was decided.
    """

    outcome: Outcome
    label: str | None
    votes: int
    agreeing: int
    reviewers: tuple[str, ...]
    last_at: datetime | None


def counting(verdicts: Iterable[StoredVerdict]) -> list[StoredVerdict]:
    """Pick the verdicts that count, in the order of storing.

    Withdrawn ones do not. Of one reviewer's verdicts on one question only the latest stored one does: it
    is a change of mind. A verdict whose reviewer is not known counts for itself.
    """
    picked: dict[tuple[str, str] | int, StoredVerdict] = {}
    for v in sorted(verdicts, key=lambda v: v.id):
        if not v.withdrawn:
            picked[v.id if v.reviewer is None else (v.question.hash, v.reviewer)] = v
    return sorted(picked.values(), key=lambda v: v.id)


def decide(verdicts: Sequence[StoredVerdict], rule: Rule) -> Consensus:
    """Decide one question.

    The outcomes are tested in the order keep, relabel, multiple, none, unusable, and the first with at
    least `rule.agree` verdicts stands. Relabelling needs them for one and the same label; when two labels
    have equally many, nobody agrees. Before the item has `rule.of` verdicts, an outcome stands only if no
    later verdict within these can bring another one up to the rule, that is when `agree` is more than half.

    Parameters
    ----------
    verdicts : sequence of StoredVerdict
        All verdicts on one question, in any order; those that do not count are passed over.
    rule : Rule

    Returns
    -------
    Consensus

    Raises
    ------
    UsageError
        When there are no verdicts, or they are on several questions.

    References
    ----------
    The order of the tests and the rules 3, 4 and 5 of 5 are those of C. Northcutt, A. Athalye, J. Mueller,
    "Pervasive Label Errors in Test Sets Destabilize Machine Learning Benchmarks" (2021), arXiv:2103.14749.
    """
    questions = {v.question for v in verdicts}
    if len(questions) != 1:
        raise UsageError(f"decide: expected verdicts on one question, got {len(questions)}")
    (question,) = questions
    votes = counting(verdicts)
    complete = len(votes) >= rule.of
    label: str | None
    if complete or 2 * rule.agree > rule.of:
        outcome, label, agreeing = _reached(votes, rule)
    else:
        outcome, label, agreeing = None, None, 0
    if outcome is None:
        outcome = "no_agreement" if complete else "pending"
    if outcome in ("kept", "pending"):
        label = question.given_label
    return Consensus(
        outcome=outcome,
        label=label,
        votes=len(votes),
        agreeing=agreeing,
        reviewers=tuple(sorted({v.reviewer for v in votes if v.reviewer is not None})),
        last_at=max((v.decided_at for v in votes), default=None),
    )


def consensus_table(
    items: pa.Table,
    dataset: str,
    classes: ClassList,
    verdicts: Iterable[StoredVerdict],
    rule: Rule,
    queued: Iterable[str] = (),
) -> pa.Table:
    """Decide every item that has verdicts, or waits for some, on the question it poses today.

    Verdicts on a question that an item no longer poses (its label, its content or the class list changed)
    are passed over.

    Parameters
    ----------
    items : pyarrow.Table, n rows
        `contracts.ITEMS`.
    dataset : str
        Name of the dataset.
    classes : ClassList
        The class list that the items' `label` refers to.
    verdicts : iterable of StoredVerdict
        In any order; withdrawn and superseded ones may be among them.
    rule : Rule
        When verdicts agree.
    queued : iterable of str, optional
        Hashes of questions that are in the queue: with no verdict yet they are `pending` with 0 votes.

    Returns
    -------
    pyarrow.Table
        `contracts.CONSENSUS`, in the order of the items.

    Raises
    ------
    InputError
        When an item has no given label, or a verdict decides on a label that is not in the class list.
    """
    by_question: dict[str, list[StoredVerdict]] = defaultdict(list)
    for v in counting(verdicts):
        by_question[v.question.hash].append(v)
    waiting = set(queued)
    rows: list[dict[str, object]] = []
    unknown: list[str] = []
    for question in questions_of(items, dataset, classes):
        votes = by_question.get(question.hash)
        if votes:
            decided = decide(votes, rule)
        elif question.hash in waiting:
            decided = Consensus("pending", question.given_label, 0, 0, (), None)
        else:
            continue
        if decided.label is not None and decided.label not in classes.positions:
            unknown.append(f"{question.item_id}: {decided.label!r}")
            continue
        rows.append(
            {
                "item_id": question.item_id,
                "outcome": decided.outcome,
                "label": None if decided.label is None else classes.positions[decided.label],
                "votes": decided.votes,
                "agreeing": decided.agreeing,
                "reviewers": list(decided.reviewers),
                "last_at": decided.last_at,
            }
        )
    if unknown:
        raise InputError(
            f"dataset {dataset!r}: the verdicts of {len(unknown)} items agree on a label that is no class "
            f"(item_id {first_few(unknown)})"
        )
    return pa.Table.from_pylist(rows, schema=CONSENSUS)


def _reached(votes: Sequence[StoredVerdict], rule: Rule) -> tuple[Outcome | None, str | None, int]:
    decisions = Counter(v.decision for v in votes)
    if decisions["keep"] >= rule.agree:
        return "kept", None, decisions["keep"]
    labels = Counter(v.labels[0] for v in votes if v.decision == "relabel").most_common(2)
    if labels and labels[0][1] >= rule.agree:
        if len(labels) == 2 and labels[1][1] == labels[0][1]:
            return "no_agreement", None, 0
        return "relabelled", *labels[0]
    for decision, outcome in _AFTER_RELABEL:
        if decisions[decision] >= rule.agree:
            return outcome, None, decisions[decision]
    return None, None, 0
