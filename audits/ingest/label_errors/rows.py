"""The items of a set in row order, and the check that votes and rows are about the same things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from audits.errors import IdsError, LabelsError, ShapeError, first_few
from audits.ingest.label_errors.layout import SetFiles, read_array, read_json_list
from audits.ingest.label_errors.problems import Problems
from audits.ingest.label_errors.sets import KnownSet
from audits.ingest.label_errors.votes import VotedItem


@dataclass(frozen=True)
class Rows:
    """All items of a set, in the order of its arrays.

    Attributes
    ----------
    ids : tuple of str, length n
        Item ids, unique.
    labels : int64 array, shape (n,)
        Class ids of the given labels.
    files : tuple of str, length n, or None
        File of each item, where the set has an index.
    repeated : tuple of str
        Files that the index lists again; the item of the further row has `#2` after its id.
    from_votes : bool
        Whether the set has no label array, so that its items are those of the votes file.
    """

    ids: tuple[str, ...]
    labels: npt.NDArray[np.int64]
    files: tuple[str, ...] | None = None
    repeated: tuple[str, ...] = ()
    from_votes: bool = False


def read_rows(files: SetFiles, known: KnownSet, votes: Sequence[VotedItem]) -> Rows:
    """Read the items of a set: ids by the set's rule, given labels, file names.

    Raises
    ------
    InputError
        When the label array is empty or not of whole numbers, one a row, when it and the index differ in length, or
        when the index is broken.
    """
    if files.labels is None:
        labels = np.array([v.given for v in votes], dtype=np.int64)
        return Rows(tuple(v.item_id for v in votes), labels, from_votes=True)
    labels = _read_labels(files.labels)
    if files.index is None:
        return Rows(tuple(str(row) for row in range(len(labels))), labels)
    names = _read_index(files.index)
    if len(names) != len(labels):
        raise ShapeError(
            f"{files.labels}: has {len(labels)} labels, but {files.index} names {len(names)} files"
        )
    ids, repeated = _ids(files.index, known, names, labels)
    return Rows(ids, labels, tuple(names), repeated)


def join_votes(
    path: Path, rows: Rows, votes: Sequence[VotedItem], *, skip_unknown: bool
) -> tuple[list[VotedItem], int]:
    """Match voted items to rows by id and make sure that both give the same label.

    Parameters
    ----------
    path : Path
        The votes file, for messages.
    rows : Rows
    votes : sequence of VotedItem
    skip_unknown : bool
        Leave out votes on items that the set does not hold, rather than refuse them.

    Returns
    -------
    list of VotedItem
        The votes on items of the set, in their order.
    int
        How many voted items were left out.

    Raises
    ------
    InputError
        When votes are on unknown items, or give another label than the label array at the joined row.
    """
    row_of = {item_id: row for row, item_id in enumerate(rows.ids)}
    known = [v for v in votes if v.item_id in row_of]
    unknown = [v.item_id for v in votes if v.item_id not in row_of]
    if unknown and not skip_unknown:
        raise IdsError(
            f"{path}: {len(unknown)} of {len(votes)} voted items are not among the {len(rows.ids)} items "
            f"({first_few(unknown)})"
        )
    differ = [
        f"{v.item_id}: votes say {v.given}, row {row_of[v.item_id]} says {rows.labels[row_of[v.item_id]]}"
        for v in known
        if rows.labels[row_of[v.item_id]] != v.given
    ]
    if differ:
        raise IdsError(
            f"{path}: the ids do not join: the given label of {len(differ)} of {len(known)} voted items differs "
            f"from the label array ({first_few(differ)})"
        )
    return known, len(unknown)


def items_table(rows: Rows, votes: Sequence[VotedItem]) -> pa.Table:
    """The items file: `item_id`, `label`, and where they are known `file` and `url`."""
    url_of = {v.item_id: v.url for v in votes}
    columns = {
        "item_id": pa.array(rows.ids, pa.string()),
        "label": pa.array(rows.labels, pa.int64()),
    }
    if rows.files is not None:
        columns["file"] = pa.array(rows.files, pa.string())
    if any(url_of.values()):
        columns["url"] = pa.array([url_of.get(i) for i in rows.ids], pa.string())
    return pa.table(columns)


def _read_labels(path: Path) -> npt.NDArray[np.int64]:
    array = read_array(path)
    if array.ndim != 1:
        raise ShapeError(f"{path}: expected one label a row, got an array of shape {array.shape}")
    if array.dtype.kind not in "iu":
        raise ShapeError(f"{path}: expected whole-numbered labels, got {array.dtype}")
    if not array.size:
        raise ShapeError(f"{path}: holds no labels")
    # uint64 beyond int64 would wrap to a negative label, which is caught below like any other
    labels = array.astype(np.int64)
    if (negative := np.flatnonzero(labels < 0)).size:
        shown = first_few([f"row {r}: {labels[r]}" for r in negative])
        raise LabelsError(f"{path}: {negative.size} of {labels.size} labels are below 0 ({shown})")
    return labels


def _read_index(path: Path) -> list[str]:
    names = read_json_list(path)
    problems = Problems(path, IdsError)
    for row, name in enumerate(names):
        if not isinstance(name, str) or not name:
            problems.add("rows are no file names", f"row {row}: {name!r}")
    problems.raise_any()
    return names


def _ids(
    path: Path, known: KnownSet, names: Sequence[str], labels: npt.NDArray[np.int64]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if known.id_of_file is None:
        return tuple(str(row) for row in range(len(names))), ()
    problems = Problems(path, IdsError)
    ids: list[str] = []
    repeated: list[str] = []
    first_row: dict[str, int] = {}
    times: dict[str, int] = {}
    for row, name in enumerate(names):
        item_id = known.id_of_file(name)
        if item_id is None:
            problems.add(f"file names give no item id of {known.name}", f"row {row}: {name!r}")
            continue
        times[item_id] = times.get(item_id, 0) + 1
        if times[item_id] == 1:
            first_row[item_id] = row
            ids.append(item_id)
        # One file listed twice is two rows of the arrays with the same content: both stay, and votes, which
        # name the file, go to the first. It must then have one label.
        elif known.index_repeats and labels[row] == labels[first_row[item_id]]:
            ids.append(f"{item_id}#{times[item_id]}")
            repeated.append(name)
        else:
            problems.add("files are listed more than once", name)
    problems.raise_any()
    return tuple(ids), tuple(repeated)
