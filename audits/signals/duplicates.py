"""Pairs of items that are duplicates of each other, exact and near, by all features."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from audits import contracts
from audits.feature_config import DuplicateConflictsConfig
from audits.outputs import Ints
from audits.signals.copies import Groups, copies, members
from audits.signals.inputs import Features, Inputs
from audits.signals.neighbours import chosen, graph_of
from audits.signals.text_forms import words
from audits.signals.text_pairs import near_texts
from audits.signals.vector_pairs import Pairs, near_pairs

#: How many neighbours near duplicates are looked for among.
NEIGHBOURS = 10

#: Up to how many equal items every pair of them is a row.
ALL_PAIRS_UP_TO = 8

Rows = npt.NDArray[np.intp]
_Labelled = tuple[Rows, Ints]


def find_duplicates(inputs: Inputs, params: DuplicateConflictsConfig) -> pa.Table:
    """Find the pairs of items that are duplicates by some features.

    Parameters
    ----------
    inputs : Inputs
        With features; with their graphs where they were made already.
    params : DuplicateConflictsConfig
        `features` to look at; `near_fraction`, `text_similarity` and `image_bits` say what is near.

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.DUPLICATES`: by the features' order, then the items'. Exact pairs are at the
        distance 0.

    Raises
    ------
    InputError
        When there are no features, or none of a name.

    Notes
    -----
    Exact are items that `copies` puts in one group. Near are pairs that `near_pairs` (vectors, images) or `near_texts`
    finds among the groups. All pairs of up to 8 equal items are rows. Of a larger group each item is paired with
    the first of its own label and with the first of the commonest other label, and the first ones of all labels
    with each other: every two labels that meet are a row, every item that disagrees with a copy is in one, and the
    number of rows grows as that of the items. Two near groups have all their pairs as rows while these are
    64 or fewer; else each item is paired with the first of the other group, of another label where there is one.
    """
    tables = [_by(features, inputs, params) for features in chosen(inputs, "duplicate_conflicts", params)]
    return pa.concat_tables([contracts.DUPLICATES.empty_table(), *tables])


def _by(features: Features, inputs: Inputs, params: DuplicateConflictsConfig) -> pa.Table:
    groups = copies(features)
    rows_of = members(groups)
    labels = inputs.labels
    exact = [pair for rows in rows_of if len(rows) > 1 for pair in _within(rows, labels)]
    first, second, apart = _near(features, groups, rows_of, inputs, params)
    near = [
        (*pair, distance)
        for a, b, distance in zip(first.tolist(), second.tolist(), apart.tolist(), strict=True)
        for pair in _between(rows_of[a], rows_of[b], labels)
    ]
    pairs = sorted(
        {(min(a, b), max(a, b), 0.0, True) for a, b in exact} | {(*_in_order(p), False) for p in near}
    )
    return _table(features.name, pairs, inputs)


def _near(
    features: Features, groups: Groups, rows_of: list[Rows], inputs: Inputs, params: DuplicateConflictsConfig
) -> Pairs:
    if features.kind == "text":
        assert features.texts is not None  # noqa: S101
        firsts = features.texts.take(pa.array([rows[0] for rows in rows_of], pa.int64()))
        return near_texts([words(text) for text in firsts.to_pylist()], params.text_similarity)
    graph = graph_of(inputs, features, NEIGHBOURS)
    return near_pairs(
        features, groups, inputs.labels, graph, fraction=params.near_fraction, bits=params.image_bits
    )


def _within(rows: Rows, labels: Ints) -> set[tuple[int, int]]:
    if len(rows) <= ALL_PAIRS_UP_TO:
        return set(combinations(rows.tolist(), 2))
    found, first, counts = np.unique(labels[rows], return_index=True, return_counts=True)
    leader = {int(c): int(rows[i]) for c, i in zip(found, first, strict=True)}
    by_count = sorted(leader, key=lambda c: (-int(counts[np.searchsorted(found, c)]), c))
    pairs = set(combinations(sorted(leader.values()), 2))
    for row in rows.tolist():
        own = int(labels[row])
        others = [leader[own], *(leader[c] for c in by_count[:2] if c != own)][:2]
        pairs |= {(min(row, other), max(row, other)) for other in others if other != row}
    return pairs


def _between(one: Rows, other: Rows, labels: Ints) -> set[tuple[int, int]]:
    if len(one) * len(other) <= ALL_PAIRS_UP_TO**2:
        return set(product(one.tolist(), other.tolist()))
    pairs = set()
    for some, far in ((one, other), (other, one)):
        for label in np.unique(labels[some]).tolist():
            unlike = far[labels[far] != label]
            to = int((unlike if len(unlike) else far)[0])
            pairs |= {(row, to) for row in some[labels[some] == label].tolist()}
    return pairs


def _in_order(pair: tuple[int, int, float]) -> tuple[int, int, float]:
    return min(pair[:2]), max(pair[:2]), pair[2]


def _table(name: str, pairs: list[tuple[int, int, float, bool]], inputs: Inputs) -> pa.Table:
    one = pa.array([p[0] for p in pairs], pa.int64())
    other = pa.array([p[1] for p in pairs], pa.int64())
    labels = pa.array(inputs.labels, pa.int32())
    splits = pa.nulls(len(inputs), pa.string()) if inputs.splits is None else inputs.splits
    return pa.Table.from_arrays(
        [
            inputs.item_ids.take(one),
            inputs.item_ids.take(other),
            pa.array([name] * len(pairs), pa.string()),
            pa.array([p[3] for p in pairs], pa.bool_()),
            pa.array([p[2] for p in pairs], pa.float64()),
            labels.take(one),
            labels.take(other),
            pc.not_equal(labels.take(one), labels.take(other)),
            splits.take(one),
            splits.take(other),
        ],
        schema=contracts.DUPLICATES,
    )
