"""Whether every version of a table that a dataset's pointers name is there. Nothing is hashed."""

from audits.errors import AuditError, first_few
from audits.table_store import TableStore
from audits.workspace import Workspace
from pipelines.doctor.finding import Finding, fault, ok


def tables(workspace: Workspace) -> list[Finding]:
    """Whether the pointers of every dataset can be read and every version that they name is there."""
    names = workspace.dataset_names()
    found = []
    for name in names:
        store = TableStore(workspace.root / "state" / "tables" / name, name)
        try:
            # a run that goes on may have published and cleaned up in between: looked at a second time
            missing = _missing(store) and _missing(store)
        except AuditError as e:
            mend = "remove the file named; the next run builds it anew from what is kept"
            found.append(fault(f"tables of {name}", str(e), mend))
            continue
        if missing:
            words = f"{len(missing)} versions are missing from {store.root}: {first_few(missing)}"
            found.append(fault(f"tables of {name}", words, f"'labelaudit run {name} --force' makes it anew"))
    return [ok("tables", f"{len(names) - len(found)} of {len(names)} datasets have all theirs"), *found]


def _missing(store: TableStore) -> list[str]:
    named = {
        f"{table}/{version}"
        for ref in [*store.current().values(), *store.candidates().values()]
        for table, version in ref.lineage().items()
    }
    return sorted(path for path in named if not (store.root / path).is_dir())
