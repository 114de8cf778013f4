"""Import one set: read and check everything, then write the dataset and store its verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from audits.classes import ClassList
from audits.config import DatasetConfig
from audits.disk import write_atomic, writing
from audits.errors import ShapeError, UsageError, first_few
from audits.ingest.label_errors.class_names import class_list, count_classes
from audits.ingest.label_errors.dataset_yaml import MOST_INLINE, classes_json, dataset_yaml
from audits.ingest.label_errors.layout import find_files, read_array
from audits.ingest.label_errors.predictions import Prediction, find_predictions
from audits.ingest.label_errors.rows import Rows, items_table, join_votes, read_rows
from audits.ingest.label_errors.sets import KnownSet, find_set
from audits.ingest.label_errors.verdicts import verdicts_of
from audits.ingest.label_errors.votes import VotedItem, read_votes
from audits.review.records import NewVerdict
from audits.workspace import Workspace


class VerdictSink(Protocol):
    """What takes the verdicts: the review store."""

    def add_verdicts(self, verdicts: Sequence[NewVerdict], /) -> tuple[int, int]:
        """Store verdicts all or nothing; return how many were new and how many were there already."""
        ...


@dataclass(frozen=True)
class ImportSummary:
    """What an import did.

    Attributes
    ----------
    dataset : str
        The dataset's name.
    path : Path
        Its YAML file.
    items, classes : int
        Items and classes of the set.
    models : tuple of str
        Names of its models, in the order of the YAML.
    voted_items, verdicts : int
        Items that people voted on, and their votes.
    stored, already : int
        Verdicts that were new to the store, and those it had.
    skipped_items : int
        Voted items that the set does not hold; other than 0 only with `skip_unknown_votes`.
    repeated_files : tuple of str
        Files that the set's index lists twice.
    written : tuple of Path
        Files that were written; those that were the same already are left alone.
    """

    dataset: str
    path: Path
    items: int
    classes: int
    models: tuple[str, ...]
    voted_items: int
    verdicts: int
    stored: int
    already: int
    skipped_items: int
    repeated_files: tuple[str, ...]
    written: tuple[Path, ...]


def import_label_errors(
    root: Path,
    dataset: str,
    workspace: Workspace,
    store: VerdictSink,
    predictions: Path | None = None,
    *,
    skip_unknown_votes: bool = False,
    overwrite: bool = False,
) -> ImportSummary:
    """Import one test set of the label-errors repository as a dataset of a workspace.

    Parameters
    ----------
    root : Path
        Copy of the repository.
    dataset : str
        One of `SETS`; also the name that the dataset gets.
    workspace : Workspace
        Where `datasets/NAME.yaml` and `datasets/NAME/items.parquet` go.
    store : VerdictSink
        Takes a verdict for every vote.
    predictions : Path, optional
        Folder of `*_top5preds.npy` and `*_top5probs.npy`, rows in the order of the label array.
    skip_unknown_votes : bool
        Leave out votes on items that the set does not hold, rather than refuse the import.
    overwrite : bool
        Replace files of the dataset that differ from what is to be written.

    Returns
    -------
    ImportSummary
        Importing the same again writes nothing and stores nothing.

    Raises
    ------
    UsageError
        For an unknown or a multi-label set, a folder that is none, predictions for a set without a label
        array, and files that are there already with other content.
    InputError
        When a file is missing or broken, or ids do not join. Nothing has been written then.
    """
    known = find_set(dataset)
    files = find_files(root, known)
    all_votes = read_votes(files.votes, known)
    rows = read_rows(files, known, all_votes)
    votes, skipped = join_votes(files.votes, rows, all_votes, skip_unknown=skip_unknown_votes)
    columns = _columns(files.probabilities, rows)
    models = _models(predictions, known, rows)
    n_classes = count_classes(known, columns, _highest(files.labels, files.votes, rows, all_votes, models))
    classes = class_list(files.votes, known, n_classes, all_votes)

    items = items_table(rows, votes)
    text = dataset_yaml(
        known,
        classes,
        files.probabilities,
        models,
        rows.repeated,
        folder=workspace.datasets_dir,
        workspace=workspace.root,
    )
    config = DatasetConfig.model_validate(yaml.safe_load(text))
    verdicts = verdicts_of(known, votes, items, classes)
    path, due = _due(workspace, known, items, classes, text, overwrite=overwrite)
    # The store takes all or nothing and may refuse; verdicts without a dataset do no harm, files without
    # their verdicts would look like an import that worked.
    stored, already = store.add_verdicts(verdicts)
    for target, data in due.items():
        with writing(target):
            write_atomic(target, data)
    return ImportSummary(
        dataset=known.name,
        path=path,
        items=items.num_rows,
        classes=n_classes,
        models=tuple(m.name for m in config.models),
        voted_items=len(votes),
        verdicts=len(verdicts),
        stored=stored,
        already=already,
        skipped_items=skipped,
        repeated_files=rows.repeated,
        written=tuple(due),
    )


def _columns(path: Path | None, rows: Rows) -> int | None:
    if path is None:
        return None
    array = read_array(path)
    if array.ndim != 2 or array.dtype.kind != "f":
        raise ShapeError(f"{path}: expected probabilities, n x K, got {array.dtype} of shape {array.shape}")
    if array.shape[0] != len(rows.ids):
        raise ShapeError(f"{path}: has {array.shape[0]} rows, but there are {len(rows.ids)} labels")
    return int(array.shape[1])


def _models(folder: Path | None, known: KnownSet, rows: Rows) -> list[Prediction]:
    if folder is None:
        return []
    if rows.from_votes:
        raise UsageError(
            f"{known.name} has no label array here: its items are those of the votes file, and predictions "
            "without ids cannot be joined to them"
        )
    return find_predictions(folder, known, len(rows.ids))


def _highest(
    labels: Path | None,
    votes_path: Path,
    rows: Rows,
    votes: Sequence[VotedItem],
    models: Sequence[Prediction],
) -> dict[str, int]:
    highest = {votes_path.name: max(max(v.given, v.guessed) for v in votes)}
    if labels is not None:
        highest[labels.name] = int(rows.labels.max())
    return highest | {m.preds.name: m.highest for m in models}


def _due(
    workspace: Workspace, known: KnownSet, items: pa.Table, classes: ClassList, text: str, *, overwrite: bool
) -> tuple[Path, dict[Path, bytes]]:
    """Path of the YAML, and the files to write: the YAML comes last, since it makes the rest a dataset."""
    path = workspace.datasets_dir / f"{known.name}.yaml"
    folder = workspace.datasets_dir / known.name
    sink = pa.BufferOutputStream()
    pq.write_table(items, sink)
    contents = {folder / "items.parquet": sink.getvalue().to_pybytes()}
    if len(classes) > MOST_INLINE:
        contents[folder / "classes.json"] = classes_json(classes).encode()
    contents[path] = text.encode()
    due = {p: data for p, data in contents.items() if not _same(p, data)}
    if (changed := [p for p in due if p.exists()]) and not overwrite:
        raise UsageError(
            f"{first_few(changed)}: there already, with other content than this import writes (edited, or "
            "imported from other files); say that it may be overwritten, or move it away"
        )
    return path, due


def _same(path: Path, data: bytes) -> bool:
    try:
        found = path.read_bytes()
    except OSError:
        return False
    if found == data or path.suffix != ".parquet":
        return found == data
    # other versions of the Parquet writer write the same table as other bytes
    try:
        return bool(pq.read_table(pa.BufferReader(found)).equals(pq.read_table(pa.BufferReader(data))))
    except pa.ArrowException:
        return False
