"""`demo`."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.app import app
from pipelines.cli.output import progress


@app.command()
def demo(
    directory: Annotated[
        Path, typer.Option("--dir", help="Folder for the demo's workspace; made when it is not there.")
    ] = Path("demo-workspace"),
) -> None:
    """Run the whole loop on handwritten digits with labels flipped on purpose, so that the truth is known."""
    from pipelines.demo import run_demo

    with progress() as show:
        result = run_demo(directory, show)
    from pipelines.demo_report import print_demo

    print_demo(result)
