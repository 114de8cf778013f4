"""`verdicts export`, `verdicts import` and `verdicts withdraw`."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.app import app, open_workspace
from pipelines.cli.output import say

verdicts = typer.Typer(
    help="Send the review queue out, take verdicts back.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(verdicts, name="verdicts")

_Name = Annotated[str, typer.Argument(metavar="NAME", help="Dataset.")]


@verdicts.command("export")
def export_(
    ctx: typer.Context,
    name: _Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write: .csv or .jsonl.")],
    blind: Annotated[
        bool, typer.Option("--blind", help="Leave out suggestions and reasons, and mix the order.")
    ] = False,
) -> None:
    """Write the open queue, for people who review elsewhere."""
    from audits.review.consensus import Rule
    from audits.review.exchange import export_queue
    from audits.review.store import ReviewStore
    from audits.stored import load_items

    workspace = open_workspace(ctx)
    rule = Rule.from_config(workspace.dataset(name).config.review)
    tables = workspace.tables(name)
    items = load_items(tables, tables.current_ref("findings").lineage())
    with ReviewStore(workspace.store_url) as store:
        n = export_queue(
            store, name, items.items, items.content_by_id, items.classes, rule, file, blind=blind
        )
    say(f"{file}: {n} open items. Fill in decision, labels and reviewer; then 'labelaudit verdicts import'.")


@verdicts.command("import")
def import_(
    ctx: typer.Context,
    name: _Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A filled-in export: .csv or .jsonl.")],
    reviewer: Annotated[
        str | None, typer.Option(help="Who decided, for rows whose reviewer column is empty.")
    ] = None,
) -> None:
    """Store the verdicts of a file: all of them, or none when any row is bad."""
    from audits.review.store import ReviewStore
    from audits.review.verdict_import import import_verdicts
    from audits.stored import load_items

    workspace = open_workspace(ctx)
    workspace.dataset_path(name)
    tables = workspace.tables(name)
    items = load_items(tables, tables.current_ref("findings").lineage())
    with ReviewStore(workspace.store_url) as store:
        result = import_verdicts(store, name, items.classes, file, reviewer, items.items)
    say(
        f"{file}: {result.stored} verdicts stored, {result.already} were there already, "
        f"{result.unanswered} rows without a decision"
    )


@verdicts.command("withdraw")
def withdraw(
    ctx: typer.Context,
    name: _Name,
    verdict: Annotated[
        int, typer.Argument(metavar="ID", help="Number of the verdict, as 'labelaudit show' lists it.")
    ],
    reviewer: Annotated[str, typer.Option(help="Who withdraws it.")],
    reason: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Take a verdict back. It stays in the store, marked as withdrawn."""
    from audits.errors import UsageError
    from audits.review.store import ReviewStore

    workspace = open_workspace(ctx)
    workspace.dataset_path(name)
    with ReviewStore(workspace.store_url) as store:
        if all(v.id != verdict for v in store.verdicts(name)):
            raise UsageError(f"dataset {name!r} has no verdict {verdict}")
        new = store.withdraw(verdict, reviewer, reason, f"command:withdraw:{verdict}:{reviewer}")
    say(f"verdict {verdict} is withdrawn" if new else f"verdict {verdict} was withdrawn already")
