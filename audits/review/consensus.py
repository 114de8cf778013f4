"""What the verdicts on one question come to under a stated rule: n of m agree, under a label policy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import pyarrow as pa

from audits.classes import ClassList
from audits.contracts import CONSENSUS
from audits.errors import InputError, UsageError, first_few
from audits.review.policies import DECIDE, POLICIES, Outcome
from audits.review.questions import questions_of
from audits.review.records import StoredVerdict
from audits.review_config import ReviewConfig
from audits.score_config import LabelPolicy


@dataclass(frozen=True)
class Rule:
    """How many verdicts must agree, of how many that make an item complete.

    Parameters
    ----------
    agree, of : int
        At least 1; `agree` is at most `of`.
    policy : {"strict", "majority", "set-valued", "drop-contested"}
        What counts as a right label: see `audits.review.policies`.

    Raises
    ------
    UsageError
        When they are not.
    """

    agree: int
    of: int
    policy: LabelPolicy = "strict"

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise UsageError(f"there is no label policy {self.policy!r}; there are {', '.join(POLICIES)}")
        if not 1 <= self.agree <= self.of:
            raise UsageError(
                f"consensus rule: expected 1 <= agree <= of, got agree {self.agree} and of {self.of}"
            )

    def __str__(self) -> str:
        return f"{self.agree} of {self.of}" + ("" if self.policy == "strict" else f", {self.policy}")

    @classmethod
    def from_config(
        cls, review: ReviewConfig, agree: int | None = None, policy: LabelPolicy | None = None
    ) -> Self:
        """The rule of a review section, or the same with another number that must agree or another policy."""
        agree = review.agree if agree is None else agree
        return cls(agree, max(agree, review.verdicts_per_item), policy or review.policy)

    def inputs(self) -> list[object]:
        """What a result that depends on the rule is kept under."""
        return [self.agree, self.of, self.policy]


@dataclass(frozen=True)
class Consensus:
    """What the verdicts on one question come to.

    Attributes
    ----------
    outcome : str
        One of `OUTCOMES`.
    label : str or None
        Class id that the item ends up with: the given one when kept or pending, the new one when
        relabelled to one, None otherwise.
    votes : int
        How many verdicts count; 1 where an adjudicator decided.
    agreeing : int
        How many of them are behind the outcome; 0 for `no_agreement`, `contested` and `pending`.
    reviewers : tuple of str
        Who they are from, sorted; those who cannot be identified are left out.
    last_at : datetime or None
        When the last of them was decided.
    labels : tuple of str
        Class ids of all labels that are right: `label` alone, or several, sorted; empty where there is none.
    """

    outcome: Outcome
    label: str | None
    votes: int
    agreeing: int
    reviewers: tuple[str, ...]
    last_at: datetime | None
    labels: tuple[str, ...] = ()


def counting(verdicts: Iterable[StoredVerdict]) -> list[StoredVerdict]:
    """Pick the verdicts that count, in the order of storing.

    Withdrawn ones do not, nor do those by which a person is only compared with themselves (role `repeat`). Of one
    reviewer's verdicts on one question only the latest stored one does: it is a change of mind. What somebody says as
    adjudicator stands beside what they said as a reviewer. A verdict whose reviewer is not known counts for itself.
    """
    picked: dict[tuple[str, str, bool] | int, StoredVerdict] = {}
    for v in sorted(verdicts, key=lambda v: v.id):
        if not v.withdrawn and v.role != "repeat":
            whose = (v.question.hash, v.reviewer or "", v.role == "adjudicator")
            picked[v.id if v.reviewer is None else whose] = v
    return sorted(picked.values(), key=lambda v: v.id)


def ruling(votes: Iterable[StoredVerdict]) -> StoredVerdict | None:
    """The adjudicator's verdict among those that count, the latest; None where nobody adjudicated."""
    return max((v for v in votes if v.role == "adjudicator"), key=lambda v: v.id, default=None)


def decide(verdicts: Sequence[StoredVerdict], rule: Rule) -> Consensus:
    """Decide one question.

    What the verdicts that count come to is the policy's to say; `audits.review.policies` has each. Where an adjudicator
    has decided, that verdict stands alone: it comes to what it would if one verdict were asked for.

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
    """
    questions = {v.question for v in verdicts}
    if len(questions) != 1:
        raise UsageError(f"decide: expected verdicts on one question, got {len(questions)}")
    (question,) = questions
    votes = counting(verdicts)
    if (last_word := ruling(votes)) is not None:
        votes, rule = [last_word], Rule(1, 1, rule.policy)
    reached = DECIDE[rule.policy](votes, rule, question.given_label)
    return Consensus(
        outcome=reached.outcome,
        label=reached.labels[0] if len(reached.labels) == 1 else None,
        votes=len(votes),
        agreeing=reached.agreeing,
        reviewers=tuple(sorted({v.reviewer for v in votes if v.reviewer is not None})),
        last_at=max((v.decided_at for v in votes), default=None),
        labels=reached.labels,
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
            given = question.given_label
            decided = Consensus("pending", given, 0, 0, (), None, (given,))
        else:
            continue
        if strange := [label for label in decided.labels if label not in classes.positions]:
            unknown.append(f"{question.item_id}: {strange[0]!r}")
            continue
        rows.append(
            {
                "item_id": question.item_id,
                "outcome": decided.outcome,
                "label": None if decided.label is None else classes.positions[decided.label],
                "labels": sorted(classes.positions[label] for label in decided.labels),
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
