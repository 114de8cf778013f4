"""How far reviewers agree: as a share, beyond chance by pairs of people, and beyond chance over all of them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from audits.errors import UsageError
from audits.review.statistics.rows import VerdictRow
from audits.review.statistics.said import Said, latest, said
from audits.review.statistics.shares import LEVEL, Share, share

if TYPE_CHECKING:
    from audits.annotators.agreement import Agreement

#: A standard error below this is what rounding leaves of none.
_NONE = 1e-9

#: Pairs of people that are told apart; those with fewer items in common say less.
MOST_PAIRS = 50


@dataclass(frozen=True)
class Kappa:
    """Cohen's kappa of two people.

    Attributes
    ----------
    value : float or None
        1: they agree on all; 0: as by chance. None where `reason` says why.
    low, high : float or None
        Its 95 % interval; None too where none follows: they agree on all, or one of them says the same of all.
    reason : str or None
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class PairAgreement:
    """Two people on the items that both answered.

    Attributes
    ----------
    one, other : str
    same : Share
        Items on which they say the same, of all in common.
    kappa : Kappa
    """

    one: str
    other: str
    same: Share
    kappa: Kappa


@dataclass(frozen=True)
class ReviewAgreement:
    """How far reviewers agree.

    Attributes
    ----------
    pairs : tuple of PairAgreement
        Those with most items in common first.
    pairs_in_all : int
        How many pairs of people have an item in common; at most `MOST_PAIRS` are in `pairs`.
    same : Share
        Pairs of answers to one question that are the same, of all such pairs. Its interval takes them for independent.
    labels : Agreement
        Krippendorff's alpha of what people say that the label is.
    changed : Agreement
        The same of whether the given label is right, whatever else people say.
    unsure : int
        Answers that are left out, since they say nothing of the label.
    """

    pairs: tuple[PairAgreement, ...]
    pairs_in_all: int
    same: Share
    labels: Agreement
    changed: Agreement
    unsure: int


def cohen_kappa(one: Sequence[Hashable], other: Sequence[Hashable], level: float = LEVEL) -> Kappa:
    """Cohen's kappa of two people's answers to the same items, with its large-sample interval.

    Parameters
    ----------
    one, other : sequences of one length
        What each says; anything that can be compared.
    level : float
        Nominal coverage, in (0, 1).

    Returns
    -------
    Kappa
        Without a value where there is no item, or both give one and the same answer to all: chance would agree as
        well.

    Raises
    ------
    UsageError
        When the lengths differ.

    References
    ----------
    J. Cohen, "A Coefficient of Agreement for Nominal Scales", 1960, doi:10.1177/001316446002000104. J. Fleiss,
    J. Cohen, B. Everitt, "Large sample standard errors of kappa and weighted kappa", 1969, doi:10.1037/h0028106.
    """
    if len(one) != len(other):
        raise UsageError(f"kappa: expected as many answers of both, got {len(one)} and {len(other)}")
    if not one:
        return Kappa(None, reason="no item in common")
    n = len(one)
    both = Counter(zip(one, other, strict=True))
    rows, columns = Counter(one), Counter(other)
    observed = sum(k for (a, b), k in both.items() if a == b) / n
    chance = sum(rows[a] * columns[a] for a in rows) / n**2
    if chance == 1:
        return Kappa(None, reason="both give the same one answer to all items")
    kappa = (observed - chance) / (1 - chance)
    if observed == 1:
        return Kappa(1.0)
    # shares of cells and margins, as in the article's formula 13
    agreed = sum(
        both[a, a] / n * ((1 - chance) - (rows[a] + columns[a]) / n * (1 - observed)) ** 2 for a in rows
    )
    differed = (1 - observed) ** 2 * sum(
        k / n * ((columns[a] + rows[b]) / n) ** 2 for (a, b), k in both.items() if a != b
    )
    rest = (observed * chance - 2 * chance + observed) ** 2
    spread = math.sqrt(max(agreed + differed - rest, 0) / n) / (1 - chance) ** 2
    if spread < _NONE:
        return Kappa(kappa)
    half = float(ndtri(0.5 + level / 2)) * spread
    return Kappa(kappa, max(kappa - half, -1.0), min(kappa + half, 1.0))


def agreement(verdicts: Iterable[VerdictRow]) -> ReviewAgreement:
    """Tell how far reviewers agree, by the newest answer of each person to each question.

    Adjudicators' verdicts are left out, they knew the others; so are answers to what the same person is asked again,
    those of people who are not known, and `unsure`.

    Parameters
    ----------
    verdicts : iterable of VerdictRow
        In the order of storing; withdrawn ones are passed over.
    """
    answers: dict[str, dict[str, tuple[Said, bool]]] = defaultdict(dict)
    unsure = 0
    for v in latest(verdicts, "reviewer", "second"):
        if v.reviewer is None:
            continue
        answer = said(v)
        if answer is None:
            unsure += 1
            answers[v.question_hash].pop(v.reviewer, None)
        else:
            answers[v.question_hash][v.reviewer] = answer, v.decision == "keep"
    several = [by_person for by_person in answers.values() if len(by_person) > 1]
    common: dict[tuple[str, str], tuple[list[Said], list[Said]]] = defaultdict(lambda: ([], []))
    for by_person in several:
        for a, b in combinations(sorted(by_person), 2):
            common[a, b][0].append(by_person[a][0])
            common[a, b][1].append(by_person[b][0])
    same = {p: sum(x == y for x, y in zip(*xs, strict=True)) for p, xs in common.items()}
    most = sorted(common, key=lambda p: (-len(common[p][0]), p))[:MOST_PAIRS]
    return ReviewAgreement(
        pairs=tuple(
            PairAgreement(*p, share(same[p], len(common[p][0])), cohen_kappa(*common[p])) for p in most
        ),
        pairs_in_all=len(common),
        same=share(sum(same.values()), sum(len(xs) for xs, _ in common.values())),
        labels=_alpha([{who: answer for who, (answer, _) in x.items()} for x in several]),
        changed=_alpha([{who: keeps for who, (_, keeps) in x.items()} for x in several]),
        unsure=unsure,
    )


def _alpha(answers: Sequence[Mapping[str, Hashable]]) -> Agreement:
    """Krippendorff's alpha; one entry a question, in each what people say."""
    from audits.annotators.agreement import krippendorff
    from audits.signals.inputs import Annotations

    people = sorted({who for by_person in answers for who in by_person})
    place = {who: i for i, who in enumerate(people)}
    kinds: dict[Hashable, int] = {}
    rows, who, labels = [], [], []
    for row, by_person in enumerate(answers):
        for person, saying in by_person.items():
            rows.append(row)
            who.append(place[person])
            labels.append(kinds.setdefault(saying, len(kinds)))
    where, by, answer = (np.array(x, dtype=np.int32) for x in (rows, who, labels))
    given = Annotations(where, by, answer, tuple(people))
    return krippendorff(given, max(len(kinds), 1), level=LEVEL)
