"""Options that several commands share."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from audits.review.consensus import Rule
    from audits.review_config import ReviewConfig


class PolicyName(StrEnum):
    """The label policies: the names in `audits.review.policies.POLICIES`."""

    STRICT = "strict"
    MAJORITY = "majority"
    SET_VALUED = "set-valued"
    DROP_CONTESTED = "drop-contested"


ConsensusOption = Annotated[
    int | None,
    typer.Option(
        "--consensus", min=1, help="How many verdicts must agree; the YAML's 'agree' when left out."
    ),
]

PolicyOption = Annotated[
    PolicyName | None,
    typer.Option(
        "--policy",
        help="What the same verdicts make of a label; the YAML's 'policy' when left out. strict: what n of m agree on. "
        "majority: what most say. set-valued: every label that n call right. drop-contested: only what all say.",
    ),
]


def rule_of(review: "ReviewConfig", consensus: int | None, policy: PolicyName | None) -> "Rule":
    """The consensus rule of a YAML's `review` section, with what the options say in its place."""
    from audits.review.consensus import Rule

    return Rule.from_config(review, consensus, None if policy is None else policy.value)
