"""What the outcome of a review means for an item's label."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from audits.benchmark.joins import column, rows_of
from audits.errors import AuditError, collect, first_few
from audits.outputs import Ints

#: What became of an item in a version.
STATES = ("given", "kept", "relabelled", "pending", "left_out")

#: Why a version leaves an item out. All but the last are outcomes of its verdicts.
REASONS = ("multiple", "none", "unusable", "no_agreement", "flagged")

#: State, and reason where there is one, that each outcome of a review comes to.
OUTCOME_STATES: Mapping[str, tuple[str, str | None]] = {
    "kept": ("kept", None),
    "relabelled": ("relabelled", None),
    "pending": ("pending", None),
    "multiple": ("left_out", "multiple"),
    "none": ("left_out", "none"),
    "unusable": ("left_out", "unusable"),
    "no_agreement": ("left_out", "no_agreement"),
}


def checked_consensus(
    ids: pa.Array, given: Ints, consensus: pa.Table
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Ints]:
    """Give the position among the items, the outcome and the label of each reviewed item.

    Parameters
    ----------
    ids : pyarrow string array, length n
    given : int32 array, shape (n,)
        Given labels of the items.
    consensus : pyarrow.Table, `contracts.CONSENSUS`, m rows

    Returns
    -------
    positions, outcomes, labels : integer arrays, shape (m,)
        `outcomes` are positions in `OUTCOME_STATES`; the label is -1 where the consensus has none.

    Raises
    ------
    AuditError
        When the consensus does not belong to these items, or contradicts itself.
    """
    wanted = column(consensus, "item_id")
    rows = rows_of(ids, wanted, "consensus")
    code = pc.index_in(consensus["outcome"].combine_chunks(), value_set=pa.array(list(OUTCOME_STATES)))
    if code.null_count:
        unknown = pc.unique(consensus["outcome"].filter(code.is_null())).to_pylist()
        raise AuditError(
            f"consensus: unknown outcome {first_few(map(repr, unknown))}; expected {', '.join(OUTCOME_STATES)}"
        )
    outcome = np.asarray(code.to_numpy(zero_copy_only=False), dtype=np.intp)
    label = column(consensus, "label").fill_null(-1).to_numpy().astype(np.int32)
    names = list(OUTCOME_STATES)
    kept, relabelled = outcome == names.index("kept"), outcome == names.index("relabelled")
    other = kept & (label >= 0) & (label != given[rows])
    same = relabelled & ((label < 0) | (label == given[rows]))
    problems = []
    for wrong, text in (
        (other, "items are kept, but with another label than the given one"),
        (same, "items are relabelled, but without another label"),
    ):
        if wrong.any():
            offenders = wanted.filter(pa.array(wrong)).to_pylist()
            problems.append(f"{len(offenders)} {text} (item_id {first_few(offenders)})")
    if problems:
        raise AuditError(collect("consensus", problems))
    return rows, outcome, label
