"""The application object, the workspace option, and how errors become exit statuses."""

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.core

from audits import __version__
from audits.errors import AuditError, DiskError, UsageError
from pipelines.cli.output import printable

if TYPE_CHECKING:
    from audits.workspace import Workspace

EXIT_STATUSES = (
    "Exit status: 0 done; 1 the work failed; 2 the input, the call or the place to work in is wrong; "
    "3 a gate did not hold."
)


class _Group(typer.core.TyperGroup):
    """Turns what labelaudit refuses, a wrong call too, into one message on standard error and an exit status."""

    def main(self, args: Sequence[str] | None = None, standalone_mode: bool = True, **extra: Any) -> Any:
        if not standalone_mode:
            return super().main(args, standalone_mode=False, **extra)
        try:
            status = super().main(args, standalone_mode=False, **extra)
        except typer.TyperException as e:
            _wrong_call(e)
            status = UsageError.exit_status
        sys.exit(status if isinstance(status, int) else 0)

    def invoke(self, ctx: Any) -> Any:
        try:
            done = super().invoke(ctx)
            sys.stdout.flush()  # what is left in the buffer must not meet a closed pipe after this
            return done
        except AuditError as e:
            fail(str(e), e.exit_status, e.code)
        except BrokenPipeError:
            # The reader (a pager, head) has seen enough; that is no error, and there is nobody to tell. What
            # is still in the buffer goes nowhere, or the interpreter would fail on it at its exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except OSError as e:  # a full disk, a missing permission: no defect here, so no traceback
            fail(str(e), DiskError.exit_status, DiskError.code)
        except MemoryError:
            fail("there is not enough memory for this", AuditError.exit_status, AuditError.code)


def _wrong_call(error: typer.TyperException) -> None:
    told = error.format_message().replace("Value error, ", "")  # what checks the types puts in front
    if told.startswith("Usage:"):  # there was no command at all, and help is what is wanted
        print(told, file=sys.stderr)
        return
    context = getattr(error, "ctx", None)
    path = "labelaudit" if context is None else context.command_path
    complain(f"{told if told.endswith(('.', '?')) else told + '.'} See '{path} --help'.", UsageError.code)


def complain(message: str, code: str | None = None) -> None:
    """Say what went wrong on standard error, with the code of the kind of error where it has one."""
    named = "" if code is None else f"[{code}]"
    print(f"labelaudit: error{named}: {printable(message)}", file=sys.stderr)


def fail(message: str, status: int, code: str | None = None) -> None:
    """Say what went wrong and leave with an exit status."""
    complain(message, code)
    raise typer.Exit(status)


app = typer.Typer(
    name="labelaudit",
    cls=_Group,
    help="Find wrong labels in a benchmark, have people decide, and recompute every model's score.",
    epilog=EXIT_STATUSES,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit(0)


@app.callback()
def root(
    ctx: typer.Context,
    workspace: Annotated[
        Path,
        typer.Option(
            "--workspace", "-w", envvar="LABELAUDIT_WORKSPACE", help="Folder of the workspace.", metavar="DIR"
        ),
    ] = Path("."),
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Hold what every command needs."""
    ctx.obj = workspace
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # for terminals that are not UTF-8


def open_workspace(ctx: typer.Context) -> "Workspace":
    """Open the workspace that the command was called with."""
    from audits.workspace import Workspace

    return Workspace(ctx.obj)
