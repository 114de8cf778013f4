"""Training dynamics, as they stand in a dataset's YAML: the array, and the audits of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from audits.strict import Strict


class TrainingDynamicsConfig(Strict):
    """An array (epochs x items x classes) of what a model said of the items while it was trained on them."""

    path: str = Field(description="A .npy array in items order.")
    kind: Literal["probs", "logits"] = Field(description="Probabilities, or what goes into the softmax.")


class TrainingAudit(Strict):
    """What audits of training dynamics share."""

    flags: bool = Field(True, description="Whether this audit raises flags, or only adds its score.")


class AreaUnderMarginConfig(TrainingAudit):
    """Area under the margin: the mean over the epochs of the given class's logit minus the largest other."""


class GivenOverEpochsConfig(TrainingAudit):
    """Mean and spread over the epochs of the probability of the given label."""


class ForgettingConfig(TrainingAudit):
    """How often an item that was learned is forgotten again; never learned counts as most."""


class El2nConfig(TrainingAudit):
    """Length of the error vector of the probabilities, early in training."""

    epochs: int = Field(10, ge=1, description="How many epochs from the first count as early.")
