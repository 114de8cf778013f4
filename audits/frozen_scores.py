"""Frozen slices: items whose mistakes were kept apart under a name, and scored on their own ever since."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from audits.benchmark.joins import column
from audits.benchmark.slices import Slicing, slice_rows
from audits.cleaned import Contest
from audits.contracts import SLICES
from audits.review.frozen import frozen
from audits.review.store import ReviewStore

#: What frozen slices are called where slices of several kinds stand beside each other.
BY_FROZEN = "frozen"


def frozen_members(store: ReviewStore, dataset: str) -> dict[str, list[str]]:
    """Item ids of each frozen slice of a dataset, by its name, in the order of freezing."""
    kept = frozen(store, dataset)
    known = store.questions(h for hashes in kept.values() for h in hashes)
    return {name: list(dict.fromkeys(known[h].item_id for h in hashes)) for name, hashes in kept.items()}


def frozen_scores(opened: Contest, frozen: Mapping[str, Collection[str]]) -> pa.Table:
    """Accuracy of every model on every frozen slice, under both versions of a contest.

    An item stays in its slice whatever becomes of its label later: by its id, so that a slice also tells how models do
    once the dataset itself has been corrected.

    Parameters
    ----------
    opened : Contest
    frozen : mapping of str to collection of str
        Item ids by name of the slice; an item may be in several. Ids that the dataset has no more are passed over.

    Returns
    -------
    pyarrow.Table
        `contracts.SLICES` with `by` = `frozen`, by version, slice and model; `n` are the items of the slice that the
        version labels.
    """
    ids = column(opened.cleaned.items.items, "item_id").to_pylist()
    rows: list[dict[str, Any]] = []
    for version, truth in opened.truths("all").items():
        for name, members in frozen.items():
            wanted = set(members)
            codes = np.array([0 if id_ in wanted else -1 for id_ in ids], dtype=np.int32)
            rows += slice_rows(
                Slicing(BY_FROZEN, (name,), codes), version, truth, opened.models, ["accuracy"]
            )
    return pa.Table.from_pylist(rows, schema=SLICES)
