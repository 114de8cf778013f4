"""Items that have a duplicate with another label, within and across splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from audits.errors import plain
from audits.feature_config import DuplicateConflictsConfig
from audits.outputs import Ints
from audits.signals.base import signal_table
from audits.signals.duplicates import find_duplicates
from audits.signals.inputs import Features, Inputs
from audits.signals.points import metric_of

NAME = "duplicate_conflicts"

#: The highest score of an item with an exact and with a near duplicate of another label.
EXACT, NEAR = 0.05, 0.1

_CALLED = {"text": "text", "images": "image", "embeddings": "embedding", "numeric": "values"}


def detect(inputs: Inputs, params: DuplicateConflictsConfig) -> pa.Table:
    """Flag the items that have a duplicate with another label.

    Parameters
    ----------
    inputs : Inputs
        n items with features; with their duplicates where these were looked for already.
    params : DuplicateConflictsConfig

    Returns
    -------
    pyarrow.Table
        As `conflicts` gives it of the pairs that `find_duplicates` finds.

    Raises
    ------
    InputError
        When the duplicates are yet to be found and there are no features, or none of a name.
    """
    pairs = find_duplicates(inputs, params) if inputs.duplicates is None else inputs.duplicates
    return conflicts(inputs, pairs)


def conflicts(inputs: Inputs, pairs: pa.Table) -> pa.Table:
    """Flag the items that are in a pair of duplicates with two labels, both sides.

    Parameters
    ----------
    inputs : Inputs
        n items.
    pairs : pyarrow.Table
        In the schema `contracts.DUPLICATES`, of these items.

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.SIGNALS`. With s the share of the given label among the item and its duplicates, the
        score is 0.05 s where an exact one has another label and 0.05 + 0.05 s where only near ones do: such items come
        before all others, the odd one out of several copies first. All other items have the score 1. The suggested
        label is the commonest other one among the duplicates, of equally common ones that of the nearest, then the
        first in class order. An item that several features give conflicts has the lowest score of them.
    """
    n = len(inputs)
    found: dict[int, _Conflict] = {}
    rows = pc.index_in(pairs["item_id"], value_set=inputs.item_ids).to_numpy()
    others = pc.index_in(pairs["other_id"], value_set=inputs.item_ids).to_numpy()
    exact = np.asarray(pairs["exact"].to_numpy(), dtype=bool)
    distance = pairs["distance"].to_numpy()
    names = pairs["features"].to_pylist()
    for name in dict.fromkeys(names):
        here = np.array([x == name for x in names])
        for kind in (here & exact, here & ~exact):
            if exact[kind].any():
                some = _exact(name, rows[kind], others[kind], inputs.labels)
            else:
                some = _near(name, rows[kind], others[kind], distance[kind], inputs.labels)
            for row, conflict in some.items():
                if row not in found or conflict.score < found[row].score:
                    found[row] = conflict
    score = np.ones(n)
    suggested: Ints = np.full(n, -1, dtype=np.int32)
    reasons: list[str | None] = [None] * n
    for row, conflict in found.items():
        score[row], suggested[row] = conflict.score, conflict.label
        reasons[row] = _reason(conflict, inputs)
    flagged = np.array(sorted(found), dtype=np.intp)
    order = flagged[np.argsort(score[flagged], kind="stable")]
    return signal_table(
        inputs.item_ids, NAME, None, score=score, flagged_in_order=order, suggested=suggested, reasons=reasons
    )


@dataclass(frozen=True)
class _Conflict:
    """What speaks against one item's label: the label suggested, an item that has it, and how many copies differ."""

    score: float
    label: int
    features: str
    other: int
    distance: float | None
    differing: int
    copies: int


def _exact(
    name: str, rows: npt.NDArray[np.intp], others: npt.NDArray[np.intp], labels: Ints
) -> Mapping[int, _Conflict]:
    """By groups: of a large one not every pair is in the table, but the pairs there are connect it."""
    members, place = np.unique(np.concatenate([rows, others]), return_inverse=True)
    edges = place.reshape(2, -1)
    graph = sparse.coo_array((np.ones(len(rows), dtype=np.int8), tuple(edges)), shape=(len(members),) * 2)
    group_of = sparse.csgraph.connected_components(graph, directed=False)[1]
    order = np.argsort(group_of, kind="stable")
    found = {}
    for group in np.split(members[order], np.flatnonzero(np.diff(group_of[order])) + 1):
        given = labels[group].tolist()
        if len(counts := Counter(given)) < 2:
            continue
        first = {
            label: int(row) for label, row in zip(reversed(given), reversed(group.tolist()), strict=True)
        }
        ranked = sorted(counts, key=lambda c: (-counts[c], c))
        for row, own in zip(group.tolist(), given, strict=True):
            label = ranked[0] if ranked[0] != own else ranked[1]
            score = EXACT * counts[own] / len(group)
            differing, copies = len(group) - counts[own], len(group) - 1
            found[row] = _Conflict(score, label, name, first[label], None, differing, copies)
    return found


def _near(
    name: str,
    rows: npt.NDArray[np.intp],
    others: npt.NDArray[np.intp],
    distance: npt.NDArray[np.float64],
    labels: Ints,
) -> Mapping[int, _Conflict]:
    one, other = np.concatenate([rows, others]), np.concatenate([others, rows])
    apart = np.concatenate([distance, distance])
    concerned = np.isin(one, one[labels[one] != labels[other]])
    one, other, apart = one[concerned], other[concerned], apart[concerned]
    order = np.lexsort((other, labels[other], apart, one))
    one, other, apart = one[order], other[order], apart[order]
    found = {}
    edges = (
        np.flatnonzero(np.concatenate([[True], one[1:] != one[:-1], [True]])) if len(one) else np.array([0])
    )
    for begin, end in pairwise(edges.tolist()):
        row, own = int(one[begin]), int(labels[one[begin]])
        given = labels[other[begin:end]].tolist()
        counts = Counter(label for label in given if label != own)
        at = min((i for i, x in enumerate(given) if x != own), key=lambda i: (-counts[given[i]], i))
        differing = sum(counts.values())
        score = EXACT + (NEAR - EXACT) * (1 + len(given) - differing) / (1 + len(given))
        nearest, far = int(other[begin + at]), float(apart[begin + at])
        found[row] = _Conflict(score, given[at], name, nearest, far, differing, len(given))
    return found


def _reason(conflict: _Conflict, inputs: Inputs) -> str:
    features = inputs.features[conflict.features]
    alike = sum(f.kind == features.kind for f in inputs.features.values())
    what = _CALLED[features.kind] + (f" ({features.name})" if alike > 1 else "")
    split = None if inputs.splits is None else inputs.splits[conflict.other].as_py()
    where = "" if split is None else f" ({plain(split)})"
    near = "same" if conflict.distance is None else "nearly the same"
    words = f"{near} {what} as item {plain(inputs.item_ids[conflict.other].as_py())}{where}"
    words += f", labelled {inputs.called(conflict.label)}"
    if conflict.distance is not None:
        words += f" ({_apart(features, conflict.distance)})"
    if conflict.differing > 1:
        words += f"; {conflict.differing} of {conflict.copies} duplicates have another label"
    return words


def _apart(features: Features, distance: float) -> str:
    if features.kind == "images":
        return f"{distance:.0f} of 64 bits differ"
    if metric_of(features) == "cosine":
        return f"cosine {1 - distance:.3f}"
    return f"distance {distance:.3g}"
