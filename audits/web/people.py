"""Who asks: the person behind a request, and what a route demands of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, HTTPException, Request

from audits.review.records import ACCOUNT_ROLES, AccountRole


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
    """The person behind a request."""
    settings = request.app.state.room.settings
    address = request.client.host if request.client else None
    return Person(settings.local_reviewer, "admin", None, address, "local")


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
