"""`duplicates`."""

from typing import Annotated, Any

import typer

from pipelines.cli.app import app, open_workspace
from pipelines.cli.output import JsonOption, number, print_json, print_table

_SHOWN, _WIDE = 20, 60


@app.command()
def duplicates(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Dataset.")],
    conflicts: Annotated[bool, typer.Option("--conflicts", help="Only pairs whose labels differ.")] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help=f"How many pairs; the table shows {_SHOWN} when left out.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List pairs of duplicates side by side: those whose labels differ first, then the nearest."""
    from audits.duplicate_view import duplicate_counts, duplicate_rows

    workspace = open_workspace(ctx)
    workspace.dataset_path(name)
    tables = workspace.tables(name)
    if as_json:
        print_json(duplicate_rows(tables, conflicts_only=conflicts, limit=limit))
        return
    counts = duplicate_counts(tables)
    rows = duplicate_rows(tables, conflicts_only=conflicts, limit=limit or _SHOWN)
    across = f", {counts['across']} of them across splits" if counts["across"] else ""
    print_table(
        f"{name}: {counts['pairs']} pairs of duplicates, {counts['exact']} of them exact; of {counts['conflicts']} the "
        f"labels differ{across}; {len(rows)} shown",
        [
            "item",
            "labelled",
            "content",
            "other item",
            "labelled",
            "content",
            "features",
            "distance",
            "conflict",
        ],
        [
            [
                _named(r["item_id"], r["split"]),
                r["label_name"],
                _short(r["content"]),
                _named(r["other_id"], r["other_split"]),
                r["other_label_name"],
                _short(r["other_content"]),
                r["features"],
                "exact" if r["exact"] else number(r["distance"]),
                "yes" if r["conflict"] else "",
            ]
            for r in rows
        ],
        text=["item", "labelled", "content", "other item", "features", "conflict"],
    )


def _named(item: str, split: str | None) -> str:
    return item if split is None else f"{item} ({split})"


def _short(content: dict[str, Any]) -> str:
    """What a reviewer sees of an item, on one short line."""
    words = " ".join("; ".join(str(v) for v in content.values() if v is not None).split())
    return words if len(words) <= _WIDE else words[: _WIDE - 3] + "..."
