"""Where the label-errors repository keeps a set's files, and reading them without running anything."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from audits.errors import FileError, UsageError
from audits.ingest.arrays import open_npy
from audits.ingest.label_errors.sets import KnownSet
from audits.plain_files import read_text_bytes

#: Kinds of numbers that an array may hold; which of them it should is for the caller to say.
_NUMBERS = "fiu"


@dataclass(frozen=True)
class SetFiles:
    """The files of one set; None where the repository copy has none.

    Attributes
    ----------
    votes : Path
        Counts of the reviewers' votes.
    labels, probabilities, index : Path or None
        Given labels, cross-validated probabilities, and the file name of each row.
    """

    votes: Path
    labels: Path | None
    probabilities: Path | None
    index: Path | None


def find_files(root: Path, known: KnownSet) -> SetFiles:
    """Find a set's files in a copy of the repository.

    Raises
    ------
    UsageError
        When `root` is no folder.
    FileError
        When a file that the set cannot do without is missing.
    """
    if not root.is_dir():
        raise UsageError(f"{root} is not a folder; expected a copy of the label-errors repository")
    votes = root / "mturk" / f"{known.name}_mturk.json"
    if not votes.is_file():
        raise FileError(f"{votes}: there is no such file; it holds the reviewers' votes for {known.name}")
    label_files = _candidates(root / "original_test_labels", known.name, "original_labels.npy")
    labels = _first(label_files)
    if labels is None and not known.labels_optional:
        names = " or ".join(p.name for p in label_files)
        raise FileError(f"{label_files[0].parent}: {known.name} has no label array; expected {names}")
    index = root / "dataset_indexing" / known.index if known.index else None
    if index is not None and not index.is_file():
        if known.id_of_file is not None:
            raise FileError(
                f"{index}: there is no such file; the item ids of {known.name} can only be joined by it"
            )
        index = None
    probabilities = _first(
        _candidates(root / "cross_validated_predicted_probabilities", known.name, "pyx.npy")
    )
    # rows of probabilities belong to rows of the label array; without one there is nothing to join them to
    return SetFiles(votes, labels, probabilities if labels else None, index if labels else None)


def _candidates(folder: Path, name: str, what: str) -> list[Path]:
    # most sets are test sets, imagenet's is the validation set, caltech256 has no split
    return [folder / f"{name}_{split}{what}" for split in ("test_set_", "val_set_", "")]


def _first(paths: Sequence[Path]) -> Path | None:
    return next((p for p in paths if p.is_file()), None)


def read_array(path: Path) -> npt.NDArray[Any]:
    """Memory-map a `.npy` array; nothing in it is ever unpickled.

    Raises
    ------
    FileError
        When the file is no plain array.
    """
    return open_npy(path, None, _NUMBERS, "an array")


def read_json_list(path: Path) -> list[Any]:
    """Read a JSON file that holds a list with at least one entry.

    Raises
    ------
    FileError
        When it cannot be read or holds something else.
    """
    try:
        value = json.loads(read_text_bytes(path))
        # an escape such as \ud800 alone is legal JSON, but no text that a file or the store can take
        json.dumps(value, ensure_ascii=False).encode()
    except FileError:
        raise
    except (ValueError, RecursionError) as e:
        raise FileError(f"{path}: cannot be read as JSON: {e}") from e
    if not isinstance(value, list):
        raise FileError(f"{path}: expected a list, got {type(value).__name__}")
    if not value:
        raise FileError(f"{path}: the list is empty")
    return value
