"""The base of all configuration models."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator


def not_boolean(value: object) -> object:
    """Refuse a boolean where text or a number is meant; raises ValueError."""
    # YAML reads a bare yes, no, on or off as a boolean; as a name, a path or a number that is never meant.
    if isinstance(value, bool):
        raise ValueError(
            f"is the boolean {value}; YAML reads bare yes/no/on/off as booleans: put it in quotes"
        )
    return value


class Strict(BaseModel):
    """Base of all configuration: unknown keys are refused, values are frozen once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _booleans_where_meant(cls, value: object, info: ValidationInfo) -> object:
        # pydantic would read true as the number 1: 'budget: no' must not become a budget of 0
        if info.field_name is None or cls.model_fields[info.field_name].annotation is not bool:
            # each class looks at itself, so that all problems of the list are told
            for part in value if isinstance(value, list) and info.field_name != "classes" else [value]:
                not_boolean(part)
        return value
