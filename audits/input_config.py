"""What a dataset's YAML says of its classes, items, model outputs and annotations."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from audits.classes import LabelsAs
from audits.strict import Strict, not_boolean


class ClassConfig(Strict):
    """One class: its key and its display name. An entry that is no mapping is its id: `[cat, dog]` is short
    for `[{id: cat}, {id: dog}]`, and `{id: 0, name: cat}` has both.
    """

    id: str | int = Field(
        description="Key of the class, unique in the list. Verdicts and JSON use it; whole numbers "
        "are written as digits."
    )
    name: str | int | None = Field(None, description="Display name; it may repeat. Left out: the id.")
    guideline: str | None = Field(
        None, description="What belongs into the class and what does not, as reviewers are told; plain text."
    )

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
