"""Reviewers' votes on flagged items, and label sets that people reassessed, beside a folder of outputs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audits.signals.inputs import Inputs
from benchmarks.detection.audited import Audited
from benchmarks.detection.datasets.folder import aligned, read_folder, rows_of

#: Of five reviewers, this many for the given label keep it.
ENOUGH = 3


def voted(folder: Path) -> Audited:
    """The items that people voted on; wrong: fewer than three votes for the given label alone."""
    inputs, path = read_folder(folder).inputs, folder / "votes.parquet"
    votes = pq.read_table(path)
    rows = rows_of(votes, inputs.item_ids, path)
    order = np.argsort(rows)
    given, guessed = (votes[c].to_numpy()[order] for c in ("votes_given", "suggested_label"))
    return Audited(
        folder.name,
        with_suggestions(inputs, rows[order], guessed),
        rows[order],
        given < ENOUGH,
        "fewer than 3 of 5 votes for the given label",
        learned=True,
    )


def voted_with_held_out_classes(folder: Path) -> Audited:
    """The same, where verdicts come from classes of even id and rankings are judged on those of odd id."""
    whole = voted(folder)
    odd = whole.inputs.labels[whole.rows] % 2 == 1
    return replace(whole, name=f"{folder.name}-held-out-classes", pool=~odd, scored=odd)


def reassessed(folder: Path) -> Audited:
    """All items that some label fits; wrong: the given label is not among those that fit."""
    inputs = read_folder(folder).inputs
    fits, has_any = fitting(folder, inputs)
    rows = np.flatnonzero(has_any)
    return Audited(
        f"{folder.name}-reassessed",
        inputs,
        rows,
        ~fits[rows],
        "the given label is none of the reassessed ones",
        recall=True,
    )


def fitting(folder: Path, inputs: Inputs) -> tuple[np.ndarray, np.ndarray]:
    """Whether the given label of each item is in its reassessed set, and whether that set has any label."""
    path = folder / "reassessed_labels.parquet"
    sets = aligned(pq.read_table(path), inputs.item_ids, path)["reassessed_labels"].combine_chunks()
    item = pa.compute.list_parent_indices(sets).to_numpy()
    label = sets.flatten().to_numpy()
    fits = np.zeros(len(inputs), dtype=bool)
    fits[item[label == inputs.labels[item]]] = True
    has_any = np.zeros(len(inputs), dtype=bool)
    has_any[item] = True
    return fits, has_any


def with_suggestions(inputs: Inputs, rows: np.ndarray, guessed: np.ndarray) -> Inputs:
    """The inputs with a better label for some rows."""
    suggestions = np.full(len(inputs), -1, dtype=np.int32)
    suggestions[rows] = guessed
    return replace(inputs, suggestions=suggestions)
