"""What a dataset's YAML says of the order of the queue, and of asking again."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from audits.strict import Strict

#: Names of the orders in `audits.review.ordering.orders`.
OrderName = Literal["probability", "class-balance", "diversity", "rank-impact"]


class ReopenConfig(Strict):
    """When an item that people decided is asked again although its question is the same: the estimated probability
    that its label is wrong, made without its own verdicts, contradicts the decision strongly. The decision stands
    until a newer verdict is stored.
    """

    when: Literal["strong", "never"] = Field(
        "strong",
        description="strong: when the evidence contradicts strongly, as the numbers say. never: not at all.",
    )
    kept_at: float = Field(
        0.9, ge=0, le=1, description="A label that was kept is asked again from this probability on."
    )
    changed_at: float = Field(
        0.05,
        ge=0,
        le=1,
        description="A label that was found wrong is asked again at this probability or below.",
    )
    moved: float = Field(
        0.4,
        ge=0,
        le=1,
        description="How far the probability must have moved since the decision, so that nobody is asked the same on "
        "the same evidence.",
    )
