"""The pages on which an admin makes and changes accounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from audits.errors import UsageError, plain
from audits.review.accounts import Account, Accounts, Actor
from audits.review.records import ACCOUNT_ROLES, AccountRole
from audits.web.pages import render
from audits.web.people import Administrating, Person
from audits.web.security.guard import Security
from audits.web.security.passwords import SHORTEST, sound_password

router = APIRouter()

#: What the page of a user says after something was done.
_DONE = {
    "added": "The account is made.",
    "role": "The role is changed.",
    "datasets": "The datasets are granted.",
    "enabled": "The account may log in again.",
    "disabled": "The account is disabled: its sessions have ended, and its tokens are worth nothing.",
    "password": "The password is changed, and the sessions have ended.",
    "revoked": "The token is revoked.",
}


@router.get("/users")
def users_page(request: Request, person: Administrating) -> Response:
    """All accounts, and a form for another."""
    return _list(request, person)


@router.post("/users")
def add_user(
    request: Request,
    person: Administrating,
    name: Annotated[str, Form()] = "",
    role: Annotated[str, Form()] = "reviewer",
    password: Annotated[str, Form()] = "",
    every: Annotated[bool, Form()] = False,
    datasets: Annotated[Sequence[str], Form()] = (),
) -> Response:
    """Make an account."""
    _in_session(person)
    security = _security(request)
    try:
        sound = sound_password(password, name)
        granted = None if every or role == "admin" else _served(request, person, datasets)
        made = security.accounts.add(
            name, _known_role(role), security.passwords.hash(sound), granted, by=_actor(person)
        )
    except UsageError as e:
        entered = {"name": name, "role": role, "every": every, "datasets": datasets}
        return _list(request, person, 422, fault=_sentence(str(e)), entered=entered)
    return _back(made.name, "added")


@router.get("/users/one")
def user_page(request: Request, person: Administrating, name: str, done: str = "") -> Response:
    """One account. Its name stands in the query: it may hold any sign."""
    return _one(request, person, _account(request, name), done=_DONE.get(done))


@router.post("/users/role")
def change_role(
    request: Request, person: Administrating, name: Annotated[str, Form()], role: Annotated[str, Form()]
) -> Response:
    """Give an account another role."""
    _not_self(person, name)
    _accounts(request).set_role(name, _known_role(role), by=_actor(person))
    return _back(name, "role")


@router.post("/users/datasets")
def grant_datasets(
    request: Request,
    person: Administrating,
    name: Annotated[str, Form()],
    every: Annotated[bool, Form()] = False,
    datasets: Annotated[Sequence[str], Form()] = (),
) -> Response:
    """Say which datasets an account sees."""
    _in_session(person)
    granted = None if every else _served(request, person, datasets)
    _accounts(request).grant(name, granted, by=_actor(person))
    return _back(name, "datasets")


@router.post("/users/active")
def change_active(
    request: Request, person: Administrating, name: Annotated[str, Form()], active: Annotated[bool, Form()]
) -> Response:
    """Disable an account, or let it in again."""
    _not_self(person, name)
    _accounts(request).set_active(name, active, by=_actor(person))
    return _back(name, "enabled" if active else "disabled")


@router.post("/users/password")
def give_password(
    request: Request, person: Administrating, name: Annotated[str, Form()], password: Annotated[str, Form()]
) -> Response:
    """Give an account another password, for somebody who forgot theirs."""
    _not_self(person, name)
    security = _security(request)
    try:
        sound = sound_password(password, name)
    except UsageError as e:
        return _one(request, person, _account(request, name), 422, fault=_sentence(str(e)))
    security.accounts.set_password(name, security.passwords.hash(sound), by=_actor(person))
    return _back(name, "password")


@router.post("/users/revoke")
def revoke_of(
    request: Request, person: Administrating, name: Annotated[str, Form()], token: Annotated[int, Form()]
) -> Response:
    """Make a token of an account worthless."""
    _in_session(person)
    _accounts(request).revoke(token, by=_actor(person), of=name)
    return _back(name, "revoked")


def _in_session(person: Person) -> None:
    if person.via == "local":
        raise HTTPException(403, "There are no accounts here: 'labelaudit users add' makes the first.")
    if person.via != "session":
        raise HTTPException(403, "Accounts are changed by an admin who is logged in, not with a token.")


def _not_self(person: Person, name: str) -> None:
    """An admin who locks themselves out may have been the last."""
    _in_session(person)
    if name == person.name:
        raise HTTPException(403, "This is your own account: another admin changes it, or 'labelaudit users'.")


def _known_role(role: str) -> AccountRole:
    for known in ACCOUNT_ROLES:
        if role == known:
            return known
    raise UsageError(f"the role must be one of {', '.join(ACCOUNT_ROLES)}, got {plain(role)!r}")


def _served(request: Request, person: Person, datasets: Sequence[str]) -> list[str]:
    there = request.app.state.room.names(person)
    if unknown := [d for d in datasets if d not in there]:
        raise UsageError(f"there is no dataset {plain(unknown[0])!r} here")
    return list(datasets)


def _security(request: Request) -> Security:
    found: Security = request.app.state.security
    return found


def _accounts(request: Request) -> Accounts:
    return _security(request).accounts


def _actor(person: Person) -> Actor:
    return Actor(person.name, person.address)


def _account(request: Request, name: str) -> Account:
    if (found := _accounts(request).get(name)) is None:
        raise UsageError(f"there is no account {plain(name)!r}")
    return found


def _back(name: str, done: str) -> Response:
    return RedirectResponse(f"/users/one?name={quote(name, safe='')}&done={done}", 303)


def _list(
    request: Request,
    person: Person,
    status: int = 200,
    *,
    fault: str | None = None,
    entered: dict[str, object] | None = None,
) -> Response:
    return render(
        request,
        "users.html",
        person,
        status=status,
        title="Users",
        accounts=_accounts(request).all(),
        roles=ACCOUNT_ROLES,
        fault=fault,
        entered=entered or {"name": "", "role": "reviewer", "every": False, "datasets": ()},
        shortest=SHORTEST,
    )


def _one(
    request: Request,
    person: Person,
    account: Account,
    status: int = 200,
    *,
    done: str | None = None,
    fault: str | None = None,
) -> Response:
    tokens = _accounts(request).tokens(account.name)
    return render(
        request,
        "user.html",
        person,
        status=status,
        title=account.name,
        account=account,
        roles=ACCOUNT_ROLES,
        tokens=[t for t in tokens if t.revoked_at is None],
        done=done,
        fault=fault,
        shortest=SHORTEST,
    )


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "."
