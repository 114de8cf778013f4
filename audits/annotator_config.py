"""Audits of annotations, as they stand in a dataset's YAML."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from audits.strict import Strict

Aggregator = Literal[
    "majority", "dawid_skene", "crowdlab", "toptwo", "glad", "mace", "wawa", "zero_based_skill", "m_msr"
]


class AnnotatorConsensusConfig(Strict):
    """The label that the annotators of an item come to, against its given label."""

    flags: bool = Field(True, description="Whether this audit raises flags, or only adds its score.")
    method: Aggregator | Literal["auto"] = Field(
        "auto",
        description="How annotations are combined. auto: crowdlab where a model has dense outputs and some item two "
        "annotations, dawid_skene elsewhere. glad, mace, wawa, zero_based_skill and m_msr need the extra `crowd`.",
    )
    models: tuple[str, ...] | None = Field(
        None, min_length=1, description="crowdlab: models to use. Left out: all with dense outputs."
    )


class AnnotatorAmbiguityConfig(Strict):
    """Items of which the annotators find two labels plausible, by TopTwo; for three classes or more."""

    flags: bool = Field(False, description="Whether this audit raises flags, or only adds its score.")
    min_confusion: float = Field(
        0.25,
        ge=0.001,
        le=0.499,
        description="Probability that somebody who knows the item gives the second answer, from which on an item is "
        "flagged. Somebody must have given each of the two.",
    )
