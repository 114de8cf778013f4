"""How each reviewer works: what they decide, how fast, how right on gold items, and how often as was suggested."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from audits.review.records import DECISIONS
from audits.review.statistics.rows import VerdictRow
from audits.review.statistics.said import latest, said
from audits.review.statistics.shares import Share, share

#: How a reviewer is called whom the source of the verdicts does not name.
NOT_NAMED = "not named"


@dataclass(frozen=True)
class ReviewerReport:
    """How a reviewer works.

    Attributes
    ----------
    reviewer : str or None
        None: all those whom the source of the verdicts does not name.
    n : int
        Questions answered, in each role.
    rates : dict of str to Share
        Share of each of `DECISIONS`.
    seconds : float or None
        Median time of an answer; None where it was never measured.
    timed : int
        Answers whose time was measured.
    gold : Share
        Answers to gold items that are right. `unsure` is no answer.
    followed_open, followed_blind : Share
        Answers that are what the evidence suggested, of those where it suggested another label than the given one:
        where the person was shown that, and where they were not.
    fast : int
        Answers that took less than was asked for.
    """

    reviewer: str | None
    n: int
    rates: dict[str, Share]
    seconds: float | None
    timed: int
    gold: Share
    followed_open: Share
    followed_blind: Share
    fast: int

    @property
    def name(self) -> str:
        """How they are called."""
        return NOT_NAMED if self.reviewer is None else self.reviewer


@dataclass(frozen=True)
class Reviewers:
    """How reviewers work.

    Attributes
    ----------
    reports : tuple of ReviewerReport
        Those with most answers first.
    seconds : float or None
        Median time of an answer, of all.
    fast : tuple of VerdictRow
        Answers that took less than was asked for, the newest first.
    """

    reports: tuple[ReviewerReport, ...]
    seconds: float | None
    fast: tuple[VerdictRow, ...]


def reviewers(verdicts: Iterable[VerdictRow], gold: Mapping[str, str], *, fast_seconds: float) -> Reviewers:
    """Tell how each reviewer works.

    Only the newest answer of a person to a question in a role counts.

    Parameters
    ----------
    verdicts : iterable of VerdictRow
        In the order of storing; withdrawn ones are passed over.
    gold : mapping of str to str
        Class id known to be right, by the hash of the question.
    fast_seconds : float
        Answers that took less are suspiciously fast.
    """
    answers = latest(verdicts)
    by_person: dict[str | None, list[VerdictRow]] = defaultdict(list)
    for v in answers:
        by_person[v.reviewer].append(v)
    reports = [_report(who, own, gold, fast_seconds) for who, own in by_person.items()]
    reports.sort(key=lambda r: (-r.n, r.name))
    times = [v.seconds for v in answers if v.seconds is not None]
    fast = tuple(v for v in reversed(answers) if _is_fast(v, fast_seconds))
    return Reviewers(tuple(reports), median(times) if times else None, fast)


def _report(
    who: str | None, answers: list[VerdictRow], gold: Mapping[str, str], fast_seconds: float
) -> ReviewerReport:
    decisions = Counter(v.decision for v in answers)
    times = [v.seconds for v in answers if v.seconds is not None]
    on_gold = [v for v in answers if v.question_hash in gold and v.decision != "unsure"]
    right = sum(said(v) == ("label", gold[v.question_hash]) for v in on_gold)
    return ReviewerReport(
        reviewer=who,
        n=len(answers),
        rates={d: share(decisions[d], len(answers)) for d in DECISIONS},
        seconds=median(times) if times else None,
        timed=len(times),
        gold=share(right, len(on_gold)),
        followed_open=_followed(v for v in answers if v.shown == "open"),
        followed_blind=_followed(v for v in answers if v.shown == "blind"),
        fast=sum(_is_fast(v, fast_seconds) for v in answers),
    )


def _followed(answers: Iterable[VerdictRow]) -> Share:
    some = [v for v in answers if v.suggested is not None and v.suggested != v.given_label]
    return share(sum(said(v) == ("label", v.suggested) for v in some), len(some))


def _is_fast(v: VerdictRow, fast_seconds: float) -> bool:
    return v.seconds is not None and v.seconds < fast_seconds
