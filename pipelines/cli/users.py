"""`users add`, `list`, `password`, `role`, `grant`, `disable`, `enable`, `token`, `tokens` and `revoke`."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.app import app, open_workspace
from pipelines.cli.output import JsonOption, print_json, print_table, say

if TYPE_CHECKING:
    from audits.review.accounts import Accounts, Actor

users = typer.Typer(
    help="Make and change the accounts of the review app.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(users, name="users")


class RoleName(StrEnum):
    """The roles in `audits.review.records.ACCOUNT_ROLES`."""

    REVIEWER = "reviewer"
    ADJUDICATOR = "adjudicator"
    ADMIN = "admin"


_Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the account.")]
_Datasets = Annotated[
    list[str] | None,
    typer.Option("--dataset", metavar="DATASET", help="A dataset that the account sees. Repeatable."),
]
_Stdin = Annotated[
    bool,
    typer.Option("--password-stdin", help="Read the password from the first line of standard input."),
]


@users.command("add")
def add(
    ctx: typer.Context,
    name: _Name,
    role: Annotated[
        RoleName,
        typer.Option(
            help="reviewer: answers the queue. adjudicator: also has the last word on verdicts that disagree, and sees "
            "the dashboards. admin: also changes accounts, and sees all datasets."
        ),
    ],
    dataset: _Datasets = None,
    password_stdin: _Stdin = False,
) -> None:
    """Make an account. Its password is asked for, twice and without showing it.

    Without --dataset the account sees all datasets, also those to come; a dataset whose YAML names reviewers is
    seen by these alone.
    """
    from audits.errors import UsageError
    from audits.review.accounts import account_name
    from audits.web.security.passwords import Passwords

    given = account_name(name)
    for one in dataset or ():
        open_workspace(ctx).dataset_path(one)  # an unknown name is refused before anything is asked
    with _opened(ctx) as (accounts, actor):
        if accounts.get(given) is not None:
            raise UsageError(f"there is an account {given!r} already")
        hashed = Passwords().hash(_password(given, password_stdin))
        made = accounts.add(given, role.value, hashed, dataset, by=actor)
    say(f"{made.name} is {made.role} of {_datasets(made.datasets)}")


@users.command("list")
def list_(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """List the accounts."""
    with _opened(ctx) as (accounts, _):
        found = accounts.all()
    if as_json:
        print_json(
            [
                {
                    "name": a.name,
                    "role": a.role,
                    "datasets": None if a.datasets is None else list(a.datasets),
                    "active": a.active,
                    "created_at": a.created_at.isoformat(),
                    "changed_at": a.changed_at.isoformat(),
                }
                for a in found
            ]
        )
        return
    if not found:
        say(
            "There are no accounts: the review app is served on this machine alone, and asks nobody to log in."
        )
        return
    rows = [
        [
            a.name,
            a.role,
            _datasets(a.datasets),
            "may log in" if a.active else "disabled",
            f"{a.changed_at:%Y-%m-%d %H:%M}",
        ]
        for a in found
    ]
    columns = ["name", "role", "datasets", "state", "changed (UTC)"]
    print_table("", columns, rows, text=columns)


@users.command("password")
def password(ctx: typer.Context, name: _Name, password_stdin: _Stdin = False) -> None:
    """Give an account another password. All its sessions end."""
    from audits.web.security.passwords import Passwords

    with _opened(ctx) as (accounts, actor):
        known = _known(accounts, name)
        hashed = Passwords().hash(_password(known, password_stdin))
        accounts.set_password(known, hashed, by=actor)
    say(f"the password of {known} is changed, and the sessions have ended")


@users.command("role")
def role(
    ctx: typer.Context,
    name: _Name,
    role: Annotated[RoleName, typer.Argument(metavar="ROLE", help="reviewer, adjudicator or admin.")],
) -> None:
    """Give an account another role."""
    with _opened(ctx) as (accounts, actor):
        changed = accounts.set_role(_known(accounts, name), role.value, by=actor)
    say(f"{changed.name} is {changed.role} of {_datasets(changed.datasets)}")


@users.command("grant")
def grant(
    ctx: typer.Context,
    name: _Name,
    dataset: _Datasets = None,
    every: Annotated[bool, typer.Option("--all", help="All datasets, also those to come.")] = False,
) -> None:
    """Say which datasets an account sees. They take the place of those before."""
    from audits.errors import UsageError

    if every == bool(dataset):
        raise UsageError("give either --all or --dataset, the latter as often as there are datasets")
    for one in dataset or ():
        open_workspace(ctx).dataset_path(one)
    with _opened(ctx) as (accounts, actor):
        changed = accounts.grant(_known(accounts, name), None if every else dataset, by=actor)
    say(f"{changed.name} sees {_datasets(changed.datasets)}")


@users.command("disable")
def disable(ctx: typer.Context, name: _Name) -> None:
    """Shut an account out at once, with its sessions and tokens. Its verdicts stay."""
    with _opened(ctx) as (accounts, actor):
        changed = accounts.set_active(_known(accounts, name), False, by=actor)
    say(f"{changed.name} is disabled")


@users.command("enable")
def enable(ctx: typer.Context, name: _Name) -> None:
    """Let a disabled account log in again; its tokens hold again too."""
    with _opened(ctx) as (accounts, actor):
        changed = accounts.set_active(_known(accounts, name), True, by=actor)
    say(f"{changed.name} may log in")


@users.command("token")
def token(
    ctx: typer.Context,
    name: _Name,
    label: Annotated[str, typer.Option("--name", metavar="LABEL", help="What the token is for.")],
) -> None:
    """Make a token with which a program acts as an account. It is printed, this once."""
    with _opened(ctx) as (accounts, actor):
        _, secret = accounts.add_token(_known(accounts, name), label, by=actor)
    say(secret)
    print(
        "labelaudit: keep it where nobody else reads it; it is shown this once. A program sends it as "
        "'Authorization: Bearer TOKEN'",
        file=sys.stderr,
    )


@users.command("tokens")
def tokens(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Of the account; all when left out.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List tokens, revoked ones too. The tokens themselves are kept nowhere."""
    with _opened(ctx) as (accounts, _):
        found = accounts.tokens(None if name is None else _known(accounts, name))
    if as_json:
        print_json(
            [
                {
                    "id": t.id,
                    "account": t.account,
                    "name": t.name,
                    "created_at": t.created_at.isoformat(),
                    "revoked_at": None if t.revoked_at is None else t.revoked_at.isoformat(),
                }
                for t in found
            ]
        )
        return
    if not found:
        say("There are no tokens.")
        return
    rows = [
        [
            str(t.id),
            t.account,
            t.name,
            f"{t.created_at:%Y-%m-%d %H:%M}",
            "-" if t.revoked_at is None else f"{t.revoked_at:%Y-%m-%d %H:%M}",
        ]
        for t in found
    ]
    print_table("", ["id", "account", "name", "made (UTC)", "revoked (UTC)"], rows, text=["account", "name"])


