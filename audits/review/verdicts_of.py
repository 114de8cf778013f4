"""Verdicts by the question that they answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from audits.review.records import StoredVerdict


def by_question(verdicts: Iterable[StoredVerdict]) -> dict[str, list[StoredVerdict]]:
    """Verdicts by the hash of their question, each in the order given."""
    found: dict[str, list[StoredVerdict]] = defaultdict(list)
    for v in verdicts:
        found[v.question.hash].append(v)
    return dict(found)
