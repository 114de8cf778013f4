"""`verdicts export`, `verdicts import` and `verdicts withdraw`."""

from enum import StrEnum
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


class _Format(StrEnum):
    TABLE = "table"
    LABEL_STUDIO = "label-studio"


@verdicts.command("export")
def export_(
    ctx: typer.Context,
    name: _Name,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Where to write: .csv or .jsonl; for Label Studio .json."),
    ],
    blind: Annotated[
        bool, typer.Option("--blind", help="Leave out suggestions and reasons, and mix the order.")
    ] = False,
    format_: Annotated[
        _Format,
        typer.Option(
            "--format",
            help="table: a row an item. label-studio: tasks with the suggestion as prediction, and beside them the "
            "labelling configuration.",
        ),
    ] = _Format.TABLE,
    files_at: Annotated[
        str,
        typer.Option(
            metavar="PREFIX",
            help="Put before the names of image files, for Label Studio to find them: an address, or "
            "'/data/local-files/?d=FOLDER/'.",
        ),
    ] = "",
    history: Annotated[
        bool,
        typer.Option(
            "--history", help="Instead of the queue, all verdicts ever given, also the withdrawn ones."
        ),
    ] = False,
) -> None:
    """Write the open queue, for people who review elsewhere, or all verdicts."""
    from audits.errors import UsageError
    from audits.review.consensus import Rule
    from audits.review.exchange import export_queue
    from audits.review.history import export_history
    from audits.review.label_studio_export import export_label_studio
    from audits.review.store import ReviewStore
    from audits.stored import load_items

    studio = format_ is _Format.LABEL_STUDIO
    if history and (blind or studio):
        raise UsageError("--history writes what people answered: it goes with neither --blind nor --format")
    if files_at and not studio:
        raise UsageError("--files-at is for --format label-studio")
    workspace = open_workspace(ctx)
    config = workspace.dataset(name).config
    with ReviewStore(workspace.store_url) as store:
        if history:
            n = export_history(store, name, file)
            say(f"{file}: {n} verdicts. 'labelaudit verdicts import' takes them into another workspace.")
            return
        tables = workspace.tables(name)
        items = load_items(tables, tables.current_ref("findings").lineage())
        queue = (
            store,
            name,
            items.items,
            items.content_by_id,
            items.classes,
            Rule.from_config(config.review),
        )
        if studio:
            files = config.items.files
            n, beside = export_label_studio(*queue, file, files=files, files_at=files_at, blind=blind)
            say(
                f"{file}: {n} tasks; {beside}: the labelling configuration. Export the annotations as JSON; then "
                "'labelaudit verdicts import'."
            )
            return
        n = export_queue(*queue, file, blind=blind)
    say(f"{file}: {n} open items. Fill in decision, labels and reviewer; then 'labelaudit verdicts import'.")


@verdicts.command("import")
def import_(
    ctx: typer.Context,
    name: _Name,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A filled-in export or a history: .csv or .jsonl; from Label Studio: .json."
        ),
    ],
    reviewer: Annotated[
        str | None, typer.Option(help="Who decided, for rows whose reviewer column is empty.")
    ] = None,
) -> None:
    """Store the verdicts of a file: all of them, or none when any row is bad."""
    from audits.review.activity import Act
    from audits.review.store import ReviewStore
    from audits.review.verdict_import import import_verdicts
    from audits.stored import load_items

    workspace = open_workspace(ctx)
    mistakes = workspace.dataset(name).config.review.room.mistakes
    tables = workspace.tables(name)
    items = load_items(tables, tables.current_ref("findings").lineage())
    with ReviewStore(workspace.store_url) as store:
        act = Act(reviewer, "import", name, detail={"via": "command"})
        result = import_verdicts(
            store, name, items.classes, file, reviewer, items.items, mistakes=mistakes, act=act
        )
    gone = f", {result.withdrawn} withdrawn" if result.withdrawn else ""
    say(
        f"{file}: {result.stored} verdicts stored, {result.already} were there already, "
        f"{result.unanswered} rows without a decision{gone}"
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
