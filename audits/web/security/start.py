"""Whether the review room may be served as it is asked to be: on any other host than this machine, people sign in."""

from __future__ import annotations

from dataclasses import replace

from audits.errors import UsageError, first_few
from audits.review.accounts import Accounts
from audits.review.store import ReviewStore
from audits.web.security.grants import Grants
from audits.web.settings import RoomSettings
from audits.workspace import Workspace

_COMMAND = "'labelaudit users add NAME --role admin'"


def accounts_required(workspace: Workspace, settings: RoomSettings) -> bool:
    """Whether people must sign in: others reach the server, a dataset names its reviewers, or there are accounts."""
    if not settings.local or Grants(workspace).naming(settings.datasets):
        return True
    with ReviewStore(workspace.store_url) as store:
        return Accounts(store).any()


def checked(workspace: Workspace, settings: RoomSettings) -> RoomSettings:
    """The settings with which the room may be served.

    Parameters
    ----------
    workspace : Workspace
    settings : RoomSettings
        `accounts` may say that people must sign in where they would not have to.

    Returns
    -------
    RoomSettings
        `accounts` says whether people must sign in.

    Raises
    ------
    UsageError
        When they must, and nobody could; it says which command makes an account.
    StoreError
        When the review store cannot be opened.
    """
    if not settings.accounts and not accounts_required(workspace, settings):
        return settings
    with ReviewStore(workspace.store_url) as store:
        if any(a.active for a in Accounts(store).all()):
            return replace(settings, accounts=True)
    if not settings.local:
        why = f"on {settings.host!r} others reach this app, so people must sign in"
    elif named := Grants(workspace).naming(settings.datasets):
        why = f"{first_few(named)}: the YAML file names reviewers, so people must sign in"
    else:
        why = "people must sign in here"
    raise UsageError(f"{why}, and there is no account that may. {_COMMAND} makes one")
