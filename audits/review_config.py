"""What a dataset's YAML says of the review: who is asked what, and what the answers come to."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from audits.classes import LabelsAs
from audits.night_config import RescoreConfig
from audits.queue_config import OrderName, ReopenConfig
from audits.room_config import RoomConfig
from audits.score_config import LabelPolicy
from audits.strict import Strict


class GoldConfig(Strict):
    """Items whose right label is known, mixed into the queue to see how reviewers do."""

    path: str = Field(description="Parquet, CSV, JSONL or Arrow file, relative to this YAML file.")
    id: str = Field("item_id", description="Column with the item ids.")
    label: str = Field("label", description="Column with the known right label.")
    labels_as: LabelsAs = Field("auto", description="How labels are written, as in `items`.")


class ReviewConfig(Strict):
    """Which items go to people, and what their verdicts come to."""

    budget: int | None = Field(
        None,
        ge=0,
        description="How many flagged items, from the top of the ranking, go to people. Left out: all.",
    )
    control_rate: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of the unflagged items that go to people as a control sample; drawn by id.",
    )
    order: OrderName = Field(
        "probability",
        description="Which flagged items come first, and which the budget takes. probability: the likeliest errors. "
        "class-balance: every given class gets on at the same pace. diversity: look-alikes are not in a row. "
        "rank-impact: what could change the ranking of the models.",
    )
    exploration: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of the budget that goes to items drawn at random, by id, from all others: those that are "
        "not flagged, and those beyond the budget.",
    )
    reopen: ReopenConfig = Field(
        ReopenConfig(), description="When evidence brings back an item that people decided."
    )
    seed: int = Field(
        0, description="Seed of the hash by which the control sample and the exploration are drawn."
    )
    gold: GoldConfig | None = Field(None, description="Items with a known right label.")
    verdicts_per_item: int = Field(
        1, ge=1, description="How many verdicts make an item complete (m of 'n of m')."
    )
    agree: int = Field(1, ge=1, description="How many of them must agree (n of 'n of m').")
    policy: LabelPolicy = Field(
        "strict",
        description="What the same verdicts make of a label. strict: the label that n of m agree on. majority: what "
        "most say. set-valued: every label that n call right is right. drop-contested: only what all say. "
        "`--policy` takes its place.",
    )
    rescore: RescoreConfig | None = Field(
        None,
        description="When new verdicts lead to new scores by themselves. Left out: at the next scheduled tick or run.",
    )
    room: RoomConfig = Field(RoomConfig(), description="The review app.")

    @model_validator(mode="before")
    @classmethod
    def _bare_key_means_defaults(cls, value: object) -> object:
        # `rescore:` with nothing after it reads as null in YAML; the writer means "with defaults".
        if not isinstance(value, dict):
            return value
        return {k: {} if v is None and k in ("rescore", "reopen", "room") else v for k, v in value.items()}

    @model_validator(mode="after")
    def _n_of_m(self) -> Self:
        if self.agree > self.verdicts_per_item:
            raise ValueError(
                f"'agree' is {self.agree}, but an item gets only {self.verdicts_per_item} verdicts_per_item"
            )
        return self

    @model_validator(mode="after")
    def _share_of_something(self) -> Self:
        if self.exploration and self.budget is None:
            raise ValueError(
                f"'exploration' is {self.exploration:g}, a share of 'budget', which is not given; without a budget, "
                "'control_rate' draws items at random"
            )
        return self
