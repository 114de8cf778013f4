"""How many labels of the dataset are wrong, by what people decided and a sample of what no audit flags."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from audits.inference.proportion import wilson
from audits.review.statistics.ahead import ahead
from audits.review.statistics.effort import learnt_from
from audits.review.statistics.gathered import Gathered
from audits.review.statistics.shares import LEVEL

#: Places along the flagged items between which they are grouped.
_PLACES = 50

PartName = Literal["known", "flagged", "not flagged"]


@dataclass(frozen=True)
class Part:
    """Some of the dataset's items, and how many of their labels are wrong.

    Attributes
    ----------
    name : {"known", "flagged", "not flagged"}
        known: items that people decided, and gold items. flagged: items that an audit flags and nobody decided. not
        flagged: the others, among them those that were drawn at random and decided.
    items : int
    wrong : float or None
        How many of their labels are wrong, known or estimated; None where nothing tells.
    low, high : float or None
        Ends of the 95 % interval.
    drawn, drawn_wrong : int
        Of the last part: items that were drawn at random and decided, and wrong labels among them.
    """

    name: PartName
    items: int
    wrong: float | None
    low: float | None
    high: float | None
    drawn: int = 0
    drawn_wrong: int = 0


@dataclass(frozen=True)
class ErrorRate:
    """The estimated share of wrong labels.

    Attributes
    ----------
    items : int
        Items of the dataset, without those that people found unusable.
    found : int
        Wrong labels that are known: at least so many there are.
    rate, low, high : float or None
        Share of wrong labels with its 95 % interval, in [0, 1]; None where `reason` says why.
    parts : tuple of Part
        What it is the sum of; each item is in one.
    reason : str or None
    """

    items: int
    found: int
    rate: float | None
    low: float | None
    high: float | None
    parts: tuple[Part, ...]
    reason: str | None = None


def error_rate(
    gathered: Gathered, n_items: int, flagged: Mapping[str, float | None], *, seed: int = 0
) -> ErrorRate:
    """Estimate how many labels of a dataset are wrong.

    Each item is in one of three parts. What people decided is known, and so are gold items. Of flagged items that
    nobody decided, the estimated probabilities are recalibrated on the verdicts so far and added up, as
    `ahead` does. Of items that are not flagged, those in the control sample and the exploration were
    drawn at random, by a hash; their share of wrong labels stands for all, with Wilson's interval, narrowed by the
    share of items that was drawn. The interval of the sum is made of those of the parts (MOVER).

    Items that people found unusable are in no part.

    Parameters
    ----------
    gathered : Gathered
    n_items : int
        Items of the dataset.
    flagged : mapping of str to float or None
        Items that an audit flags, with the estimated probability that their label is wrong.
    seed : int

    Returns
    -------
    ErrorRate
        Without a rate where there is nothing to estimate a part from.

    References
    ----------
    G. Zou, A. Donner, "Construction of confidence limits about effect measures: a general approach", 2008,
    doi:10.1002/sim.3095, for the interval of a sum.
    """
    known = known_wrong = drawn = drawn_wrong = unusable = 0
    probability = dict(flagged)
    for q in gathered.questions:
        found = gathered.found.get(q.hash)
        wrong = None if found is None else found.wrong
        if q.gold_label is not None:
            wrong = q.gold_label != q.given_label
        elif found is not None and found.outcome == "unusable":
            unusable += 1
            probability.pop(q.item_id, None)
            continue
        sampled = q.stratum in ("control", "exploration") and q.item_id not in flagged
        if wrong is None:
            if q.stratum == "flagged" and q.item_id not in probability:
                probability[q.item_id] = (
                    q.probability
                )  # an earlier night flagged it, and people are to see it
        elif sampled:
            drawn, drawn_wrong = drawn + 1, drawn_wrong + wrong
        else:
            known, known_wrong = known + 1, known_wrong + wrong
            probability.pop(q.item_id, None)
    items = n_items - unusable
    likely = _flagged(gathered, list(probability.values()), seed)
    rest = _not_flagged(items - known - len(probability), drawn, drawn_wrong)
    parts = (Part("known", known, known_wrong, known_wrong, known_wrong), likely, rest)
    found_wrong = known_wrong + drawn_wrong
    reason = _lacking(likely, rest)
    if reason is not None or not items:
        return ErrorRate(items, found_wrong, None, None, None, parts, reason or "there are no items")
    total, low, high = _sum(parts)
    # what is known does not become unknown by adding up
    low = max(low, found_wrong)
    return ErrorRate(items, found_wrong, total / items, low / items, min(high / items, 1.0), parts)


def _flagged(gathered: Gathered, probabilities: list[float | None], seed: int) -> Part:
    known = [p for p in probabilities if p is not None]
    if not probabilities:
        return Part("flagged", 0, 0, 0, 0)
    seen, wrong = learnt_from(gathered)
    if len(known) < len(probabilities) or not len(seen):
        return Part("flagged", len(probabilities), None, None, None)
    # in order of probability: groups are then of like ones
    found = ahead(np.sort(known)[::-1], seen, wrong, points=_PLACES, seed=seed)
    wrong_ahead, low, high = (float(x[-1]) for x in (found.expected, found.low, found.high))
    return Part("flagged", len(known), wrong_ahead, low, high)


def _not_flagged(items: int, drawn: int, wrong: int) -> Part:
    if drawn >= items:  # all of them, or there are none
        return Part("not flagged", items, wrong, wrong, wrong, drawn, wrong)
    if not drawn:
        return Part("not flagged", items, None, None, None)
    # drawing without putting back: the sample tells as much as a larger one of an endless supply
    worth = drawn * items / (items - drawn)
    ends = wilson(wrong / drawn * worth, worth, LEVEL)
    low, high = (float(end) * items for end in (ends.low, ends.high))
    return Part("not flagged", items, wrong / drawn * items, low, high, drawn, wrong)


def _lacking(flagged: Part, rest: Part) -> str | None:
    if rest.wrong is None:
        return (
            f"none of the {rest.items:,} items that no audit flags was drawn at random and decided; "
            "'review.control_rate' draws some"
        )
    if flagged.wrong is None:
        return (
            f"{flagged.items:,} flagged items are not decided, and the newest run gives no probability of them: it has "
            "learnt from no verdicts yet"
        )
    return None


def _sum(parts: tuple[Part, ...]) -> tuple[float, float, float]:
    """Sum of the parts with its interval, from the distances of each part's ends."""
    total, below, above = 0.0, 0.0, 0.0
    for p in parts:
        if p.wrong is None or p.low is None or p.high is None:
            continue
        total += p.wrong
        below += (p.wrong - p.low) ** 2
        above += (p.high - p.wrong) ** 2
    return total, total - math.sqrt(below), total + math.sqrt(above)
