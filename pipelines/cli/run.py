"""`run` and `status`."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.app import app, complain, open_workspace
from pipelines.cli.output import JsonOption, print_json, print_table, progress, say, warn

if TYPE_CHECKING:
    from pipelines.runs import RunReport

#: Exit status of a gate that does not hold; a failure matters more.
_GATE = 3


@app.command()
def run(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Datasets; all when left out.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="All datasets, as when no name is given.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Compute everything, also what did not change.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Hash every file, also those that look unchanged from outside.")
    ] = False,
    only_scores: Annotated[
        bool,
        typer.Option("--only-scores", help="Bring only label versions, scores and comparison up to date."),
    ] = False,
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", help="How long to wait for another run of a dataset.", min=0)
    ] = 0,
) -> None:
    """Run the audit of datasets: ingest, check, flag, route, clean, score, compare.

    What did not change since the last run is not computed again. A dataset that fails keeps its last good
    tables and does not stop the others. The exit status is 3 when a gate of the YAML does not hold.
    """
    from audits.errors import UsageError
    from pipelines.cli.app import fail
    from pipelines.many import run_datasets
    from pipelines.runs import RunOptions

    workspace = open_workspace(ctx)
    if names and all_:
        raise UsageError("give names or --all, not both")
    if force and only_scores:
        raise UsageError("--force computes everything; it does not go with --only-scores")
    chosen = list(dict.fromkeys(names or workspace.dataset_names()))
    if not chosen:
        raise UsageError(f"{workspace.datasets_dir} holds no dataset yet; 'labelaudit add' makes one")
    for name in chosen:
        workspace.dataset_path(name)  # an unknown name is refused before any work is done
    options = RunOptions(force=force, verify=verify, only_scores=only_scores, wait_seconds=wait)
    statuses, failed = [0], 0
    for report in run_datasets(workspace, chosen, progress, options):
        _tell(report)
        statuses.append(report.exit_status)
        failed += not report.succeeded
    if failed:
        fail(
            f"{failed} of {len(chosen)} datasets failed; tables of earlier runs stay in force",
            max(s for s in statuses if s != _GATE) or 1,
        )
    if max(statuses):
        fail("a gate does not hold", max(statuses))


def _tell(report: "RunReport") -> None:
    name = report.dataset
    for warning in report.warnings:
        warn(f"{name}: {warning}")
    for problem in report.problems:
        complain(f"{name}: {problem.step}: {problem.message}", problem.code)
    if not report.succeeded:
        return
    if report.run_id is None:
        say(f"{name}: nothing changed, nothing computed")
    else:
        say(f"{name}: done (run {report.run_id}; {report.computed} parts computed, {report.reused} reused)")


@app.command()
def status(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Show where every dataset stands: tables, queue, verdicts, last run."""
    from audits.dataset_status import workspace_status

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
                "-" if queue["open"] is None else str(queue["open"]),
                "-" if queue["complete"] is None else str(queue["complete"]),
                str(d["verdicts"]),
                "never" if last is None else f"{last['status']} {last['ended_at'] or last['began_at']}",
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
