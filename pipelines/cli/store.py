"""`store check`, `store migrate` and `store copy`."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.app import app, open_workspace
from pipelines.cli.output import JsonOption, print_json, print_table, say

if TYPE_CHECKING:
    from audits.review.store_digest import TableDigest

store = typer.Typer(
    help="Look at the review store, migrate it, or move it to a database server.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(store, name="store")

_OWN = "workspace"
_HELP = (
    "A store: `workspace` for the workspace's own, a SQLite file, a URL without a password, or `env:NAME` for "
    "the URL in an environment variable."
)
_Store = Annotated[str, typer.Argument(metavar="[STORE]", help=_HELP)]


@store.command("check")
def check(ctx: typer.Context, which: _Store = _OWN, as_json: JsonOption = False) -> None:
    """Look a store through: whether the database is sound, every row fits, and what each table comes to.

    The exit status is 2 when something is wrong. Nothing is changed.
    """
    from audits.errors import StoreError, UsageError
    from audits.review.store_copy import check_store

    url = _url(ctx, which)
    path = url.removeprefix("sqlite:///").replace("%3F", "?").replace("%25", "%")
    if which != _OWN and url.startswith("sqlite:") and not Path(path).exists():
        raise UsageError(f"there is no review store at {path}")
    found = check_store(url)
    if as_json:
        print_json(asdict(found))
    elif found.revision is None and not found.faults:
        say(f"{found.store} ({found.kind}): no store yet; the first run makes it")
    else:
        _print_tables(f"{found.store} ({found.kind}), revision {found.revision}", found.tables)
    if found.faults:
        raise StoreError("\n".join([f"review store {found.store} is not sound", *found.faults]))


@store.command("migrate")
def migrate(ctx: typer.Context, which: _Store = _OWN) -> None:
    """Bring a store's tables to the newest revision; a store that has none is given them.

    A SQLite file is also migrated by the first command that opens it. A database server is not, since others
    with an older labelaudit may be using it.
    """
    from audits.review.backends import where
    from audits.review.database import look_at, open_engine
    from audits.review.schema import HEAD

    url = _url(ctx, which)
    look = look_at(url)
    open_engine(url, migrate=True).dispose()
    before = "no tables" if look is None else f"revision {look.revision}"
    if look is not None and look.revision == HEAD:
        say(f"{where(url)} is at revision {HEAD} already")
    else:
        say(f"{where(url)}: from {before} to revision {HEAD}")


@store.command("copy")
def copy(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="FROM", help=_HELP)],
    target: Annotated[str, typer.Argument(metavar="TO", help="Likewise; it must be empty.")],
    as_json: JsonOption = False,
) -> None:
    """Copy a store into an empty one, of the same kind or the other, and compare counts and hashes.

    The copy is there whole or not at all. Ids stay as they are.
    """
    from audits.review.backends import where
    from audits.review.store_copy import copy_store

    urls = _url(ctx, source), _url(ctx, target)
    tables = copy_store(*urls)
    names = [where(url) for url in urls]
    if as_json:
        print_json({"from": names[0], "to": names[1], "tables": {k: asdict(v) for k, v in tables.items()}})
        return
    _print_tables(f"{names[0]} is copied to {names[1]}; both hold", tables)


def _print_tables(title: str, tables: "dict[str, TableDigest]") -> None:
    rows = [[name, str(t.rows), t.digest] for name, t in tables.items()]
    print_table(title, ["table", "rows", "hash"], rows, text=["table", "hash"])


def _url(ctx: typer.Context, which: str) -> str:
    """URL of a store that the caller names."""
    from audits.errors import UsageError
    from audits.workspace_config import holds_password

    if which == _OWN:
        return open_workspace(ctx).store_url
    if which.startswith("env:"):
        name = which.removeprefix("env:")
        if not os.environ.get(name, "").strip():
            raise UsageError(f"the environment variable {name} is not set; it should hold the URL of a store")
        return os.environ[name].strip()
    if "://" not in which:
        path = str(Path(which).absolute()).replace("%", "%25").replace("?", "%3F")
        return f"sqlite:///{path}"
    if holds_password(which):
        raise UsageError(
            "a URL on the command line must not hold a password: others can read it there; put the URL into an "
            "environment variable and say env:NAME"
        )
    return which
