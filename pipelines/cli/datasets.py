"""`init`, `add` and `import`."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.app import app, open_workspace
from pipelines.cli.output import say, warn

importers = typer.Typer(
    help="Bring in public data in its own layout.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(importers, name="import")


@app.command()
def init(ctx: typer.Context) -> None:
    """Make the folder a workspace, with a commented example of a dataset's YAML file."""
    from audits.new_workspace import init_workspace

    made = init_workspace(ctx.obj)
    say(*(f"made {p}" for p in made) if made else (f"{ctx.obj} is a workspace already",))
    say("Next: 'labelaudit add NAME --items FILE', or copy the example to datasets/NAME.yaml and change it.")


@app.command()
def add(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of the dataset: letters, digits, underscores.")
    ],
    items: Annotated[Path | None, typer.Option(help="Items file: Parquet, CSV, JSONL or Arrow.")] = None,
    id_column: Annotated[str, typer.Option("--id", help="Column with the item ids.")] = "item_id",
    label_column: Annotated[str, typer.Option("--label", help="Column with the given labels.")] = "label",
    classes: Annotated[
        Path | None, typer.Option(help="File with the class list; else it is derived.")
    ] = None,
    confirm_classes: Annotated[
        bool, typer.Option("--confirm-classes", help="Take the derived class list as it is.")
    ] = False,
    derive_classes: Annotated[
        bool,
        typer.Option("--derive-classes", help="Only write a derived class list into a YAML that has none."),
    ] = False,
    model: Annotated[
        list[str] | None, typer.Option(metavar="NAME=FILE", help="A model's output file; repeatable.")
    ] = None,
    out_of_sample: Annotated[
        bool | None,
        typer.Option(
            "--out-of-sample/--in-sample", help="Whether the models were kept from these items in training."
        ),
    ] = None,
    items_order: Annotated[
        bool,
        typer.Option("--items-order", help="The output files have no ids; their rows are in items order."),
    ] = False,
) -> None:
    """Write a dataset's YAML file from an items file and output files."""
    from audits.errors import UsageError
    from audits.new_dataset import NewModel, add_dataset, derive_into

    workspace = open_workspace(ctx)
    if derive_classes:
        path = derive_into(workspace, name)
        say(f"{path}: class list written; check it, then set 'classes_confirmed: true'")
        return
    if items is None:
        raise UsageError("'add' needs --items FILE")
    if model and out_of_sample is None:
        raise UsageError("say --out-of-sample or --in-sample: confident learning presumes held-out outputs")
    models = []
    for pair in model or []:
        model_name, sign, file = pair.partition("=")
        if not (model_name and sign and file):
            raise UsageError(f"--model takes NAME=FILE, got {pair!r}")
        models.append(NewModel(model_name, Path(file), bool(out_of_sample), items_order))
    path = add_dataset(
        workspace,
        name,
        items,
        id_column=id_column,
        label_column=label_column,
        class_file=classes,
        confirmed=confirm_classes,
        models=models,
    )
    say(f"{path} written")
    if classes is None and not confirm_classes:
        say("Its class list was derived from the labels: check it, then set 'classes_confirmed: true'.")


@importers.command("label-errors")
def label_errors(
    ctx: typer.Context,
    root: Annotated[
        Path, typer.Argument(metavar="ROOT", help="A checkout of the public label-errors repository.")
    ],
    dataset: Annotated[
        str, typer.Option(help="cifar10, cifar100, mnist, imagenet, caltech256, 20news, imdb, ...")
    ],
    predictions: Annotated[
        Path | None, typer.Option(help="Folder with *_top5preds.npy and *_top5probs.npy, a pair a model.")
    ] = None,
    skip_unknown_votes: Annotated[
        bool, typer.Option("--skip-unknown-votes", help="Leave out votes on items that the repository lacks.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a YAML or items file that was changed since.")
    ] = False,
) -> None:
    """Import a set of the study 'Pervasive Label Errors in Test Sets', with its reviewers' votes."""
    from audits.ingest.label_errors import import_label_errors
    from audits.review.store import ReviewStore

    workspace = open_workspace(ctx)
    with ReviewStore(workspace.store_url) as store:
        done = import_label_errors(
            root,
            dataset,
            workspace,
            store,
            predictions,
            skip_unknown_votes=skip_unknown_votes,
            overwrite=overwrite,
        )
    say(
        f"{done.path}: {done.items} items, {done.classes} classes, {len(done.models)} models",
        f"{done.voted_items} items have votes: {done.stored} verdicts stored, {done.already} were there already",
    )
    if done.skipped_items:
        warn(f"votes on {done.skipped_items} items that the repository lacks were left out")
    if done.repeated_files:
        warn(f"{len(done.repeated_files)} files are listed twice in the index; the second is item '...#2'")
    say(f"Next: labelaudit run {done.dataset}")
