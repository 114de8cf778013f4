"""The account page: one's password, sessions and tokens for programs."""

from __future__ import annotations

from math import ceil
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from audits.errors import UsageError
from audits.review.accounts import Actor
from audits.web.pages import render
from audits.web.people import Person, SignedIn
from audits.web.routes.login import verified
from audits.web.security.attempts import in_words
from audits.web.security.guard import Security
from audits.web.security.passwords import SHORTEST, sound_password
from audits.web.security.visit import visit_of

router = APIRouter()

#: What the page says after something was done.
_DONE = {
    "password": "The password is changed. All other sessions have ended.",
    "sessions": "All other sessions have ended.",
    "revoked": "The token is revoked.",
}


@router.get("/account")
def account_page(request: Request, person: SignedIn, done: str = "") -> Response:
    """One's account."""
    return _page(request, person, done=_DONE.get(done))


@router.post("/account/password")
def change_password(
    request: Request,
    person: SignedIn,
    current: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Take another password. This session goes on under a new cookie, all others end."""
    _in_session(person)
    security: Security = request.app.state.security
    wait = security.attempts.begin(person.name, person.address or "")
    if wait > 0:
        words = f"Too many tries failed. Wait {in_words(wait)}, then try again."
        page = _page(request, person, 429, password_fault=words)
        page.headers["Retry-After"] = str(ceil(wait))
        return page
    if verified(security, person.name, current) is None:
        return _page(request, person, 422, password_fault="This is not the present password.")  # noqa: S106
    security.attempts.succeeded(person.name, person.address or "")
    try:
        sound = sound_password(new, person.name)
    except UsageError as e:
        return _page(request, person, 422, password_fault=_sentence(str(e)))
    if new != again:
        return _page(request, person, 422, password_fault="The two new passwords differ.")  # noqa: S106
    account = security.accounts.set_password(
        person.name, security.passwords.hash(sound), by=Actor(person.name, person.address)
    )
    visit_of(request).begin(account.name, account.epoch)
    return RedirectResponse("/account?done=password", 303)


@router.post("/account/sessions")
def end_other_sessions(request: Request, person: SignedIn) -> Response:
    """End all sessions but this one."""
    _in_session(person)
    security: Security = request.app.state.security
    account = security.accounts.end_sessions(person.name, by=Actor(person.name, person.address))
    visit_of(request).begin(account.name, account.epoch)
    return RedirectResponse("/account?done=sessions", 303)


@router.post("/account/tokens")
def make_token(request: Request, person: SignedIn, label: Annotated[str, Form()] = "") -> Response:
    """Make a token. It is on this answer and nowhere else, so there is no redirect."""
    _in_session(person)
    security: Security = request.app.state.security
    try:
        token, secret = security.accounts.add_token(person.name, label, by=Actor(person.name, person.address))
    except UsageError as e:
        return _page(request, person, 422, token_fault=_sentence(str(e)))
    return _page(request, person, made=token, secret=secret)


@router.post("/account/tokens/{token}/revoke")
def revoke_token(request: Request, person: SignedIn, token: int) -> Response:
    """Make one of one's tokens worthless."""
    _in_session(person)
    security: Security = request.app.state.security
    security.accounts.revoke(token, by=Actor(person.name, person.address), of=person.name)
    return RedirectResponse("/account?done=revoked", 303)


def _in_session(person: Person) -> None:
    """Refuse whoever did not log in with a password: a token that got out must not make further ones."""
    if person.via == "local":
        raise HTTPException(403, "There are no accounts here: 'labelaudit users add' makes the first.")
    if person.via != "session":
        raise HTTPException(403, "An account is changed by whoever logs in to it, not with a token.")


def _page(
    request: Request,
    person: Person,
    status: int = 200,
    *,
    done: str | None = None,
    made: object = None,
    secret: str = "",
    password_fault: str | None = None,
    token_fault: str | None = None,
) -> Response:
    security: Security = request.app.state.security
    tokens = [] if person.via == "local" else security.accounts.tokens(person.name)
    return render(
        request,
        "account.html",
        person,
        status=status,
        title="Your account",
        tokens=[t for t in tokens if t.revoked_at is None],
        done=done,
        made=made,
        secret=secret,
        password_fault=password_fault,
        token_fault=token_fault,
        shortest=SHORTEST,
    )


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "."
