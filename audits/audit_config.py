"""The `audits` section of a dataset's YAML: which audits run, and their parameters."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from audits.strict import Strict

FilterBy = Literal[
    "prune_by_noise_rate",
    "prune_by_class",
    "both",
    "confident_learning",
    "predicted_neq_given",
    "low_normalized_margin",
    "low_self_confidence",
]
_PRUNING: tuple[FilterBy, ...] = ("prune_by_noise_rate", "prune_by_class", "both")
ScoreMethod = Literal["self_confidence", "normalized_margin", "confidence_weighted_entropy"]


class PerModelAudit(Strict):
    """What audits of single models with dense outputs share."""

    flags: bool = Field(True, description="Whether this audit raises flags, or only adds its score.")
    models: tuple[str, ...] | None = Field(
        None, min_length=1, description="Models to use. Left out: all with dense outputs."
    )
    min_model_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Share of these models that must flag an item before the finding is flagged.",
    )


class ConfidentLearningConfig(PerModelAudit):
    """Confident learning, through cleanlab, for each model with dense outputs."""

    filter_by: FilterBy = Field("prune_by_noise_rate", description="cleanlab's filter_by.")
    frac_noise: float = Field(1.0, gt=0, le=1, description="cleanlab's frac_noise.")
    num_to_remove_per_class: tuple[int, ...] | None = Field(
        None, description="cleanlab's num_to_remove_per_class, in class order."
    )
    min_examples_per_class: int = Field(1, ge=0, description="cleanlab's min_examples_per_class.")
    method: ScoreMethod = Field("self_confidence", description="cleanlab's label quality score.")
    adjust_pred_probs: bool = Field(False, description="cleanlab's adjust_pred_probs.")

    @model_validator(mode="after")
    def _as_cleanlab(self) -> Self:
        if self.adjust_pred_probs and self.method == "confidence_weighted_entropy":
            raise ValueError("cleanlab does not adjust pred_probs for confidence_weighted_entropy")
        limited = self.frac_noise != 1.0 or self.num_to_remove_per_class is not None
        if limited and self.filter_by not in _PRUNING:
            raise ValueError(
                f"cleanlab takes frac_noise and num_to_remove_per_class with filter_by "
                f"{', '.join(_PRUNING)} only, not with {self.filter_by}"
            )
        return self


class PervasiveLabelErrorsConfig(PerModelAudit):
    """The rule of the study 'Pervasive Label Errors in Test Sets': as many of the lowest margins as the
    uncalibrated confident joint has off its diagonal, by share.
    """


class ModelAgreementConfig(Strict):
    """Agreement of all models with any outputs against the given label."""

    flags: bool = Field(True, description="Whether this audit raises flags, or only adds its score.")
    models: tuple[str, ...] | None = Field(None, min_length=1, description="Models to use. Left out: all.")
    min_share: float = Field(
        0.5, gt=0, le=1, description="Share of models that must predict the same other class to flag an item."
    )


class AuditsConfig(Strict):
    """Which audits run, and their parameters. With the section left out: confident learning and agreement."""

    confident_learning: ConfidentLearningConfig | None = Field(None, description="Confident learning.")
    pervasive_label_errors: PervasiveLabelErrorsConfig | None = Field(None, description="The study's rule.")
    model_agreement: ModelAgreementConfig | None = Field(None, description="Agreement of models.")

    @model_validator(mode="before")
    @classmethod
    def _bare_key_means_defaults(cls, value: object) -> object:
        # `model_agreement:` with nothing after it reads as null in YAML; the writer means "with defaults".
        return {k: {} if v is None else v for k, v in value.items()} if isinstance(value, dict) else value
