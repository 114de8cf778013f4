"""A dataset that has everything a detector may look at, of which it is known what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from audits.outputs import ModelOutputs
from audits.signals.inputs import Annotations, Features, Inputs, TrainingDynamics

N, K, NOISE = 900, 5, 0.1
MODELS, EPOCHS, ANNOTATORS, VOTES = 4, 8, 8, 6


@dataclass(frozen=True)
class Planted:
    """Items of which the true class is known, a tenth of them given another one.

    Each wrong label is contradicted by the models, by most of its annotators, by two exact copies among the items, by
    its neighbours, by a training that learns it late, and nearly each by a suggestion. Some items are odd: rightly
    labelled, but far from all others. Of some the annotators are of two minds.
    """

    ids: list[str]
    truth: np.ndarray
    labels: np.ndarray
    probs: list[np.ndarray]
    votes: np.ndarray  # (n, ANNOTATORS), -1 where an annotator has none
    vectors: np.ndarray
    copies: np.ndarray
    odd: np.ndarray
    ambiguous: np.ndarray
    training: np.ndarray
    suggestions: np.ndarray
    names: tuple[str, ...] = ("ant", "bee", "cat", "dog", "elk")

    @property
    def wrong(self) -> np.ndarray:
        return self.labels != self.truth

    def take(self, rows: np.ndarray) -> Planted:
        """Some of the items, or all in another order."""
        return replace(
            self,
            ids=[self.ids[i] for i in rows],
            truth=self.truth[rows],
            labels=self.labels[rows],
            probs=[p[rows] for p in self.probs],
            votes=self.votes[rows],
            vectors=self.vectors[rows],
            copies=self.copies[rows],
            odd=self.odd[rows],
            ambiguous=self.ambiguous[rows],
            training=self.training[:, rows],
            suggestions=self.suggestions[rows],
        )

    def relabelled(self, new: np.ndarray) -> Planted:
        """The classes in another order; `new` is the new index by old index."""
        back = np.argsort(new)
        return replace(
            self,
            truth=new[self.truth],
            labels=new[self.labels],
            probs=[p[:, back] for p in self.probs],
            votes=np.where(self.votes < 0, -1, new[self.votes]),
            training=self.training[:, :, back],
            suggestions=np.where(self.suggestions < 0, -1, new[self.suggestions]),
            names=tuple(self.names[i] for i in back),
        )

    def two_classes(self) -> Planted:
        """The items of the first two classes, as if there were no others."""
        part = self.take(np.flatnonzero((self.labels < 2) & (self.truth < 2)))
        return replace(
            part,
            probs=[p[:, :2] / p[:, :2].sum(axis=1, keepdims=True) for p in part.probs],
            votes=np.where(part.votes < 2, part.votes, -1),
            training=part.training[:, :, :2],
            suggestions=np.where(part.suggestions < 2, part.suggestions, -1),
            names=self.names[:2],
        )

    def outputs(self, dtype: type[np.floating] = np.float64) -> list[ModelOutputs]:
        return [
            ModelOutputs(f"m{j}", "dense", p.shape[1], pred_probs=p.astype(dtype))
            for j, p in enumerate(self.probs)
        ]

    def inputs(self, dtype: type[np.floating] = np.float64) -> Inputs:
        rows, annotators = np.nonzero(self.votes >= 0)
        return Inputs(
            pa.array(self.ids, pa.string()),
            self.labels.astype(np.int32),
            len(self.names),
            outputs={o.model: o for o in self.outputs(dtype)},
            annotations=Annotations(
                rows.astype(np.int32),
                annotators.astype(np.int32),
                self.votes[rows, annotators].astype(np.int32),
                tuple(f"a{j}" for j in range(ANNOTATORS)),
            ),
            features={
                "vectors": Features(
                    "vectors", "embeddings", vectors=self.vectors.astype(dtype), metric="euclidean"
                ),
                "copies": Features("copies", "embeddings", vectors=self.copies.astype(dtype)),
            },
            training=TrainingDynamics(self.training.astype(dtype), "logits"),
            suggestions=self.suggestions.astype(np.int32),
            class_names=self.names,
        )


def softmax(logits: np.ndarray) -> np.ndarray:
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def plant() -> Planted:
    """Make it; always the same."""
    rng = np.random.default_rng(11)
    truth = rng.integers(K, size=N).astype(np.int32)
    labels = truth.copy()
    flipped = rng.choice(N, size=int(NOISE * N), replace=False)
    labels[flipped] = (labels[flipped] + rng.integers(1, K, size=len(flipped))) % K
    probs = []
    for _ in range(MODELS):  # models that know the truth fairly well, and have not seen the given labels
        logits = rng.normal(size=(N, K))
        logits[np.arange(N), truth] += 3.5
        probs.append(softmax(logits))
    wrong = labels != truth
    clean = rng.permutation(np.flatnonzero(~wrong))
    odd, ambiguous = np.zeros(N, dtype=bool), np.zeros(N, dtype=bool)
    odd[clean[:9]] = True
    ambiguous[clean[9:54]] = True

    votes = np.where(
        rng.random((N, ANNOTATORS)) < 0.94, truth[:, None], rng.integers(K, size=(N, ANNOTATORS))
    )
    order = np.argsort(rng.random((N, ANNOTATORS)), axis=1)
    second = (truth + rng.integers(1, K, size=N)) % K
    for i in np.flatnonzero(ambiguous):  # half of its annotators for each of two labels
        votes[i, order[i, : VOTES // 2]] = truth[i]
        votes[i, order[i, VOTES // 2 : VOTES]] = second[i]
    np.put_along_axis(votes, order[:, VOTES:], -1, axis=1)

    vectors = rng.normal(size=(K, 16))[truth] * 2 + rng.normal(size=(N, 16))
    vectors[odd] *= 8
    copies = rng.normal(size=(N, 16))
    free = ~wrong & ~odd
    for i in np.flatnonzero(wrong):  # two copies of its own with the right label
        mates = rng.choice(np.flatnonzero((truth == truth[i]) & free), 2, replace=False)
        copies[mates], free[mates] = copies[i], False

    # the truth is learned from the start, a wrong given label late or never
    when = np.linspace(0, 1, EPOCHS)[:, None]
    training = rng.normal(scale=0.7, size=(EPOCHS, N, K))
    training[:, np.arange(N), truth] += 2.5 + 2 * when * ~wrong[None]
    training[:, np.arange(N), labels] += 2 * when * wrong[None]
    suggestions = np.where(wrong & (rng.random(N) < 0.95), truth, -1)
    guesses = clean[-40:]
    suggestions[guesses] = (labels[guesses] + 1) % K
    return Planted(
        [f"i{k}" for k in range(N)],
        truth,
        labels,
        probs,
        votes,
        vectors,
        copies,
        odd,
        ambiguous,
        training,
        suggestions,
    )
