"""What second looks say: how often two blind answers to one question are the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from audits.review.statistics.rows import VerdictRow
from audits.review.statistics.said import Verdict, latest, said
from audits.review.statistics.shares import Share, share


@dataclass(frozen=True)
class Pair:
    """Two answers to one question.

    Attributes
    ----------
    first, second : verdicts
    same_person : bool
        Whether one person gave both.
    """

    first: Verdict
    second: Verdict
    same_person: bool = False


@dataclass(frozen=True)
class Looks:
    """What pairs of answers come to.

    Attributes
    ----------
    certain : Share
        Neither is unsure, and both say the same.
    unknown : Share
        Neither is unsure, and they differ.
    uncertain : Share
        One or both are unsure.
    """

    certain: Share
    unknown: Share
    uncertain: Share

    @property
    def n(self) -> int:
        """How many pairs there are."""
        return self.certain.n


@dataclass(frozen=True)
class SecondLooks:
    """The report on second looks.

    Attributes
    ----------
    others : Looks
        Of pairs by different people.
    all : Looks
        Those by one person too.
    kept : Share
        Of the certain ones of `others`, those where both keep the given label.
    half_kept : Share
        Of the unknown ones of `others`, those where one keeps the given label.
    certain_then : Share
        The certain ones of `others` if the given label were accepted in these.
    any_kept : Share
        Pairs of `others` in which anybody keeps the given label.
    self_agreement : Share
        Of pairs by one person, those that are certain.
    """

    others: Looks
    all: Looks
    kept: Share
    half_kept: Share
    certain_then: Share
    any_kept: Share
    self_agreement: Share


def second_looks(pairs: Iterable[Pair]) -> SecondLooks:
    """Report what second looks came to.

    Parameters
    ----------
    pairs : iterable of Pair

    References
    ----------
    The three kinds and their shares follow the published analysis of manual occupation coding in which 10 % of
    90,000 answers were asked twice and about 14 % of these of the same person: "More efficient manual review of
    automatically transcribed tabular data".
    """
    every = list(pairs)
    apart = [p for p in every if not p.same_person]
    own = [p for p in every if p.same_person]
    kinds = [_kind(p) for p in apart]
    certain = [p for p, k in zip(apart, kinds, strict=True) if k == "certain"]
    unknown = [p for p, k in zip(apart, kinds, strict=True) if k == "unknown"]
    half = sum(_anybody_keeps(p) for p in unknown)
    return SecondLooks(
        others=_looks(apart),
        all=_looks(every),
        kept=share(sum(_anybody_keeps(p) for p in certain), len(certain)),
        half_kept=share(half, len(unknown)),
        certain_then=share(len(certain) + half, len(apart)),
        any_kept=share(sum(_anybody_keeps(p) for p in apart), len(apart)),
        self_agreement=share(sum(_kind(p) == "certain" for p in own), len(own)),
    )


def pairs_of(verdicts: Iterable[VerdictRow]) -> list[Pair]:
    """Pair the answers to each question that was looked at twice.

    The first answer is the first one by a reviewer asked in turn. It is paired with the second look of somebody else,
    or where there is none with the next answer of somebody else who was asked in turn; and with what the same person
    said when asked again. Adjudicators' verdicts are no part of it: they knew the others.

    Parameters
    ----------
    verdicts : iterable of VerdictRow
        In the order of storing; withdrawn ones and those whose reviewer is not known are passed over.
    """
    by_question: dict[str, list[VerdictRow]] = defaultdict(list)
    for v in latest(verdicts, "reviewer", "second", "repeat"):
        if v.reviewer is not None:
            by_question[v.question_hash].append(v)
    found = []
    for votes in by_question.values():
        in_turn = [v for v in votes if v.role == "reviewer"]
        if not in_turn:
            continue
        first = in_turn[0]
        others = [v for v in votes if v.reviewer != first.reviewer and v.role != "repeat"]
        others.sort(key=lambda v: (v.role != "second", v.id))
        found += [Pair(first, v) for v in others[:1]]
        found += [Pair(first, v, True) for v in votes if v.role == "repeat" and v.reviewer == first.reviewer]
    return found


def _kind(pair: Pair) -> str:
    one, other = said(pair.first), said(pair.second)
    if one is None or other is None:
        return "uncertain"
    return "certain" if one == other else "unknown"


def _anybody_keeps(pair: Pair) -> bool:
    return "keep" in (pair.first.decision, pair.second.decision)


def _looks(pairs: list[Pair]) -> Looks:
    kinds = [_kind(p) for p in pairs]
    return Looks(*(share(kinds.count(kind), len(kinds)) for kind in ("certain", "unknown", "uncertain")))
