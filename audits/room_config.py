"""What a dataset's YAML says of the review room: what people are shown, in which order, and what is asked twice."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from audits.strict import Strict

#: What each action of the review page is called, with the key that it has unless the YAML names another.
KEYS = {
    "keep": "k",
    "suggestion": "s",
    "another": "a",
    "several": "m",
    "none": "n",
    "unsure": "u",
    "unusable": "x",
    "skip": "j",
    "comment": "c",
    "undo": "z",
    "back": "b",
    "zoom": "i",
}

_KEY = "a key is one letter or sign that is no digit: digits stand for the likeliest classes"


class MistakeConfig(Strict):
    """What else is asked when a given label is found wrong."""

    categories: tuple[str, ...] = Field(
        ("fine-grained", "out of vocabulary", "spurious correlation", "non-prototypical"),
        description="Kinds of mistakes to choose from.",
    )
    severities: tuple[str, ...] = Field(
        ("major", "minor", "borderline"), description="How bad it is to choose from, the worst first."
    )

    @field_validator("categories", "severities")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) != len(value) or not all(v.strip() for v in value):
            raise ValueError("expected names that differ, and none that is empty")
        return value


class RoomConfig(Strict):
    """How people review in the app that `labelaudit review` serves."""

    blind: bool = Field(
        False,
        description="Show neither suggestion, evidence nor other people's verdicts before the decision.",
    )
    sequence: Literal["priority", "random"] = Field(
        "priority",
        description="priority: in the order of the queue. random: each person in an order of their own.",
    )
    lease_minutes: float = Field(
        15,
        gt=0,
        le=24 * 60,
        description="How long an item stays with the person it was shown to; after that others are shown it.",
    )
    second_look: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of the tasks that go to a second person too, who does not know it; drawn by the question's "
        "hash.",
    )
    repeat: float = Field(
        0.14,
        ge=0,
        le=1,
        description="Share of these second looks that go back to the same person: whether people agree with "
        "themselves.",
    )
    mistakes: MistakeConfig | None = Field(
        None, description="Ask for category and severity of a mistake. Left out: neither is asked."
    )
    reviewers: tuple[str, ...] = Field(
        (),
        description="Who reviews this dataset, by the names of their accounts. Naming anybody makes accounts "
        "necessary. Left out: everybody who is granted the dataset.",
    )
    fast_seconds: float = Field(
        1.0, ge=0, description="Answers that took less are listed as suspiciously fast."
    )
    keys: dict[str, str] = Field(
        default_factory=dict,
        description=f"Keys of actions, where they are to differ: {', '.join(f'{a}: {k}' for a, k in KEYS.items())}.",
    )

    @model_validator(mode="before")
    @classmethod
    def _bare_key_means_defaults(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {k: {} if v is None and k == "mistakes" else v for k, v in value.items()}

    @model_validator(mode="after")
    def _keys_are_sound(self) -> Self:
        if unknown := [a for a in self.keys if a not in KEYS]:
            raise ValueError(f"'keys' names {unknown[0]!r}; there are {', '.join(KEYS)}")
        if bad := [
            k for k in self.keys.values() if len(k) != 1 or k.isdigit() or not k.isprintable() or k == " "
        ]:
            raise ValueError(f"'keys' has {bad[0]!r}; {_KEY}")
        chosen = list(self.all_keys().values())
        if twice := [k for k in chosen if chosen.count(k) > 1]:
            both = [a for a, k in self.all_keys().items() if k == twice[0]]
            raise ValueError(f"the key {twice[0]!r} would stand for {' and '.join(both)}")
        return self

    def all_keys(self) -> dict[str, str]:
        """The key of every action, in small letters."""
        return {action: self.keys.get(action, key).lower() for action, key in KEYS.items()}
