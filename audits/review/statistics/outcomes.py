"""What the verdicts on each question come to, for many questions at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from audits.review.consensus import Rule, counting, decide
from audits.review.policies import Outcome
from audits.review.records import Question, StoredVerdict
from audits.review.reopening import FOUND_WRONG
from audits.review.statistics.rows import VerdictRow

#: Outcomes of questions that are complete and meet no rule.
DISPUTED: frozenset[Outcome] = frozenset({"no_agreement", "contested"})


@dataclass(frozen=True)
class Found:
    """What the verdicts on a question come to.

    Attributes
    ----------
    outcome : str
        One of `policies.OUTCOMES`.
    labels : tuple of str
        Class ids that are right, sorted.
    last : int
        Id of the last verdict that counts.
    """

    outcome: Outcome
    labels: tuple[str, ...]
    last: int

    @property
    def wrong(self) -> bool | None:
        """Whether the given label was found wrong; None where people did not decide that."""
        return FOUND_WRONG.get(self.outcome)


class Outcomes:
    """Decides questions under a rule, each pattern of verdicts once.

    What verdicts come to depends on which of them are of one person and which labels are the same, not on names. So
    many questions share few patterns, and `consensus.decide` is asked once for each.

    Parameters
    ----------
    rule : Rule
    """

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._known: dict[object, tuple[Outcome, tuple[int, ...], int] | None] = {}

    def of(self, verdicts: Sequence[VerdictRow]) -> Found | None:
        """What the verdicts on one question come to; None where none counts.

        Parameters
        ----------
        verdicts : sequence of VerdictRow
            All on the question that are not withdrawn, in the order of storing.
        """
        if not verdicts:
            return None
        labels = {verdicts[0].given_label: 0}
        people: dict[str, int] = {}
        pattern = tuple(
            (
                None if v.reviewer is None else people.setdefault(v.reviewer, len(people)),
                v.decision,
                tuple([labels.setdefault(label, len(labels)) for label in v.labels]),
                v.role,
            )
            for v in verdicts
        )
        if pattern not in self._known:
            self._known[pattern] = self._decided(verdicts, labels)
        known = self._known[pattern]
        if known is None:
            return None
        outcome, places, last = known
        names = list(labels)
        return Found(outcome, tuple(sorted(names[p] for p in places)), verdicts[last].id)

    def _decided(
        self, verdicts: Sequence[VerdictRow], labels: Mapping[str, int]
    ) -> tuple[Outcome, tuple[int, ...], int] | None:
        question = Question("", "", "", verdicts[0].given_label, "")
        stored = [_stored(i, v, question) for i, v in enumerate(verdicts)]
        votes = counting(stored)
        if not votes:
            return None
        reached = decide(stored, self._rule)
        return reached.outcome, tuple(labels[label] for label in reached.labels), votes[-1].id


def outcomes(verdicts: Iterable[VerdictRow], rule: Rule) -> dict[str, Found]:
    """What the verdicts on each question come to, by its hash; a question on which none counts is not there.

    Parameters
    ----------
    verdicts : iterable of VerdictRow
        In the order of storing; withdrawn ones are passed over.
    rule : Rule
    """
    by_question: dict[str, list[VerdictRow]] = defaultdict(list)
    for v in verdicts:
        if v.withdrawn_at is None:
            by_question[v.question_hash].append(v)
    decided = Outcomes(rule)
    found = {h: decided.of(votes) for h, votes in by_question.items()}
    return {h: f for h, f in found.items() if f is not None}


def _stored(place: int, v: VerdictRow, question: Question) -> StoredVerdict:
    return StoredVerdict(
        *(place, str(place), question, v.reviewer, v.decision, v.labels, "", v.seconds),
        *(v.stored_at, v.stored_at, ""),
        role=v.role,
    )
