"""Write a set's dataset YAML: readable, commented, and read back by the same configuration as any other."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml

from audits.classes import ClassList
from audits.ingest.label_errors.predictions import Prediction
from audits.ingest.label_errors.sets import KnownSet

#: Class lists longer than this go to a file of their own.
MOST_INLINE = 30

#: Name of the model whose cross-validated probabilities the study flagged with.
FLAGGER = "cross_validated"


def classes_json(classes: ClassList) -> str:
    """A class list as the JSON file that `classes_file` names, a class a line."""
    lines = [
        json.dumps({"id": int(i), "name": n}, ensure_ascii=False)
        for i, n in zip(classes.ids, classes.names, strict=True)
    ]
    return "[\n" + ",\n".join(f" {line}" for line in lines) + "\n]\n"


def dataset_yaml(
    known: KnownSet,
    classes: ClassList,
    probabilities: Path | None,
    predictions: Sequence[Prediction],
    repeated: Sequence[str],
    *,
    folder: Path,
    workspace: Path,
) -> str:
    """Text of `datasets/NAME.yaml`.

    Parameters
    ----------
    known : KnownSet
        The set.
    classes : ClassList
        Its class list.
    probabilities : Path or None
        The cross-validated probabilities.
    predictions : sequence of Prediction
        The models.
    repeated : sequence of str
        Files that the set's index lists twice.
    folder, workspace : Path
        Where the YAML goes, and the workspace's root: paths within it are written relative to the YAML, so
        that a workspace can be moved; all others are absolute.

    Returns
    -------
    str
    """

    def place(path: Path) -> str:
        resolved = path.resolve()
        inside = resolved.is_relative_to(workspace.resolve())
        return _text(
            Path(os.path.relpath(resolved, folder.resolve())).as_posix() if inside else resolved.as_posix()
        )

    lines = [
        f"# {known.title}, as the public label-errors repository has it; written by",
        f"# 'labelaudit import label-errors --dataset {known.name}'. Once you change this file, importing again",
        "# refuses to replace it unless told to overwrite.",
        f"name: {_text(known.name)}",
        f"description: {_text(_description(known))}",
        "task: multiclass",
        "",
        "items:",
        f"  path: {_text(f'{known.name}/items.parquet')}",
        "  id: item_id",
        "  label: label",
        "  labels_as: id",
        "  content: [] # the repository has no texts or images; reviewers see ids and evidence",
        *(f"  # listed twice in the set's index, the further row has #2 in its id: {f}" for f in repeated),
        "",
        *_class_lines(known, classes),
        "",
        *_model_lines(probabilities, predictions, place),
        "",
        *_audit_lines(known, probabilities is not None, bool(predictions)),
        "",
        "review:",
        "  verdicts_per_item: 5 # the study asked five people about each item",
        "  agree: 3",
    ]
    return "\n".join(lines) + "\n"


def _description(known: KnownSet) -> str:
    return (
        f"{known.title} from the public label-errors repository, the data of 'Pervasive Label Errors in Test Sets "
        "Destabilize Machine Learning Benchmarks' (2021)."
    )


def _class_lines(known: KnownSet, classes: ClassList) -> list[str]:
    head = "# in the order of the columns of the probabilities; a class whose name is not known has its id as name"
    if len(classes) > MOST_INLINE:
        return [head, f"classes_file: {_text(f'{known.name}/classes.json')}"]
    entries = [f"  - {{id: {i}, name: {_text(n)}}}" for i, n in zip(classes.ids, classes.names, strict=True)]
    return [head, "classes:", *entries]


def _model_lines(
    probabilities: Path | None, predictions: Sequence[Prediction], place: Callable[[Path], str]
) -> list[str]:
    if probabilities is None and not predictions:
        return ["models: []"]
    lines = ["models:"]
    if probabilities is not None:
        lines += [
            f"  - name: {FLAGGER} # the study's own model; its guesses are what people were asked about",
            f"    outputs: {{kind: dense, path: {place(probabilities)}, rows: items_order}}",
            "    out_of_sample: true",
            "    raised_flags: true",
            f"    scored: {'false # it is no contestant' if predictions else 'true'}",
        ]
    for p in predictions:
        lines += [
            f"  - name: {_text(p.model)}",
            *([f"    family: {_text(p.family)} # a guess from the name"] if p.family else []),
            "    outputs:",
            "      kind: top_k",
            f"      path: {place(p.preds)}",
            f"      probs: {place(p.probs)}",
            "      rows: items_order",
            "      labels_as: id",
            "    out_of_sample: true",
            "    scored: true",
        ]
    return lines


def _audit_lines(known: KnownSet, dense: bool, predicted: bool) -> list[str]:
    note = [f"# {known.note}"] if known.note else []
    if dense:
        return [
            *note,
            "audits:",
            "  pervasive_label_errors: {} # the study's rule; it alone flags",
            "  confident_learning: {flags: false}",
            "  model_agreement: {flags: false}",
        ]
    if predicted:
        return [*note, "audits:", "  model_agreement: {}"]
    return [*note, "audits: {} # there are no model outputs to audit with"]


def _text(value: str) -> str:
    # always in quotes: bare no, 123 or 1e3 would come back as something else from one YAML reader or another
    quoted: str = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=sys.maxsize)
    return quoted.rstrip("\n")
