"""What items are compared by, and the audits that compare them, as they stand in a dataset's YAML."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from audits.strict import Strict


class FeaturesConfig(Strict):
    """One thing that items are compared by: embeddings, numeric columns, text columns or image files."""

    name: str = Field(description="What it is called.", min_length=1, max_length=100)
    kind: Literal["embeddings", "numeric", "text", "images"] = Field(
        description="embeddings: a file with a vector an item; numeric: number columns of the items file; text: text "
        "columns of it; images: a column of it with the paths of image files."
    )
    path: str | None = Field(
        None,
        description="embeddings: a .npy array in items order, or a Parquet, JSONL or Arrow file with an id and a "
        "list column.",
    )
    id: str = Field("item_id", description="embeddings: column with the item ids.")
    column: str | None = Field(
        None, description="embeddings: the list column; images: the column with the paths."
    )
    rows: Literal["by_id", "items_order"] = Field(
        "by_id",
        description="embeddings: items_order where the file has no ids. It must be said for a .npy file.",
    )
    columns: tuple[str, ...] = Field((), description="numeric and text: the columns of the items file.")
    metric: Literal["cosine", "euclidean"] | None = Field(
        None,
        description="embeddings and numeric: how far vectors are from each other. Left out: cosine for embeddings, "
        "euclidean (of columns scaled alike) for numeric.",
    )

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        wanted = {"embeddings": "path", "numeric": "columns", "text": "columns", "images": "column"}
        allowed = {
            "embeddings": ("path", "column", "id", "rows", "metric"),
            "numeric": ("columns", "metric"),
            "text": ("columns",),
            "images": ("column",),
        }
        if not getattr(self, wanted[self.kind]):
            raise ValueError(f"kind {self.kind} needs '{wanted[self.kind]}'")
        given = [k for k in type(self).model_fields if k in self.model_fields_set and getattr(self, k)]
        for key in given:
            if key not in ("name", "kind", *allowed[self.kind]):
                raise ValueError(f"'{key}' does not go with kind {self.kind}")
        if twice := sorted({c for c in self.columns if self.columns.count(c) > 1}):
            raise ValueError(f"columns: {', '.join(map(repr, twice))} is given more than once")
        if self.kind == "embeddings":
            self._fits_its_file(self.path or "")
        return self

    def _fits_its_file(self, path: str) -> None:
        if path.endswith(".npy"):
            if self.rows != "items_order":
                raise ValueError(
                    "a .npy file has no ids: say 'rows: items_order' if its rows are in items order"
                )
            if self.column is not None:
                raise ValueError("'column' goes with a table, not with a .npy file")
        elif self.column is None:
            raise ValueError("a table of embeddings needs 'column', its list column")


class FeatureAudit(Strict):
    """What audits that compare items share."""

    flags: bool = Field(True, description="Whether this audit raises flags, or only adds its score.")
    features: tuple[str, ...] | None = Field(
        None, min_length=1, description="Names of the features to use. Left out: all that it can use."
    )


class DuplicateConflictsConfig(FeatureAudit):
    """Exact and near duplicates whose labels differ, within and across splits."""

    near_fraction: float = Field(
        0.25,
        gt=0,
        le=1,
        description="embeddings and numeric: near duplicates are closer than this share of the usual distance to the "
        "nearest neighbour.",
    )
    text_similarity: float = Field(
        0.85, gt=0, le=1, description="text: the least cosine of the TF-IDF vectors of near duplicates."
    )
    image_bits: int = Field(
        6,
        ge=0,
        le=16,
        description="images: how many of the 64 bits of the hashes of near duplicates may differ.",
    )


class NeighbourDisagreementConfig(FeatureAudit):
    """Items whose nearest neighbours mostly have another label."""

    neighbours: int = Field(10, ge=1, le=100, description="How many nearest neighbours are asked.")
    min_share: float = Field(
        0.6,
        gt=0,
        le=1,
        description="Share of the neighbours' votes that one other label must have to flag an item, at the least.",
    )


class OutliersConfig(FeatureAudit):
    """Items far from all others, by cleanlab's out-of-distribution score."""

    flags: bool = Field(False, description="Whether this audit raises flags, or only adds its score.")
    neighbours: int = Field(10, ge=1, le=100, description="How many nearest neighbours the score is over.")
