"""Publishing: judged candidates become the tables in force, all in one step."""

from __future__ import annotations

from audits.config import Dataset
from audits.errors import AuditError
from audits.stored import ANNOTATIONS, ITEMS, ingested_lineage, outputs_table
from audits.table_store import TableRef, TableStore


def publish_candidates(tables: TableStore, dataset: Dataset, run_id: str) -> list[TableRef]:
    """Make the candidates of everything the configuration names current.

    Parameters
    ----------
    tables : TableStore
    dataset : Dataset
        Tables of models or files that it no longer names are dropped.
    run_id : str
        The run that publishes, for the history.

    Returns
    -------
    list of TableRef
        What was published.

    Raises
    ------
    AuditError
        When a candidate is missing or was made from other items than the candidate items: the stages
        before were not run together.
    """
    candidates = tables.candidates()
    wanted = [ITEMS, *(outputs_table(m.name) for m in dataset.config.models)]
    if dataset.config.annotations is not None:
        wanted.append(ANNOTATIONS)
    refs = []
    for name in wanted:
        ref = candidates.get(name)
        if ref is None:
            raise AuditError(
                f"dataset {dataset.name!r}: no candidate for {name!r}; run the stages before first"
            )
        if ref.inputs.get(ITEMS, candidates[ITEMS].version) != candidates[ITEMS].version:
            raise AuditError(f"dataset {dataset.name!r}: {name!r} was read against other items; run it again")
        refs.append(ref)
    gone = tuple(t for t in ingested_lineage(tables.current()) if t not in wanted)
    tables.publish({r.table: r for r in refs}, run_id, drop=gone)
    return refs
