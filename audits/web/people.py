"""Who asks: the person behind a request, and what a route demands of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import Depends, HTTPException, Request

from audits.errors import first_few
from audits.review.records import ACCOUNT_ROLES, AccountRole
from audits.web.security.visit import visit_of

if TYPE_CHECKING:
    from audits.review.accounts import Account
    from audits.web.security.guard import Security

_SIGN_IN = "Sign in first."
_BAD_TOKEN = "The token in the Authorization header is not known, was revoked, or its account is disabled."  # noqa: S105


class NotSignedIn(Exception):  # noqa: N818  no error of anybody: it leads to the log-in page
    """Nobody who is known asks for what only people who are signed in may have."""


@dataclass(frozen=True)
class Person:
    """Who asks.

    Attributes
    ----------
    name : str
        Under which their verdicts are stored.
    role : {"reviewer", "adjudicator", "admin"}
        Each may do what those before it may.
    datasets : frozenset of str or None
        The datasets they see; None: all.
    address : str or None
        Where the request came from.
    via : {"local", "session", "token"}
        How they are known.
    """

    name: str
    role: AccountRole
    datasets: frozenset[str] | None = None
    address: str | None = None
    via: Literal["local", "session", "token"] = "local"

    def may(self, role: AccountRole) -> bool:
        """Whether they may do what a role may."""
        return ACCOUNT_ROLES.index(self.role) >= ACCOUNT_ROLES.index(role)

    def sees(self, dataset: str) -> bool:
        """Whether a dataset is theirs to see."""
        return self.datasets is None or dataset in self.datasets


def signed_in(request: Request) -> Person:
    """The person behind a request.

    One with an `Authorization` header is known by that alone: a cookie beside it, or being on this machine, does
    not help where the token is wrong.

    Raises
    ------
    NotSignedIn
        When people must sign in and this one is not; also at once after their account was disabled, their password
        changed or their token revoked.
    """
    security: Security = request.app.state.security
    settings = request.app.state.room.settings
    address = address_of(request)
    if (header := request.headers.get("authorization")) is not None:
        kind, _, token = header.partition(" ")
        account = security.accounts.of_token(token.strip()) if kind.lower() == "bearer" else None
        if account is None:
            raise NotSignedIn(_BAD_TOKEN)
        return _person(account, security, address, "token")
    if not settings.accounts:
        if named := security.grants.naming(settings.datasets):
            raise HTTPException(
                403,
                f"{first_few(named)}: the YAML file names reviewers, so people must sign in now. Make accounts with "
                "'labelaudit users add', and start 'labelaudit review' anew.",
            )
        return Person(settings.local_reviewer, "admin", None, address, "local")
    visit = visit_of(request)
    if visit.session is None:
        raise NotSignedIn(_SIGN_IN)
    account = security.accounts.get(visit.session.name)
    if account is None or not account.active or account.epoch != visit.session.epoch:
        visit.end()
        raise NotSignedIn("This session has ended. Sign in again.")
    return _person(account, security, address, "session")


def address_of(request: Request) -> str | None:
    """Where a request came from."""
    return request.client.host if request.client else None


def _person(
    account: Account, security: Security, address: str | None, via: Literal["session", "token"]
) -> Person:
    return Person(account.name, account.role, security.grants.of(account), address, via)


def adjudicating(person: Annotated[Person, Depends(signed_in)]) -> Person:
    """A person who may adjudicate."""
    return _require(person, "adjudicator")


def administrating(person: Annotated[Person, Depends(signed_in)]) -> Person:
    """A person who may administrate."""
    return _require(person, "admin")


def _require(person: Person, role: AccountRole) -> Person:
    if not person.may(role):
        raise HTTPException(403, f"This page is for the role {role!r}; {person.name} is {person.role}.")
    return person


#: What routes declare their first argument as.
SignedIn = Annotated[Person, Depends(signed_in)]
Adjudicating = Annotated[Person, Depends(adjudicating)]
Administrating = Annotated[Person, Depends(administrating)]
