"""What detectors may look at beside the items and the outputs of models, in items order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from audits.outputs import Ints, Kind, ModelOutputs

FeatureKind = Literal["embeddings", "numeric", "text", "images"]


@dataclass(frozen=True)
class Annotations:
    """Labels by several annotators, in long form: one entry an item and annotator.

    Attributes
    ----------
    rows : int32 array, shape (a,)
        Row of the item, in items order.
    annotators : int32 array, shape (a,)
        Position in `names`.
    labels : int32 array, shape (a,)
        Class index that the annotator gave.
    names : tuple of str
        The annotators' ids, sorted.
    """

    rows: Ints
    annotators: Ints
    labels: Ints
    names: tuple[str, ...]


@dataclass(frozen=True)
class Features:
    """What items are compared by.

    Attributes
    ----------
    name : str
        As the YAML calls it.
    kind : {"embeddings", "numeric", "text", "images"}
        What it is made from.
    vectors : float array, shape (n, d), or None
        embeddings (float32) and numeric (float64): a row an item, finite. Neither centred nor scaled yet.
    texts : pyarrow string array, length n, or None
        text: what is compared, columns joined; null where an item has none.
    hashes : uint8 array, shape (n, 8), or None
        images: 64-bit perceptual hash of each file, packed; zeros where an item has no image.
    digests : pyarrow string array, length n, or None
        images: hash of the file's bytes; null where an item has no image.
    metric : {"cosine", "euclidean"} or None
        How far vectors are from each other, where the YAML says so; None: as their kind has it.
    """

    name: str
    kind: FeatureKind
    vectors: npt.NDArray[np.floating] | None = None
    texts: pa.Array | None = None
    hashes: npt.NDArray[np.uint8] | None = None
    digests: pa.Array | None = None
    metric: Literal["cosine", "euclidean"] | None = None


@dataclass(frozen=True)
class Neighbours:
    """The nearest other items of each item by one kind of features.

    Attributes
    ----------
    features : str
        Name of the features.
    rows : int32 array, shape (n, k)
        Rows of the neighbours, nearest first; never the item itself. -1 where an item has no further one.
    distances : float32 array, shape (n, k)
        0 or more; not decreasing along a row; infinity where there is no neighbour.
    metric : {"cosine", "euclidean", "hamming"}
    """

    features: str
    rows: Ints
    distances: npt.NDArray[np.float32]
    metric: Literal["cosine", "euclidean", "hamming"]


@dataclass(frozen=True)
class TrainingDynamics:
    """What a model said of each item while it was trained.

    Attributes
    ----------
    values : float array, shape (epochs, n, K)
        Usually a memory map.
    kind : {"probs", "logits"}
        Probabilities, or what goes into the softmax.
    """

    values: npt.NDArray[np.floating]
    kind: Literal["probs", "logits"]


@dataclass(frozen=True)
class Present:
    """What a dataset has for detectors, told without any of it.

    Attributes
    ----------
    models : mapping of str to {"dense", "top_k", "labels"}
        Kind of the outputs by model name.
    n_classes : int
    annotations : bool
        Whether there are any.
    features : mapping of str to {"embeddings", "numeric", "text", "images"}
        Kind by name.
    training, suggestions : bool
    """

    models: Mapping[str, Kind]
    n_classes: int
    annotations: bool = False
    features: Mapping[str, FeatureKind] = field(default_factory=dict)
    training: bool = False
    suggestions: bool = False


@dataclass(frozen=True)
class Inputs:
    """All that a dataset has for detectors, in items order; what it does not have is None or empty.

    Attributes
    ----------
    item_ids : pyarrow string array, length n
    labels : int32 array, shape (n,)
        Given labels as class indices.
    n_classes : int
    outputs : mapping of str to ModelOutputs
        By model, those that the detector's parameters name.
    annotations : Annotations or None
    features : mapping of str to Features
        By name, in the order of the YAML.
    neighbours : mapping of str to Neighbours
        By name of the features.
    duplicates : pyarrow.Table or None
        In the schema `contracts.DUPLICATES`, over all features that the audit of duplicates looks at; None: not
        looked for yet.
    training : TrainingDynamics or None
    suggestions : int32 array, shape (n,), or None
        Class index that came with the data as a better label, such as a flagger's guess; -1 where there is none.
    splits : pyarrow string array, length n, or None
        Part of the dataset that each item belongs to, such as train or test.
    groups : mapping of str to int32 array, shape (n,)
        Group that each item belongs to, 0 or more, by the column that names it; -1 where it names none.
    class_names : tuple of str
        What a class is called in words for people; empty: its index.
    """

    item_ids: pa.Array
    labels: Ints
    n_classes: int
    outputs: Mapping[str, ModelOutputs] = field(default_factory=dict)
    annotations: Annotations | None = None
    features: Mapping[str, Features] = field(default_factory=dict)
    neighbours: Mapping[str, Neighbours] = field(default_factory=dict)
    duplicates: pa.Table | None = None
    training: TrainingDynamics | None = None
    suggestions: Ints | None = None
    splits: pa.Array | None = None
    groups: Mapping[str, Ints] = field(default_factory=dict)
    class_names: tuple[str, ...] = ()

    @cached_property
    def models(self) -> list[ModelOutputs]:
        """The models' outputs, in order."""
        return list(self.outputs.values())

    @property
    def present(self) -> Present:
        """What there is, told without any of it."""
        return Present(
            models={name: o.kind for name, o in self.outputs.items()},
            n_classes=self.n_classes,
            annotations=self.annotations is not None and len(self.annotations.rows) > 0,
            features={name: f.kind for name, f in self.features.items()},
            training=self.training is not None,
            suggestions=self.suggestions is not None,
        )

    def called(self, index: int) -> str:
        """A class in words for people."""
        return self.class_names[index] if self.class_names else str(index)

    def __len__(self) -> int:
        return len(self.labels)
