"""Which labels are most often corrected to which, and how often each class's labels are wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from audits.review.statistics.gathered import Gathered
from audits.review.statistics.shares import Share, shares


@dataclass(frozen=True)
class Confusion:
    """Labels of one class that people corrected to another.

    Attributes
    ----------
    given, new : str
        Class ids.
    items : Share
        So many, of the decided items with the given label.
    """

    given: str
    new: str
    items: Share


@dataclass(frozen=True)
class ClassCorrections:
    """How often the labels of a class were found wrong.

    Attributes
    ----------
    given : str
        Class id.
    wrong : Share
        Of the decided items with this label.
    """

    given: str
    wrong: Share


@dataclass(frozen=True)
class Confusions:
    """What labels were corrected to.

    Attributes
    ----------
    pairs : tuple of Confusion
        Most often corrected first.
    classes : tuple of ClassCorrections
        The highest share first.
    corrected : int
        Items that got one other label.
    otherwise : int
        Items whose label was found wrong and that got several labels or none.
    """

    pairs: tuple[Confusion, ...]
    classes: tuple[ClassCorrections, ...]
    corrected: int
    otherwise: int


def confusions(gathered: Gathered) -> Confusions:
    """Count corrections by class. Gold items are passed over.

    Parameters
    ----------
    gathered : Gathered
    """
    decided: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for q, f in gathered.decided:
        decided[q.given_label] += 1
        wrong[q.given_label] += bool(f.wrong)
        if f.outcome == "relabelled" and len(f.labels) == 1:
            pairs[q.given_label, f.labels[0]] += 1
    order = sorted(pairs, key=lambda p: (-pairs[p], p))
    of_pairs = shares([pairs[p] for p in order], [decided[given] for given, _ in order])
    classes = sorted(decided)
    of_classes = [
        ClassCorrections(c, s)
        for c, s in zip(
            classes, shares([wrong[c] for c in classes], [decided[c] for c in classes]), strict=True
        )
    ]
    of_classes.sort(key=lambda c: (-(c.wrong.value or 0), -c.wrong.n, c.given))
    corrected = sum(pairs.values())
    return Confusions(
        tuple(Confusion(*p, s) for p, s in zip(order, of_pairs, strict=True)),
        tuple(of_classes),
        corrected,
        sum(wrong.values()) - corrected,
    )
