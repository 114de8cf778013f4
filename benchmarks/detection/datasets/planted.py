"""Cells of planted errors: a dataset with right labels, a kind of noise and a rate."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from audits.outputs import ModelOutputs
from audits.signals.inputs import Inputs
from benchmarks.detection.audited import Audited
from benchmarks.detection.datasets import noise
from benchmarks.detection.datasets.folder import read_folder
from benchmarks.detection.datasets.label_errors import voted_set
from benchmarks.detection.datasets.revised import revised_labels
from benchmarks.detection.datasets.votes import fitting

PERCENT = (5, 10, 20)
#: Fewer planted errors than this say little; the rate is raised to reach it.
LEAST = 100
#: Larger datasets are thinned to this many items, drawn at random.
MOST_ITEMS = 10_000


@dataclass(frozen=True)
class Clean:
    """A dataset whose labels are taken for right.

    Attributes
    ----------
    name : str
    inputs : Inputs
        With right labels and the outputs of the audited models.
    judges : tuple of ModelOutputs
        Models that are not audited: where they err, instance-dependent errors are planted; none: there are no such.
    trained : callable or None
        From noisy labels to the outputs of models trained on them; None: the outputs at hand, of models that
        never saw these labels.
    """

    name: str
    inputs: Inputs
    judges: tuple[ModelOutputs, ...] = ()
    trained: Callable[[np.ndarray], Mapping[str, ModelOutputs]] | None = None


def planted(clean: Clean, kind: str, percent: int, name: str) -> Audited:
    """Plant errors of a kind; wrong: the label was changed."""
    labels = clean.inputs.labels
    count = max(round(len(labels) * percent / 100), LEAST)
    rng = np.random.default_rng([zlib.crc32(f"{clean.name} {kind}".encode()), percent])
    if kind == noise.INSTANCE:
        noisy = noise.instance_dependent(labels, *rather(clean.judges, labels), count, rng)
    else:
        noisy = noise.KINDS[kind](labels, clean.inputs.n_classes, count, rng)
    outputs = clean.inputs.outputs if clean.trained is None else clean.trained(noisy)
    return Audited(
        name,
        replace(clean.inputs, labels=noisy, outputs=outputs, suggestions=None),
        np.arange(len(labels)),
        noisy != labels,
        f"planted: {kind}, {count} of {len(labels)} labels",
        errors="planted",
        in_mean=True,
    )


def rather(judges: tuple[ModelOutputs, ...], labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The class other than the label that the judges rather give, and how much they doubt the label, from 0 to 1.

    A judge that gives labels alone is certain; judges that give several other classes count for the most named one.
    """
    k = judges[0].n_classes
    votes = np.zeros((len(labels), k), dtype=np.float32)
    rows = np.arange(len(labels))
    for judge in judges:
        votes += _spread(judge)
    given = votes[rows, labels] / len(judges)
    votes[rows, labels] = -1.0
    other = votes.argmax(axis=1).astype(np.int32)
    named = votes[rows, other] > 0
    return np.where(named, other, labels), np.where(named, 1.0 - given, 0.0).astype(np.float64)


def _spread(judge: ModelOutputs) -> np.ndarray:
    if judge.pred_probs is not None:
        return np.asarray(judge.pred_probs)
    probs = np.zeros((len(judge), judge.n_classes), dtype=np.float32)
    if judge.top_k_labels is not None and judge.top_k_probs is not None:
        np.put_along_axis(probs, judge.top_k_labels.astype(np.int64), judge.top_k_probs, axis=1)
        return probs
    predicted = judge.predicted()
    known = np.flatnonzero(predicted >= 0)
    probs[known, predicted[known]] = 1.0
    return probs


def some_rows(inputs: Inputs, keep: np.ndarray, seed: int = 0) -> Inputs:
    """The inputs of the rows to keep, thinned to `MOST_ITEMS`."""
    rows = np.flatnonzero(keep)
    if len(rows) > MOST_ITEMS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST_ITEMS, replace=False))
    return Inputs(
        inputs.item_ids.take(rows),
        inputs.labels[rows],
        inputs.n_classes,
        {m: o.take(rows) for m, o in inputs.outputs.items()},
        class_names=inputs.class_names,
    )


def apart(inputs: Inputs, judges: tuple[str, ...]) -> tuple[Inputs, tuple[ModelOutputs, ...]]:
    """The inputs without the models that judge, and these."""
    kept = {m: o for m, o in inputs.outputs.items() if m not in judges}
    return replace(inputs, outputs=kept), tuple(inputs.outputs[m] for m in judges)


@cache
def clean_votes(folder: Path) -> Clean:
    """Items whose given label is among the reassessed ones; every eighth model judges."""
    inputs = read_folder(folder).inputs
    fits, _ = fitting(folder, inputs)
    return _with_every_eighth(folder.name, some_rows(inputs, fits))


@cache
def clean_revised(folder: Path) -> Clean:
    """All items with their revised labels; every eighth model judges."""
    inputs = replace(read_folder(folder).inputs, labels=revised_labels(folder))
    return _with_every_eighth(folder.name, some_rows(inputs, np.ones(len(inputs), dtype=bool)))


@cache
def clean_label_errors(root: Path, name: str, predictions: Path | None) -> Clean:
    """All items but the validated errors; every eighth of the further models judges, where there are any."""
    voted = voted_set(root, name, predictions)
    keep = np.ones(len(voted.inputs), dtype=bool)
    keep[voted.rows[voted.wrong]] = False
    return _with_every_eighth(name, some_rows(voted.inputs, keep))


def _with_every_eighth(name: str, inputs: Inputs) -> Clean:
    audited, judges = apart(inputs, tuple(list(inputs.outputs)[4::8]))
    return Clean(name, audited, judges)
