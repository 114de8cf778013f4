"""Label versions: full labellings of a dataset, derived from its given labels and never written over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audits.benchmark.joins import column, rows_of
from audits.benchmark.outcomes import OUTCOME_STATES, REASONS, STATES, checked_consensus
from audits.contracts import LABEL_VERSIONS
from audits.errors import AuditError, UsageError, first_few
from audits.outputs import Ints

Ids: TypeAlias = Sequence[str] | pa.Array | pa.ChunkedArray

#: What `version_labels` gives for an item that the version leaves out.
LEFT_OUT = -1


@dataclass(frozen=True)
class LabelVersion:
    """One label version.

    Attributes
    ----------
    name : str
        What tables, files and JSON call it.
    description : str
        One sentence for people.
    reviewed : bool
        False where items were left out that nobody has looked at. Such a version is marked as
        unreviewed wherever it is shown.
    """

    name: str
    description: str
    reviewed: bool


#: The label versions, in the order in which they are shown.
VERSIONS: dict[str, LabelVersion] = {
    v.name: v
    for v in (
        LabelVersion("original", "The given labels, as the dataset ships them.", reviewed=True),
        LabelVersion(
            "corrected",
            "The labels that the verdicts agree on; items without one right label are left out.",
            reviewed=True,
        ),
        LabelVersion(
            "flagged-removed",
            "The given labels without the flagged items; nobody has looked at these.",
            reviewed=False,
        ),
    )
}


@dataclass(frozen=True)
class VersionSummary:
    """Counts of one label version.

    Attributes
    ----------
    version : str
        Its name.
    items : int
        Items that have a label in it.
    kept, relabelled, pending : int
        How many of these were confirmed, given another label, or still want verdicts.
    left_out : mapping of str to int
        Items it leaves out, by reason; only reasons that occur, in the order of `REASONS`.
    """

    version: str
    items: int
    kept: int
    relabelled: int
    pending: int
    left_out: Mapping[str, int]


def label_versions(items: pa.Table, findings: pa.Table, consensus: pa.Table) -> pa.Table:
    """Derive all label versions of a dataset.

    Parameters
    ----------
    items : pyarrow.Table, `contracts.ITEMS`
        The items, n rows.
    findings : pyarrow.Table, `contracts.FINDINGS`
        Where `flagged` is true the item leaves `flagged-removed`.
    consensus : pyarrow.Table, `contracts.CONSENSUS`
        What the verdicts come to. An item without a row keeps its given label.

    Returns
    -------
    pyarrow.Table, `contracts.LABEL_VERSIONS`
        n rows per entry of `VERSIONS`, in that order, each in items order.

    Raises
    ------
    AuditError
        When the tables do not belong together: ids that are unknown or repeat, an unknown outcome, a
        kept label that is not the given one, a relabelled item without another label.
    """
    given = column(items, "label")
    if given.null_count:
        raise AuditError(f"items: {given.null_count} have no label; only checked items have label versions")
    ids, labels = column(items, "item_id"), given.to_numpy().astype(np.int32)
    n = len(labels)
    state = np.zeros((len(VERSIONS), n), dtype=np.int8)
    reason = np.full((len(VERSIONS), n), -1, dtype=np.int8)
    values = np.tile(labels, (len(VERSIONS), 1))

    names = list(VERSIONS)
    corrected, removed = names.index("corrected"), names.index("flagged-removed")
    rows, outcome, label = checked_consensus(ids, labels, consensus)
    state[corrected, rows] = np.array([STATES.index(s) for s, _ in OUTCOME_STATES.values()])[outcome]
    reason[corrected, rows] = np.array(
        [-1 if r is None else REASONS.index(r) for _, r in OUTCOME_STATES.values()]
    )[outcome]
    relabelled = state[corrected, rows] == STATES.index("relabelled")
    values[corrected, rows[relabelled]] = label[relabelled]

    flagged = rows_of(ids, column(findings.filter(findings["flagged"]), "item_id"), "findings")
    state[removed, flagged] = STATES.index("left_out")
    reason[removed, flagged] = REASONS.index("flagged")

    parts = [
        pa.table(
            {
                "version": pa.repeat(pa.scalar(name, pa.string()), n),
                "item_id": ids,
                "label": pa.array(values[v], mask=state[v] == STATES.index("left_out")),
                "state": pa.array(STATES).take(pa.array(state[v])),
                "reason": pa.array(REASONS).take(pa.array(reason[v], mask=reason[v] < 0)),
            },
            schema=LABEL_VERSIONS,
        )
        for v, name in enumerate(names)
    ]
    return pa.concat_tables(parts)


def version_labels(table: pa.Table, version: str, item_ids: Ids) -> Ints:
    """Give the labels of one version, aligned with a list of items.

    Parameters
    ----------
    table : pyarrow.Table, `contracts.LABEL_VERSIONS`
    version : str
        Name of the version.
    item_ids : sequence of str or pyarrow string array, length n

    Returns
    -------
    int32 array, shape (n,)
        Class index of each item, -1 where the version leaves the item out.

    Raises
    ------
    UsageError
        When the table has no such version.
    AuditError
        When the version does not name one of the items.
    """
    part = of_version(table, version)
    ids = column(part, "item_id")
    labels: Ints = column(part, "label").fill_null(LEFT_OUT).to_numpy().astype(np.int32)
    wanted = item_ids if isinstance(item_ids, pa.Array | pa.ChunkedArray) else pa.array(item_ids, pa.string())
    if isinstance(wanted, pa.ChunkedArray):
        wanted = wanted.combine_chunks()
    # The tables of one dataset are in the same order, so the lookup is needed for subsets alone.
    if len(wanted) == len(ids) and wanted.equals(ids):
        return labels
    found = pc.index_in(wanted, value_set=ids)
    if found.null_count:
        missing = wanted.filter(found.is_null()).to_pylist()
        raise AuditError(
            f"label version {version!r} lacks {len(missing)} of {len(wanted)} items "
            f"(item_id {first_few(missing)})"
        )
    return labels[np.asarray(found.to_numpy(), dtype=np.intp)]


def summary(table: pa.Table, version: str) -> VersionSummary:
    """Count what became of the items in one version.

    Parameters
    ----------
    table : pyarrow.Table, `contracts.LABEL_VERSIONS`
    version : str
        Name of the version.

    Raises
    ------
    UsageError
        When the table has no such version.
    """
    part = of_version(table, version)
    states, reasons = _counts(part["state"]), _counts(part["reason"])
    return VersionSummary(
        version=version,
        items=part.num_rows - states.get("left_out", 0),
        kept=states.get("kept", 0),
        relabelled=states.get("relabelled", 0),
        pending=states.get("pending", 0),
        left_out={r: reasons[r] for r in REASONS if r in reasons},
    )


def version_names(table: pa.Table) -> list[str]:
    """Names of the versions of a table, in order of first appearance."""
    return [str(name) for name in pc.unique(table["version"]).to_pylist()]


def of_version(table: pa.Table, version: str) -> pa.Table:
    """Rows of one version; raises UsageError when the table has no such version."""
    part = table.filter(pc.equal(table["version"], version))
    # A dataset without items has all versions, each without rows.
    if part.num_rows == 0 and (table.num_rows or version not in VERSIONS):
        known = first_few(version_names(table) or VERSIONS, 20)
        raise UsageError(f"no label version is named {version!r}; there are {known}")
    return part


def _counts(values: pa.ChunkedArray) -> dict[str, int]:
    counted = pc.value_counts(values).to_pylist()
    return {c["values"]: c["counts"] for c in counted if c["values"] is not None}
