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
from audits.classes import ClassList, LabelsAs
from audits.errors import PathError
from audits.feature_config import FeaturesConfig
from audits.night_config import AlertsConfig, GatesConfig, RescoreConfig, RetentionConfig, ScheduleConfig
from audits.queue_config import OrderName, ReopenConfig
from audits.roots import Roots
from audits.score_config import VERSION_NAMES, LabelPolicy, ReferenceConfig, UncertaintyConfig
from audits.strict import Strict, not_boolean
from audits.training_config import TrainingDynamicsConfig

DATASET_NAME = re.compile(r"[A-Za-z0-9_]+")


class ClassConfig(Strict):
    """One class: its key and its display name. An entry that is no mapping is its id: `[cat, dog]` is short
    for `[{id: cat}, {id: dog}]`, and `{id: 0, name: cat}` has both.
    """

    id: str | int = Field(
        description="Key of the class, unique in the list. Verdicts and JSON use it; whole numbers "
        "are written as digits."
    )
    name: str | int | None = Field(None, description="Display name; it may repeat. Left out: the id.")

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: object) -> object:
        return value if isinstance(value, dict) else {"id": not_boolean(value)}

    @field_validator("id", "name", mode="before")
    @classmethod
    def _as_written(cls, value: object) -> object:
        # pydantic would read 1.0 as the number 1: a class id must not become another one
        if isinstance(value, float):
            raise ValueError(f"is the number {value}; expected text or a whole number: put it in quotes")
        return value


class ItemsConfig(Strict):
    """The items file: one row an item."""

    path: str = Field(description="Parquet, CSV, JSONL or Arrow file, relative to this YAML file.")
    id: str = Field("item_id", description="Column with the item ids.")
    label: str = Field("label", description="Column with the given labels: class ids, names or positions.")
    labels_as: LabelsAs = Field(
        "auto",
        description="How labels are written: by class id, class name, or position in the class list. auto: the "
        "first of these that fits every label.",
    )
    content: tuple[str, ...] | None = Field(
        None,
        description="Columns that a reviewer is shown, and no others; when one changes, the item is asked again. "
        "Left out: every further column that is no group, suggestion, split or reference label.",
    )
    files: tuple[str, ...] = Field(
        (), description="Content columns that hold file paths; the files' bytes enter the content hash."
    )
    groups: tuple[str, ...] = Field(
        (),
        description="Columns that name a group an item belongs to, such as its source or its background. Every "
        "model is scored by group, and how far its scores differ between the groups of a class is measured.",
    )
    suggestion: str | None = Field(
        None,
        description="Column with a better label that came with the data, such as a flagger's guess, written as the "
        "labels are; an empty cell is none.",
    )
    split: str | None = Field(
        None,
        description="Column that names the part of the dataset that an item belongs to, such as train or test: "
        "duplicates are told to be within one part or across.",
    )


class OutputsConfig(Strict):
    """One model's output files. In a table: for `dense` the id column and a column a class, or one list
    column; for `top_k` the id column and the list columns `top_k_labels` and `top_k_probs`, in any order
    within a row (lists need Parquet, JSONL or Arrow); for `labels` the id column and `predicted_label`.
    """

    kind: Literal["dense", "top_k", "labels"] = Field(
        description="dense: a probability for every class; top_k: the k likeliest classes with their "
        "probabilities; labels: predicted labels alone."
    )
    path: str = Field(
        description="Parquet, CSV, JSONL or Arrow file with an id column, or a .npy array in items order. "
        "For top_k as .npy: the classes."
    )
    probs: str | None = Field(None, description="For top_k as .npy: the probabilities of the same shape.")
    id: str = Field("item_id", description="Column with the item ids.")
    rows: Literal["by_id", "items_order"] = Field(
        "by_id",
        description="items_order: the file has no ids and its rows are in the order of the items file. "
        "It must be said for a file without ids. Rows or columns that fit the given labels only when moved by one, "
        "and as they are by chance alone, are refused as shifted.",
    )
    columns: tuple[str | int, ...] | None = Field(
        None,
        description="Class ids of the columns of a dense array, in order. Left out: the class list's order.",
    )
    column: str | None = Field(
        None,
        description="dense in a table: the one list column with the probabilities (left out: a column a "
        "class, named by class id or name); labels in a table: the label column (default predicted_label).",
    )
    labels_as: LabelsAs = Field(
        "auto", description="How classes are written in top_k and labels outputs, as in `items`."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        npy = self.path.endswith(".npy")
        if npy and self.rows != "items_order":
            raise ValueError("a .npy file has no ids: say 'rows: items_order' if its rows are in items order")
        if not npy and self.rows == "items_order" and self.probs:
            raise ValueError("'probs' belongs to a .npy pair")
        if npy and self.kind == "top_k" and not self.probs:
            raise ValueError("top_k as .npy needs 'probs', the array of probabilities")
        if self.probs and not (npy and self.kind == "top_k"):
            raise ValueError("'probs' goes with 'kind: top_k' and .npy files only")
        if self.columns is not None and not (npy and self.kind == "dense"):
            raise ValueError("'columns' goes with 'kind: dense' and a .npy file only")
        return self


class ModelConfig(Strict):
    """One model whose outputs are audited and scored."""

    name: str = Field(description="Unique name of the model.", min_length=1, max_length=100)
    outputs: OutputsConfig = Field(description="What its outputs are and where.")
    out_of_sample: bool = Field(
        description="Whether the outputs are for items the model was not trained on (a held-out set, or "
        "cross-validated). Confident learning presumes it; otherwise a warning is given."
    )
    family: str | None = Field(None, description="Architecture or vendor; models of one family err alike.")
    raised_flags: bool = Field(
        False,
        description="Whether this model raised the flags that people reviewed: its score is then favoured, "
        "and `compare` says so.",
    )
    scored: bool = Field(
        True, description="Whether the model is a contestant; false: it only serves the audit."
    )


class AnnotationsConfig(Strict):
    """Annotations in long form: one row per item and annotator."""

    path: str = Field(description="Parquet, CSV, JSONL or Arrow file, relative to this YAML file.")
    id: str = Field("item_id", description="Column with the item ids.")
    annotator: str = Field("annotator_id", description="Column with the annotators' ids.")
    label: str = Field("label", description="Column with the annotator's label.")
    labels_as: LabelsAs = Field("auto", description="How labels are written, as in `items`.")


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

    @model_validator(mode="before")
    @classmethod
    def _bare_key_means_defaults(cls, value: object) -> object:
        # `rescore:` with nothing after it reads as null in YAML; the writer means "with defaults".
        if not isinstance(value, dict):
            return value
        return {k: {} if v is None and k in ("rescore", "reopen") else v for k, v in value.items()}

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
