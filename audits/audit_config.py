"""The `audits` section of a dataset's YAML: which audits run, and their parameters."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from audits.annotator_config import AnnotatorAmbiguityConfig, AnnotatorConsensusConfig
from audits.feature_config import DuplicateConflictsConfig, NeighbourDisagreementConfig, OutliersConfig
from audits.strict import Strict
from audits.training_config import AreaUnderMarginConfig, El2nConfig, ForgettingConfig, GivenOverEpochsConfig

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
EnsembleWeights = Literal["accuracy", "uniform", "log_loss_search"]
Calibration = Literal["none", "temperature"]
_CALIBRATE = (
    "temperature: scale the probabilities of each model first, each item's by a temperature that was fitted to the "
    "given labels of other items."
)


def _refuse_adjusted_entropy(method: ScoreMethod, adjusted: bool) -> None:
    if adjusted and method == "confidence_weighted_entropy":
        raise ValueError("cleanlab does not adjust pred_probs for confidence_weighted_entropy")


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
    calibrate: Calibration = Field("none", description=_CALIBRATE)

    @model_validator(mode="after")
    def _as_cleanlab(self) -> Self:
        _refuse_adjusted_entropy(self.method, self.adjust_pred_probs)
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


class MarginConfig(PerModelAudit):
    """Probability of the given label against that of the likeliest other class, for each model with probabilities."""

    flags: bool = Field(False, description="Whether this audit raises flags, or only adds its score.")


class EntropyConfig(PerModelAudit):
    """Confidence-weighted entropy, for each model with dense outputs."""

    flags: bool = Field(False, description="Whether this audit raises flags, or only adds its score.")


class ClassThresholdsConfig(PerModelAudit):
    """Thresholds of each class of its own, for imbalanced data, for each model with dense outputs."""

    calibrate: Calibration = Field("none", description=_CALIBRATE)


class EnsembleConfidentLearningConfig(Strict):
    """Confident learning over the ensemble of the models with dense outputs, through cleanlab."""

    flags: bool = Field(True, description="Whether this audit raises flags, or only adds its score.")
    models: tuple[str, ...] | None = Field(
        None, min_length=1, description="Models to use. Left out: all with dense outputs."
    )
    weights: EnsembleWeights = Field("accuracy", description="cleanlab's weight_ensemble_members_by.")
    filter_by: FilterBy = Field("prune_by_noise_rate", description="cleanlab's filter_by.")
    method: ScoreMethod = Field("self_confidence", description="cleanlab's label quality score.")
    adjust_pred_probs: bool = Field(False, description="cleanlab's adjust_pred_probs.")
    calibrate: Calibration = Field("none", description=_CALIBRATE)

    @model_validator(mode="after")
    def _as_cleanlab(self) -> Self:
        _refuse_adjusted_entropy(self.method, self.adjust_pred_probs)
        return self


class SuggestionConfig(Strict):
    """A better label that came with the data, such as a flagger's guess: the items file's `suggestion` column."""

    flags: bool = Field(False, description="Whether this audit raises flags, or only adds its score.")


class ModelAgreementConfig(Strict):
    """Agreement of all models with any outputs against the given label."""

    flags: bool = Field(True, description="Whether this audit raises flags, or only adds its score.")
    models: tuple[str, ...] | None = Field(None, min_length=1, description="Models to use. Left out: all.")
    min_share: float = Field(
        0.5, gt=0, le=1, description="Share of models that must predict the same other class to flag an item."
    )


class AuditsConfig(Strict):
    """Which audits run, and their parameters. With the section left out: those of `AuditsConfig.usual`."""

    confident_learning: ConfidentLearningConfig | None = Field(None, description="Confident learning.")
    ensemble_confident_learning: EnsembleConfidentLearningConfig | None = Field(
        None, description="Confident learning over the ensemble."
    )
    pervasive_label_errors: PervasiveLabelErrorsConfig | None = Field(None, description="The study's rule.")
    class_thresholds: ClassThresholdsConfig | None = Field(
        None, description="Thresholds of each class of its own."
    )
    margin: MarginConfig | None = Field(None, description="Margin of the given label.")
    entropy: EntropyConfig | None = Field(None, description="Confidence-weighted entropy.")
    model_agreement: ModelAgreementConfig | None = Field(None, description="Agreement of models.")
    suggestion: SuggestionConfig | None = Field(None, description="A label that came with the data.")
    annotator_consensus: AnnotatorConsensusConfig | None = Field(None, description="What annotators come to.")
    annotator_ambiguity: AnnotatorAmbiguityConfig | None = Field(None, description="Two plausible labels.")
    duplicate_conflicts: DuplicateConflictsConfig | None = Field(
        None, description="Duplicates whose labels differ."
    )
    neighbour_disagreement: NeighbourDisagreementConfig | None = Field(
        None, description="Neighbours with another label."
    )
    outliers: OutliersConfig | None = Field(None, description="Items far from all others.")
    area_under_margin: AreaUnderMarginConfig | None = Field(None, description="Area under the margin.")
    given_over_epochs: GivenOverEpochsConfig | None = Field(
        None, description="The given label over the epochs."
    )
    forgetting: ForgettingConfig | None = Field(None, description="Forgetting events.")
    el2n: El2nConfig | None = Field(None, description="Length of the error vector.")

    @classmethod
    def usual(cls) -> Self:
        """What runs where the section is left out: confident learning and agreement of models, and of what a
        dataset has beside them, all that raises flags or is cheap.
        """
        return cls(
            confident_learning=ConfidentLearningConfig(),
            model_agreement=ModelAgreementConfig(),
            suggestion=SuggestionConfig(),
            annotator_consensus=AnnotatorConsensusConfig(),
            annotator_ambiguity=AnnotatorAmbiguityConfig(),
            duplicate_conflicts=DuplicateConflictsConfig(),
            neighbour_disagreement=NeighbourDisagreementConfig(),
            outliers=OutliersConfig(),
            area_under_margin=AreaUnderMarginConfig(),
            given_over_epochs=GivenOverEpochsConfig(),
            forgetting=ForgettingConfig(),
            el2n=El2nConfig(),
        )

    @model_validator(mode="before")
    @classmethod
    def _bare_key_means_defaults(cls, value: object) -> object:
        # `model_agreement:` with nothing after it reads as null in YAML; the writer means "with defaults".
        return {k: {} if v is None else v for k, v in value.items()} if isinstance(value, dict) else value
