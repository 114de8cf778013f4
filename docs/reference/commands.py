"""commands.md: every command with its arguments and options, from the application itself."""

import enum
from collections.abc import Iterator
from typing import Any, get_args

import typer


def commands_page() -> str:
    """Every command with its arguments and options, from the application itself."""
    from pipelines.cli import app
    from pipelines.cli.app import EXIT_STATUSES

    root = typer.main.get_command(app)
    lines = [
        "# The command",
        "",
        "Written by `docs/build.py` from the program; a test keeps it true.",
        "",
        f"{root.help}",
        "",
        EXIT_STATUSES,
        "",
        "## labelaudit [OPTIONS] COMMAND",
        "",
        *_parameters(root),
    ]
    for name, command in walk(root, "labelaudit"):
        usage = " ".join(
            (p.metavar or p.name.upper()) if p.required else p.metavar or f"[{p.name.upper()}]"
            for p in command.params
            if p.param_type_name == "argument"
        )
        parameters = _parameters(command)
        lines += ["", f"## {name} {usage}".rstrip(), "", command.help or "", *([""] if parameters else [])]
        lines += parameters
    return "\n".join(lines).rstrip() + "\n"


def walk(group: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """All commands of a group and of the groups in it, by the words that call them."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from walk(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


def _parameters(command: Any) -> list[str]:
    rows = []
    for p in command.params:
        if p.name == "help":
            continue
        if p.param_type_name == "argument":
            rows.append(f"| `{p.metavar or p.name.upper()}` | {p.help or ''} |")
            continue
        value = f" {p.metavar}" if p.metavar else ""
        names = ", ".join(f"`{o}{value}`" for o in [*p.opts, *p.secondary_opts])
        default = "" if p.default in (None, False, "") or callable(p.default) else f" Default: `{p.default}`."
        named = ", ".join(f"`{c.value}`" for c in _choices(p.type_descriptor.annotation))
        more = f" One of {named}." if named else ""
        more += " Required." if p.required else ""
        more += f" Or the environment variable `{p.envvar}`." if p.envvar else ""
        rows.append(f"| {names} | {p.help or ''}{more}{default} |")
    return ["| argument or option | meaning |", "| --- | --- |", *rows] if rows else []


def _choices(annotation: object) -> Iterator[enum.Enum]:
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        yield from annotation
    for arg in get_args(annotation):
        yield from _choices(arg)
