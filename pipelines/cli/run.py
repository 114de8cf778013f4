"""`run` and `status`."""

from typing import Annotated

import typer

from pipelines.cli.app import app, complain, open_workspace
from pipelines.cli.output import JsonOption, print_json, print_table, progress, say, warn


@app.command()
def run(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Datasets; all when left out.")
    ] = None,
) -> None:
    """Run the whole audit of datasets: ingest, check, flag, route, clean, score, compare.

    A dataset that fails keeps its last good tables and does not stop the others.
    """
    from audits.errors import UsageError
    from pipelines.cli.app import fail
    from pipelines.runs import run_dataset

    workspace = open_workspace(ctx)
    chosen = list(dict.fromkeys(names or workspace.dataset_names()))
    if not chosen:
        raise UsageError(f"{workspace.datasets_dir} holds no dataset yet; 'labelaudit add' makes one")
    for name in chosen:
        workspace.dataset_path(name)  # an unknown name is refused before any work is done
    status, failed = 0, 0
    for name in chosen:
        with progress() as show:
            report = run_dataset(workspace, name, show)
        for warning in report.warnings:
            warn(f"{name}: {warning}")
        if report.succeeded:
            say(f"{name}: done (run {report.run_id})")
            continue
        failed += 1
        status = max(status, report.exit_status)
        for problem in report.problems:
            complain(f"{name}: {problem.step}: {problem.message}")
    if status:
        fail(f"{failed} of {len(chosen)} datasets failed; tables of earlier runs stay in force", status)


@app.command()
def status(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Show where every dataset stands: tables, queue, verdicts, last run."""
    from pipelines.status import workspace_status

    workspace = open_workspace(ctx)
    found = workspace_status(workspace)
    if as_json:
        print_json(found)
        return
    rows = []
    for d in found["datasets"]:
        queue, last = d["queue"], d["last_run"]
        rows.append(
            [
                d["dataset"],
                "-" if d["items"] is None else str(d["items"]),
                str(len(d["models"])),
                "-" if d["flagged"] is None else str(d["flagged"]),
                str(queue["open"]),
                str(queue["complete"]),
                str(d["verdicts"]),
                "never" if last is None else f"{last['status'].lower()} {last['ended_at'] or ''}".strip(),
            ]
        )
    columns = ["dataset", "items", "models", "flagged", "open", "complete", "verdicts", "last run"]
    print_table(f"workspace {found['workspace']}", columns, rows, text=["dataset", "last run"])
    for d in found["datasets"]:
        if d["configuration"] != "ok":
            warn(d["configuration"])
        for g in d["gold"]:
            say(
                f"{d['dataset']}: reviewer {g['reviewer']} answered {g['answered']} gold items, {g['right']} rightly"
            )
