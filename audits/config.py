"""A dataset's YAML file, as pydantic models: every field described, unknown keys refused."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from audits.audit_config import AuditsConfig
from audits.benchmark.metric_names import DEFAULT_METRICS, MetricName
from audits.class_distance_config import ClassDistanceConfig
from audits.classes import ClassList
from audits.errors import PathError
from audits.feature_config import FeaturesConfig
from audits.input_config import AnnotationsConfig, ClassConfig, ItemsConfig, ModelConfig
from audits.night_config import AlertsConfig, GatesConfig, RetentionConfig, ScheduleConfig
from audits.review_config import ReviewConfig
from audits.roots import Roots
from audits.score_config import VERSION_NAMES, ReferenceConfig, UncertaintyConfig
from audits.strict import Strict
from audits.training_config import TrainingDynamicsConfig

DATASET_NAME = re.compile(r"[A-Za-z0-9_]+")


class ToleranceConfig(Strict):
    """How far probabilities may be off before they are refused."""

    range: float = Field(
        1e-4, ge=0, le=0.1, description="A probability may leave [0, 1] by this much; it is then clipped."
    )
    sum: float = Field(
        1e-3,
        ge=0,
        le=0.1,
        description="A dense row may miss the sum 1 by this much; a top-k row may exceed it.",
    )


class DatasetConfig(Strict):
    """One dataset: the whole YAML file."""

    name: str | None = Field(None, description="Must equal the file's name without .yaml when given.")
    description: str = Field("", description="A sentence for people.")
    task: Literal["multiclass"] = Field("multiclass", description="The one task type there is so far.")
    items: ItemsConfig = Field(description="The items file.")
    classes: tuple[ClassConfig, ...] | None = Field(
        None,
        description="All classes, also those that no item has, in the order of the columns of dense "
        "probabilities. `labelaudit add` derives a list to confirm.",
    )
    classes_file: str | None = Field(
        None,
        description="Instead of classes: a .json or .yaml file with the same list, or a text file with the id "
        "of a class on each line.",
    )
    classes_confirmed: bool = Field(
        True, description="False while the list was derived from the labels and nobody has looked at it."
    )
    models: tuple[ModelConfig, ...] = Field(
        (), description="The models whose outputs are audited and scored."
    )
    annotations: AnnotationsConfig | None = Field(None, description="Annotations in long form.")
    features: tuple[FeaturesConfig, ...] = Field(
        (), description="What items are compared by, to find duplicates, odd neighbours and outliers."
    )
    training_dynamics: TrainingDynamicsConfig | None = Field(
        None, description="What a model said of the items while it was trained on them."
    )
    reference_labels: tuple[ReferenceConfig, ...] = Field(
        (), description="Labellings of the items that come with the dataset, each a label version."
    )
    audits: AuditsConfig = Field(
        AuditsConfig.usual(),
        description="Which audits run. One whose input the dataset lacks is absent, and the reason is told. Left out: "
        "those that raise flags, and those that cost little.",
    )
    review: ReviewConfig = Field(ReviewConfig(), description="The review policy.")
    metrics: tuple[MetricName, ...] = Field(
        DEFAULT_METRICS,
        description="Which metrics are computed. In top5_accuracy, ece_15, ece_em_15, ece_cw_15 and mce_15 the number "
        "may be another; severity_error and mean_distance need `class_distance`.",
        min_length=1,
    )
    class_distance: ClassDistanceConfig | None = Field(
        None,
        description="How far classes are from each other, for the metrics severity_error and mean_distance. Left out: "
        "all mistakes weigh alike.",
    )
    uncertainty: UncertaintyConfig = Field(UncertaintyConfig(), description="How sure scores are.")
    tolerance: ToleranceConfig = Field(ToleranceConfig(), description="Tolerances on probabilities.")
    schedule: ScheduleConfig | None = Field(
        None, description="When the dataset is audited by itself. Left out: only when asked."
    )
    gates: GatesConfig = Field(GatesConfig(), description="Thresholds that the results must keep.")
    alerts: AlertsConfig | None = Field(
        None, description="Who is told when something fails. Left out: nobody."
    )
    retention: RetentionConfig = Field(RetentionConfig(), description="How much of the past is kept.")

    @model_validator(mode="before")
    @classmethod
    def _bare_key_means_defaults(cls, value: object) -> object:
        # `alerts:` with nothing after it reads as null in YAML. Taken for "none" it would switch off what the
        # writer asked for, in silence; a section that needs more than its defaults then says so.
        bare = (
            "review",
            "class_distance",
            "uncertainty",
            "tolerance",
            "schedule",
            "gates",
            "alerts",
            "retention",
        )
        if not isinstance(value, dict):
            return value
        # of the audits, the defaults are not those of an empty section
        given = {k: v for k, v in value.items() if not (k == "audits" and v is None)}
        return {k: {} if v is None and k in bare else v for k, v in given.items()}

    @field_validator("classes")
    @classmethod
    def _makes_a_class_list(cls, value: tuple[ClassConfig, ...] | None) -> tuple[ClassConfig, ...] | None:
        # here and not only where the list is used, so that it is told together with what else is wrong
        if value is not None:
            class_list(value)
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if problems := [*self._names_unknown(), *self._not_both()]:
            raise ValueError("; ".join(problems))
        return self

    def _names_unknown(self) -> Iterator[str]:
        names = [m.name for m in self.models]
        if twice := sorted({n for n in names if names.count(n) > 1}):
            yield f"models: the name {', '.join(map(repr, twice))} is given more than once"
        features = [f.name for f in self.features]
        if twice := sorted({n for n in features if features.count(n) > 1}):
            yield f"features: the name {', '.join(map(repr, twice))} is given more than once"
        for key in AuditsConfig.model_fields:
            audit = getattr(self.audits, key)
            if missing := [n for n in getattr(audit, "models", None) or () if n not in names]:
                yield f"audits.{key}.models: no model is named {', '.join(map(repr, missing))}"
            if missing := [n for n in getattr(audit, "features", None) or () if n not in features]:
                yield f"audits.{key}.features: no features are named {', '.join(map(repr, missing))}"
        references = [r.name for r in self.reference_labels]
        if twice := sorted({n for n in references if references.count(n) > 1}):
            yield f"reference_labels: the name {', '.join(map(repr, twice))} is given more than once"
        if taken := [n for n in references if n in VERSION_NAMES]:
            yield f"reference_labels: the name {', '.join(map(repr, taken))} is that of a built-in label version"
        if missing := [n for n in self.gates.keep_rank if n not in names]:
            yield f"gates.keep_rank: no model is named {', '.join(map(repr, missing))}"
        if self.gates.metric not in (None, *self.metrics):
            yield f"gates.metric: {self.gates.metric!r} is not among the metrics of this file"

    def _not_both(self) -> Iterator[str]:
        if twice := sorted({m for m in self.metrics if self.metrics.count(m) > 1}):
            yield f"metrics: {', '.join(twice)} is given more than once"
        if self.classes is not None and self.classes_file is not None:
            yield "give 'classes' or 'classes_file', not both"
        if self.name is not None and not DATASET_NAME.fullmatch(self.name):
            yield f"name {self.name!r} may hold letters, digits and underscores only"


class Dataset(BaseModel):
    """A dataset's configuration together with where it was read, its class list, and the folders its files
    may be in.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    name: str
    path: Path
    config: DatasetConfig
    classes: ClassList
    further_roots: tuple[Path, ...] | None = None

    @property
    def roots(self) -> Roots:
        """The folders that its files may be read from."""
        return Roots(self.path.parent.parent, self.further_roots)

    def resolve(self, path: str) -> Path:
        """Absolute path of a file named in the YAML; raises PathError as `resolve_from` and `Roots` do."""
        return self.roots.configured(resolve_from(self.path.parent, path), path)


def resolve_from(folder: Path, path: str) -> Path:
    """Absolute path of a file named in a YAML file of a folder; `~` is the user's home.

    The last part is left as it is named: a link into a cache of blobs keeps the ending that tells the
    format.

    Raises
    ------
    PathError
        When it cannot be a path.
    """
    try:
        named = folder / (os.path.expanduser(path) if path.startswith("~") else path)
        return named.parent.resolve() / named.name
    except (OSError, ValueError, RuntimeError) as e:
        raise PathError(f"{path!r} is no usable path: {e}") from e


def class_list(entries: tuple[ClassConfig, ...]) -> ClassList:
    """Class list of a configuration's `classes`."""
    return ClassList(
        ids=tuple(str(e.id) for e in entries),
        names=tuple(str(e.id if e.name is None else e.name) for e in entries),
    )


def json_schema() -> dict[str, Any]:
    """JSON Schema of a dataset's YAML file, for editors and for the documentation."""
    return DatasetConfig.model_json_schema()
