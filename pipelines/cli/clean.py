"""`clean`."""

from typing import Annotated

import typer

from pipelines.cli.app import app, open_workspace
from pipelines.cli.output import JsonOption, print_json, say, warn


@app.command()
def clean(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Datasets; all when left out.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")
    ] = False,
    runs_older_than: Annotated[
        int | None,
        typer.Option(
            metavar="DAYS",
            min=1,
            help="Also remove Dagster's record of runs that ended so long ago; its plots then begin later.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Remove results and versions of tables that `retention` in the YAML no longer keeps.

    A run that ends well does it by itself. Verdicts, the history and tables in force are never removed.
    """
    from audits.errors import AuditError
    from audits.retention import leftovers_of, remove
    from pipelines.old_runs import remove_runs

    workspace = open_workspace(ctx)
    told = []
    for name in list(dict.fromkeys(names or workspace.dataset_names())):
        tables = workspace.tables(name)
        try:
            dataset = workspace.dataset(name)
        except AuditError as e:
            if names:
                raise
            warn(f"left as it is: {e}")  # one broken YAML does not stop the others
            continue
        if dry_run:
            found = leftovers_of(workspace, dataset)
        else:
            with workspace.run_lock(name, "labelaudit clean"):
                found = leftovers_of(workspace, dataset)
                remove(tables, found)
        told.append(
            {
                "dataset": name,
                "results": len(found.results),
                "versions": [v.relative_to(tables.root).as_posix() for v in found.versions],
                "bytes": found.size,
            }
        )
    runs = 0 if runs_older_than is None else remove_runs(workspace, runs_older_than, dry_run=dry_run)
    if as_json:
        print_json({"removed": not dry_run, "datasets": told, "runs": runs})
        return
    verb = "would be removed" if dry_run else "removed"
    for t in told:
        size = f"{t['bytes'] / 1e6:.1f} MB"
        say(f"{t['dataset']}: {t['results']} results and {len(t['versions'])} versions ({size}) {verb}")
    if runs_older_than is not None:
        say(f"{runs} runs {verb}")
