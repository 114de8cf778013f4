"""`backup` and `restore`."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.app import app, open_workspace
from pipelines.cli.output import say, warn


@app.command()
def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write: .tar or .tar.gz.")],
    without_data: Annotated[
        bool,
        typer.Option("--without-data", help="Leave out the datasets' own files; their YAML files stay."),
    ] = False,
) -> None:
    """Write the whole workspace into one file, also while it is in use.

    It holds every verdict acknowledged so far, the tables in force with all they were made from, the record of
    runs, and the datasets. An older file of that name is replaced when the new one is whole.
    """
    from audits.backup.create import back_up
    from audits.backup.hidden import in_words

    result = back_up(open_workspace(ctx), file, with_data=not without_data)
    say(f"{file}: {result.files} files, {in_words(result.size)}")
    if result.left_out:
        say(f"left out: {result.left_out} files of the datasets")
    for line in result.warnings:
        warn(line)
    for line in result.outside:
        warn(f"outside of the workspace, so not in the backup: {line}")


@app.command()
def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that 'backup' wrote.")],
) -> None:
    """Make the workspace that -w names, a new or empty folder, from a backup: all of it, or nothing."""
    from audits.backup.restore import restore as restore_backup

    result = restore_backup(file, ctx.obj)
    manifest = result.manifest
    say(
        f"{ctx.obj}: {len(manifest.files)} files, as of {manifest.made_at} (labelaudit {manifest.labelaudit})"
    )
    if manifest.left_out:
        warn(
            f"{manifest.left_out} files of the datasets were left out of the backup: put them in place again"
        )
    for line in manifest.outside:
        warn(f"outside of the workspace, so not restored: {line}")
