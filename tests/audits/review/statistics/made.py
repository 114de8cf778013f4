"""Rows of a review, as the store would give them, for statistics to be worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from audits.review.consensus import Rule
from audits.review.statistics.gathered import Gathered
from audits.review.statistics.outcomes import outcomes
from audits.review.statistics.rows import QuestionRow, ReviewRows, VerdictRow

ONE = Rule(1, 1)
START = datetime(2026, 1, 1, tzinfo=UTC)


def says(id_: int, item: str, decision: str, *labels: str, **more: Any) -> VerdictRow:
    """A verdict of ann's on an item whose given label is c, unless `more` says otherwise."""
    values = {
        "reviewer": "ann",
        "seconds": None,
        "role": "reviewer",
        "shown": None,
        "suggested": None,
        "given_label": "c",
        "stored_at": START + timedelta(minutes=id_),
        "withdrawn_at": None,
        **more,
    }
    return VerdictRow(
        id=id_, question_hash=hash_of(item), item_id=item, decision=decision, labels=labels, **values
    )


def asks(item: str, **more: Any) -> QuestionRow:
    """A flagged item of rank 1 in the queue whose given label is c, unless `more` says otherwise."""
    values = {
        "given_label": "c",
        "stratum": "flagged",
        "rank": 1,
        "gold_label": None,
        "task_id": 1,
        "ranked": False,
        "position": None,
        "probability": None,
        **more,
    }
    return QuestionRow(hash=hash_of(item), item_id=item, **values)


def hash_of(item: str) -> str:
    """The hash of an item's question: digits that spread items as a hash would, and its id."""
    return f"{hash_number(item):013x}-{item}"


def hash_number(item: str) -> int:
    return int.from_bytes(item.encode()[-6:], "big") * 2654435761 % 16**13


def stand(
    questions: Sequence[QuestionRow], verdicts: Sequence[VerdictRow] = (), rule: Rule = ONE
) -> Gathered:
    """How a review stands with these rows."""
    rows = ReviewRows(tuple(questions), tuple(verdicts), {}, ())
    return Gathered(rows, tuple(questions), outcomes(verdicts, rule))
