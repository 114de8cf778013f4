"""What a verdict says, so that two can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from audits.review.records import Decision, Role
from audits.review.statistics.rows import VerdictRow

#: What a verdict says: a class id for one right label, else the decision, with all labels where there are several.
Said = tuple[str, ...]


class Verdict(Protocol):
    """What is compared of a verdict."""

    @property
    def given_label(self) -> str:
        """Class id of the given label."""

    @property
    def decision(self) -> Decision:
        """What was decided."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Class ids."""


def said(v: Verdict) -> Said | None:
    """What a verdict says of the item's label; None for `unsure`, which says nothing of it.

    keep says that the given label is right, relabel that the new one is. Several right labels are the same answer in
    any order.
    """
    if v.decision == "unsure":
        return None
    if v.decision == "keep":
        return ("label", v.given_label)
    if v.decision == "relabel":
        return ("label", *v.labels)
    return (v.decision, *sorted(v.labels))


def latest(verdicts: Iterable[VerdictRow], *roles: Role) -> list[VerdictRow]:
    """The newest verdict of each person on each question as each of some roles, in the order of storing.

    Of one person's verdicts in one role only the newest stands: it is a change of mind. Withdrawn ones are passed
    over; one whose reviewer is not known stands for itself.

    Parameters
    ----------
    verdicts : iterable of VerdictRow
        In the order of storing.
    *roles : str
        All roles where none is named.
    """
    found: dict[object, VerdictRow] = {}
    for v in verdicts:
        if v.withdrawn_at is None and (not roles or v.role in roles):
            found[v.id if v.reviewer is None else (v.question_hash, v.reviewer, v.role)] = v
    return sorted(found.values(), key=lambda v: v.id)
