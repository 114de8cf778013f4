"""`doctor`."""

import typer

from pipelines.cli.app import app, open_workspace
from pipelines.cli.output import JsonOption, print_json, say

#: How a state is written at the beginning of a line.
_MARKS = {"ok": "ok   ", "warn": "warn ", "fault": "FAULT"}


@app.command()
def doctor(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Examine the machine and the workspace: what does not work, or will not this night, and how to mend it.

    Exits with 1 when there is a fault.
    """
    from pipelines.doctor.examine import examine, to_json

    found = examine(open_workspace(ctx))
    if as_json:
        print_json(to_json(found))
    else:
        for f in found:
            say(f"{_MARKS[f.state]}  {f.name}: " + f.words.replace("\n", "\n       "))
            if f.mend:
                say(f"       mend: {f.mend}")
        counts = {state: sum(f.state == state for f in found) for state in _MARKS}
        say(f"{counts['ok']} ok, {counts['warn']} to look at, {counts['fault']} to mend")
    if any(f.state == "fault" for f in found):
        raise typer.Exit(1)
