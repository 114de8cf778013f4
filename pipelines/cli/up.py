"""`up`."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.app import app, open_workspace
from pipelines.cli.output import printable, say

if TYPE_CHECKING:
    from audits.workspace import Workspace


@app.command()
def up(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="What Dagster's UI listens on.")] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="Port of Dagster's UI; 0: any free one. Left out: 3000, or the next free one.",
            show_default=False,
        ),
    ] = None,
    review_host: Annotated[str, typer.Option(help="What the review app listens on.")] = "127.0.0.1",
    review_port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="Port of the review app; 0: any free one. Left out: 8321, or the next free one.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Serve the workspace until stopped (Ctrl-C, SIGTERM): Dagster's UI, its daemon, and the review app.

    Prints the address of the UI once all answer. Datasets added, removed or edited meanwhile are loaded by
    themselves. Logs are in state/logs/up.
    """
    from pipelines.instance import open_instance
    from pipelines.orphans import close_orphans
    from pipelines.up.serve import up as serve

    def show(address: str) -> None:
        say(address)
        sys.stdout.flush()  # a program that waits for the line reads it from a pipe

    def tell(line: str) -> None:
        print(f"labelaudit: {printable(line)}", file=sys.stderr, flush=True)

    def tidy(workspace: "Workspace") -> None:
        with open_instance(workspace) as instance:
            for run_id in close_orphans(instance, workspace):
                tell(f"run {run_id} was marked as failed: its process had died")

    serve(
        open_workspace(ctx),
        host,
        port,
        review_host=review_host,
        review_port=review_port,
        on_ready=show,
        before_start=tidy,
        tell=tell,
    )
