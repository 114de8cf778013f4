"""Publishing: judged candidates become the tables in force, all in one step."""

from __future__ import annotations

from audits.config import Dataset
from audits.errors import AuditError
from audits.stored import ANNOTATIONS, ITEMS, TRAINING, features_table, ingested_lineage, outputs_table
from audits.table_store import TableRef, TableStore


def publishable(tables: TableStore, dataset: Dataset) -> tuple[list[TableRef], tuple[str, ...]]:
    """Find what has to be published together.

    Parameters
    ----------
    tables : TableStore
    dataset : Dataset

    Returns
    -------
    list of TableRef
        The candidates of everything the configuration names.
    tuple of str
        Ingested tables in force that it no longer names (a model or a file that left it).

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
    wanted += [features_table(f.name) for f in dataset.config.features]
    if dataset.config.training_dynamics is not None:
        wanted.append(TRAINING)
    refs = []
    for name in wanted:
        ref = tables.candidate_ref(name)
        if ref.inputs.get(ITEMS, candidates[ITEMS].version) != candidates[ITEMS].version:
            raise AuditError(f"dataset {dataset.name!r}: {name!r} was read against other items; run it again")
        refs.append(ref)
    return refs, tuple(t for t in ingested_lineage(tables.current()) if t not in wanted)


def publish_candidates(tables: TableStore, dataset: Dataset, run_id: str) -> list[TableRef]:
    """Make the candidates of everything the configuration names current, all in one step.

    Parameters
    ----------
    tables : TableStore
    dataset : Dataset
    run_id : str
        The run that publishes, for the history.

    Returns
    -------
    list of TableRef
        What was published.

    Raises
    ------
    AuditError
        As `publishable` does.
    """
    refs, gone = publishable(tables, dataset)
    tables.publish({r.table: r for r in refs}, run_id, drop=gone)
    return refs