@users.command("revoke")
def revoke(
    ctx: typer.Context,
    token: Annotated[int, typer.Argument(metavar="ID", help="Of the token, as 'users tokens' lists it.")],
) -> None:
    """Make a token worthless."""
    with _opened(ctx) as (accounts, actor):
        new = accounts.revoke(token, by=actor)
    say(f"token {token} is revoked" if new else f"token {token} was revoked already")


@contextmanager
def _opened(ctx: typer.Context) -> "Iterator[tuple[Accounts, Actor]]":
    """The accounts of the workspace's store, and who changes them: the user of this machine."""
    from audits.review.accounts import Accounts, Actor
    from audits.review.store import ReviewStore

    try:
        who = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        who = None
    with ReviewStore(open_workspace(ctx).store_url) as store:
        yield Accounts(store), Actor(who, via="command")


def _known(accounts: "Accounts", name: str) -> str:
    """The name of an account that is there, as it is stored."""
    from audits.errors import UsageError, first_few, plain
    from audits.review.accounts import account_name

    given = account_name(name)
    if accounts.get(given) is None:
        names = [a.name for a in accounts.all()]
        there = f"; there are {first_few(names)}" if names else "; 'labelaudit users add' makes the first"
        raise UsageError(f"there is no account {plain(given)!r}{there}")
    return given


def _password(name: str, from_stdin: bool) -> str:
    """A sound password, from the terminal or from standard input."""
    from audits.errors import UsageError
    from audits.web.security.passwords import sound_password

    if from_stdin:
        return sound_password(sys.stdin.readline().rstrip("\r\n"), name)
    if not sys.stdin.isatty():
        raise UsageError(
            "there is no terminal to ask for the password on; --password-stdin reads it from there"
        )
    first = sound_password(getpass.getpass(f"Password of {name}: "), name)
    if getpass.getpass("Again: ") != first:
        raise UsageError("the two passwords differ; nothing is changed")
    return first


def _datasets(names: tuple[str, ...] | None) -> str:
    if names is None:
        return "all datasets"
    return ", ".join(names) or "no dataset"
