"""The sets of the public label-errors repository that have cross-validated probabilities and reviewers' votes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa

from audits.ingest.label_errors.layout import read_array
from audits.ingest.label_errors.predictions import find_predictions
from audits.ingest.label_errors.sets import SETS
from audits.ingest.label_errors.votes import read_votes
from audits.outputs import ModelOutputs
from audits.signals.inputs import Inputs
from benchmarks.detection.audited import Audited
from benchmarks.detection.datasets.votes import ENOUGH, with_suggestions

CROSS_VALIDATED = "cross_validated"


def voted_set(root: Path, name: str, predictions: Path | None, *, cross_validated: bool = True) -> Audited:
    """The items of a set that people voted on; wrong: fewer than three votes for the given label alone.

    Parameters
    ----------
    root : Path
        A copy of the label-errors repository.
    name : str
        The set.
    predictions : Path or None
        Folder with the top-5 outputs of further models.
    cross_validated : bool
        Whether the cross-validated probabilities, by which the voted items were chosen, are among the outputs.
    """
    known = SETS[name]
    labels = read_array(root / "original_test_labels" / f"{name}_test_set_original_labels.npy")
    labels = labels.astype(np.int32)
    k, outputs = len(known.class_names), {}
    if cross_validated:
        path = root / "cross_validated_predicted_probabilities" / f"{name}_test_set_pyx.npy"
        probs = np.clip(read_array(path).astype(np.float64), 0.0, 1.0)
        outputs[CROSS_VALIDATED] = ModelOutputs(CROSS_VALIDATED, "dense", k, pred_probs=probs)
    for found in find_predictions(predictions, known, len(labels)) if predictions else ():
        classes = read_array(found.preds).astype(np.int32)
        top = read_array(found.probs).astype(np.float32)
        outputs[found.model] = ModelOutputs(
            found.model, "top_k", k, top_k_labels=classes, top_k_probs=np.clip(top, 0.0, 1.0)
        )
    votes = read_votes(root / "mturk" / f"{name}_mturk.json", known)
    votes = sorted(votes, key=lambda v: int(v.item_id))
    rows = np.array([int(v.item_id) for v in votes])
    inputs = Inputs(
        pa.array([str(i) for i in range(len(labels))]), labels, k, outputs, class_names=known.class_names
    )
    return Audited(
        name if cross_validated else f"{name}-nets",
        with_suggestions(inputs, rows, np.array([v.guessed for v in votes])),
        rows,
        np.array([v.counts["given"] < ENOUGH for v in votes]),
        "fewer than 3 of 5 votes for the given label",
        learned=True,
        in_mean=True,
    )


def predictions_beside(root: Path, name: str) -> Path | None:
    """The folder of a benchmarking-keras-pytorch copy beside `root` that has this set's models."""
    folders = sorted(root.parent.glob(f"*/pytorch_{re.escape(name)}"))
    return folders[0] if folders else None
