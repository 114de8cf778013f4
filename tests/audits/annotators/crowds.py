"""Annotations for tests: made up, and the public crowd sets."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from audits.annotators.aggregate import Aggregate
from audits.signals.inputs import Annotations

SETS = ("adultcontent", "cf", "dog", "face_sentiment_identification", "rte", "web")


@dataclass(frozen=True)
class Crowd:
    """A public set: annotations, what crowd-kit takes, true classes of some rows."""

    annotations: Annotations
    n_classes: int
    truth: dict[int, int]

    @property
    def frame(self) -> pd.DataFrame:
        a = self.annotations
        return pd.DataFrame({"task": a.rows, "worker": a.annotators, "label": a.labels})

    def accuracy(self, rows: np.ndarray, labels: np.ndarray) -> float:
        found = dict(zip(rows.tolist(), labels.tolist(), strict=True))
        return float(np.mean([found[row] == label for row, label in self.truth.items()]))

    def accuracy_of(self, aggregate: Aggregate) -> float:
        return self.accuracy(aggregate.items, aggregate.labels)


def crowd(folder: Path, name: str) -> Crowd:
    table = pd.read_csv(folder / "crowd" / name / "label.csv")
    truth = pd.read_csv(folder / "crowd" / name / "truth.csv")
    workers = sorted(table["worker"].astype(str).unique())
    place = {w: i for i, w in enumerate(workers)}
    annotations = Annotations(
        table["item"].to_numpy(np.int32),
        table["worker"].astype(str).map(place).to_numpy(np.int32),
        table["label"].to_numpy(np.int32),
        tuple(workers),
    )
    truths = dict(zip(truth["item"].tolist(), truth["truth"].tolist(), strict=True))
    return Crowd(annotations, int(table["label"].max()) + 1, truths)


def said(*entries: tuple[int, str, int]) -> Annotations:
    """Annotations from entries of row, annotator and class index."""
    names = tuple(sorted({name for _, name, _ in entries}))
    columns = np.array([(row, names.index(name), label) for row, name, label in entries], dtype=np.int32)
    rows, annotators, labels = columns.reshape(-1, 3).T
    return Annotations(rows, annotators, labels, names)


def votes_for(*counts: tuple[int, ...]) -> Annotations:
    """An item each with so many annotations of each class, by annotators a0, a1, ..."""
    entries = []
    for row, by_class in enumerate(counts):
        labels = [c for c, number in enumerate(by_class) for _ in range(number)]
        entries += [(row, f"a{i}", label) for i, label in enumerate(labels)]
    return said(*entries)


def made(
    n: int, w: int, k: int, seed: int = 0, per: int = 5, skills: tuple[float, float] = (0.5, 0.95)
) -> tuple[Annotations, np.ndarray]:
    """Random annotations, one to `per` an item, and the truth; annotators are right as often as their skill says."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(k, size=n)
    right = rng.uniform(*skills, size=w)
    entries = [
        (i, int(who)) for i in range(n) for who in rng.choice(w, size=rng.integers(1, per + 1), replace=False)
    ]
    rows, annotators = np.array(entries, dtype=np.int32).T
    guess = rng.integers(k, size=len(rows))
    labels = np.where(rng.random(len(rows)) < right[annotators], truth[rows], guess)
    return Annotations(rows, annotators, labels.astype(np.int32), tuple(f"a{i:04d}" for i in range(w))), truth


def shuffled(annotations: Annotations, seed: int = 0) -> Annotations:
    order = np.random.default_rng(seed).permutation(len(annotations.rows))
    return Annotations(
        annotations.rows[order], annotations.annotators[order], annotations.labels[order], annotations.names
    )


NOBODY = Annotations(*(np.empty(0, dtype=np.int32) for _ in range(3)), ())
