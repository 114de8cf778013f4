"""`review`."""

import getpass
import sys
from typing import Annotated

import typer

from pipelines.cli.app import app, open_workspace
from pipelines.cli.output import say, warn


@app.command()
def review(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Dataset; all when left out.")] = None,
    host: Annotated[str, typer.Option(help="What the app listens on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Its port; 0: any free one.")] = 8321,
    reviewer: Annotated[
        str | None,
        typer.Option(
            help="Under which name verdicts are stored where there are no accounts. Left out: your user name.",
            show_default=False,
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A further name that the app may be asked for by. Repeatable."),
    ] = None,
    https: Annotated[
        bool, typer.Option("--https", help="People reach it through https, by a proxy on this machine.")
    ] = False,
) -> None:
    """Serve the review app, in which people clear the queue, until stopped (Ctrl-C, SIGTERM).

    Prints the address once it answers. On this machine alone it asks nobody for a password; on any other host, or
    when a dataset's YAML names reviewers, people sign in: 'labelaudit users add' makes accounts.
    """
    from audits.errors import AuditError
    from audits.web.app import create_app
    from audits.web.security.start import checked
    from audits.web.server import Serving
    from audits.web.settings import RoomSettings
    from pipelines.up.signals import wishes

    workspace = open_workspace(ctx)
    if name is not None:
        workspace.dataset_path(name)  # an unknown name is refused before anything is served
    settings = RoomSettings(
        host=host,
        port=port,
        datasets=None if name is None else (name,),
        local_reviewer=reviewer or _user(),
        allowed_hosts=tuple(allow_host or ()),
        https=https,
        rescore_when_cleared=True,
    )
    with wishes() as wish:
        served = create_app(workspace, checked(workspace, settings))
        with Serving(served, host, port, behind_proxy=https) as serving:
            if not settings.local and not https:
                warn(
                    "without https, passwords and cookies can be read on the way; put a proxy that speaks https before "
                    "it and say --https"
                )
            say(serving.url if name is None else f"{serving.url}/d/{name}/review")
            sys.stdout.flush()  # a program that waits for the line reads it from a pipe
            while serving.alive and not wish.wait(0.5):
                pass
    if not wish.given:
        raise AuditError("the review app has ended by itself; what it said before is above")
    print("labelaudit: stopped", file=sys.stderr, flush=True)


def _user() -> str:
    """Name of the user; a number where the system knows no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "local"
