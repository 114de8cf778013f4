"""Joining tables to the items of a dataset, by id."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from audits.errors import AuditError, collect, first_few


def column(table: pa.Table, name: str) -> pa.Array:
    """One column in one piece."""
    return table[name].combine_chunks()


def rows_of(ids: pa.Array, wanted: pa.Array, table: str) -> npt.NDArray[np.intp]:
    """Positions of ids among the items; raises AuditError when some are unknown or repeat."""
    found = pc.index_in(wanted, value_set=ids)
    problems = []
    if found.null_count:
        unknown = wanted.filter(found.is_null()).to_pylist()
        problems.append(f"{len(unknown)} ids are not items of the dataset (item_id {first_few(unknown)})")
    counts = pc.value_counts(wanted)
    repeated = counts.filter(pc.greater(counts.field("counts"), 1)).field("values").to_pylist()
    if repeated:
        problems.append(f"{len(repeated)} ids have several rows (item_id {first_few(repeated)})")
    if problems:
        raise AuditError(collect(table, problems))
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.intp)
