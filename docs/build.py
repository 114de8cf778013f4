"""Write the reference pages that follow from the code: commands.md, configuration.md and the graph.

`python docs/build.py` rewrites them; a test fails when they are not what it would write.
"""

import enum
import sys
import tempfile
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

DOCS = Path(__file__).resolve().parent

_SAMPLE = """\
items: {path: items.parquet}
classes: [a, b]
annotations: {path: annotations.csv}
"""


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
    for name, command in _walk(root, "labelaudit"):
        usage = " ".join(
            (p.metavar or p.name.upper()) if p.required else p.metavar or f"[{p.name.upper()}]"
            for p in command.params
            if p.param_type_name == "argument"
        )
        parameters = _parameters(command)
        lines += ["", f"## {name} {usage}".rstrip(), "", command.help or "", *([""] if parameters else [])]
        lines += parameters
    return "\n".join(lines).rstrip() + "\n"


def _walk(group: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _walk(command, f"{prefix} {name}")
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


def configuration_page() -> str:
    """Every key of a dataset's YAML file, from the models that read it."""
    from audits.config import DatasetConfig
    from audits.new_workspace import EXAMPLE

    lines = [
        "# A dataset's YAML file",
        "",
        "Written by `docs/build.py` from the models that read the file; a test keeps it true.",
        "",
        "One file `datasets/NAME.yaml` describes one dataset. Paths are relative to it. Unknown keys are",
        "refused with the nearest known key named, a key given twice is refused, and bare `yes` and `no` (which",
        "YAML reads as booleans) are refused as class names. What the parameters do is in",
        "[how-it-decides.md](how-it-decides.md).",
        "",
    ]
    lines += _section("", DatasetConfig)
    lines += ["## The example that `labelaudit init` writes", "", "```yaml", EXAMPLE.rstrip(), "```", ""]
    return "\n".join(lines)


def _section(prefix: str, model: type[BaseModel]) -> list[str]:
    title = f"`{prefix.rstrip('.')}`" if prefix else "Top level"
    doc = " ".join((model.__doc__ or "").split())
    lines = [f"## {title}", "", doc, "", "| key | value | default | meaning |", "| --- | --- | --- | --- |"]
    nested: list[tuple[str, type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        inner = list(_models(field.annotation))
        kind, default = _kind(field.annotation), _default(field, bool(inner))
        lines.append(f"| `{name}` | {kind} | {default} | {field.description} |")
        nested += [(f"{prefix}{name}.", m) for m in inner]
    lines.append("")
    for place, m in nested:
        lines += _section(place, m)
    return lines


def _kind(annotation: Any) -> str:
    """What may stand there, in words: the allowed values, or the type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    args = [a for a in get_args(annotation) if a not in (type(None), Ellipsis)]
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{a}`" for a in args)
    if get_origin(annotation) in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_kind(a) for a in args))
    if get_origin(annotation) is tuple:
        return f"list of {_kind(args[0])}".replace("of section", "of sections")
    return {str: "text", int: "whole number", float: "number", bool: "`true`, `false`"}[annotation]


def _default(field: Any, nested: bool) -> str:
    if field.default is PydanticUndefined:
        return "required"
    if field.default is None or field.default in ((), ""):
        return ""
    if nested:
        return "see below"
    value = field.default
    if isinstance(value, tuple):
        return ", ".join(f"`{v}`" for v in value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for arg in get_args(annotation):
        yield from _models(arg)


def graph_mermaid() -> str:
    """The audit graph of a dataset with annotations, as a Mermaid flow chart: assets, checks, dependencies."""
    from pipelines.definitions import build

    with tempfile.TemporaryDirectory() as folder:
        datasets = Path(folder) / "datasets"
        datasets.mkdir()
        (datasets / "NAME.yaml").write_text(_SAMPLE)
        graph = build(Path(folder)).resolve_asset_graph()
    checks: dict[str, list[str]] = {}
    for check in sorted(graph.asset_check_keys, key=lambda c: c.name):
        blocking = graph.get_check_spec(check).blocking if hasattr(graph, "get_check_spec") else None
        checks.setdefault(check.asset_key.path[-1], []).append(check.name + (" (blocks)" if blocking else ""))
    lines = ["flowchart LR"]
    for key in graph.toposorted_asset_keys:
        name = key.path[-1]
        below = "".join(f"<br/><i>check: {c}</i>" for c in checks.get(name, []))
        shape = f'(["{name}"])' if not graph.get(key).is_materializable else f'["{name}{below}"]'
        lines.append(f"    {name}{shape}")
    for key in graph.toposorted_asset_keys:
        lines += [f"    {p.path[-1]} --> {key.path[-1]}" for p in sorted(graph.get(key).parent_keys)]
    return "\n".join(lines)


def readme_with_graph(text: str) -> str:
    """A text with the Mermaid block replaced by the graph as it is now."""
    start = text.index("```mermaid\n") + len("```mermaid\n")
    end = text.index("\n```", start)
    return text[:start] + graph_mermaid() + text[end:]


def pages() -> dict[Path, str]:
    """All pages that follow from the code, by path."""
    readme = DOCS.parent / "README.md"
    return {
        DOCS / "commands.md": commands_page(),
        DOCS / "configuration.md": configuration_page(),
        readme: readme_with_graph(readme.read_text(encoding="utf-8")),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.name}\n")
