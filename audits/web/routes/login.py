"""Logging in and out."""

from __future__ import annotations

from math import ceil
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from audits.errors import UsageError
from audits.review.accounts import Account, Actor, account_name
from audits.web.pages import render
from audits.web.people import NotSignedIn, address_of, signed_in
from audits.web.security.attempts import in_words
from audits.web.security.guard import Security
from audits.web.security.refusal import local_path
from audits.web.security.visit import visit_of

router = APIRouter()

_WRONG = "There is no account of this name with this password."


@router.get("/login")
def log_in_page(request: Request, next: str = "/") -> Response:
    """The log-in page; who is signed in already goes on."""
    try:
        signed_in(request)
    except NotSignedIn:
        return _page(request, "", next)
    return RedirectResponse(local_path(next), 303)


@router.post("/login")
def log_in(
    request: Request,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Sign somebody in, in a new session."""
    if not request.app.state.room.settings.accounts:
        return RedirectResponse("/", 303)
    security: Security = request.app.state.security
    address = address_of(request) or ""
    try:
        name = account_name(name)
    except UsageError:
        return _page(request, "", next, _WRONG, 401)
    wait = security.attempts.begin(name, address)
    if wait > 0:
        words = f"Too many tries failed. Wait {in_words(wait)}, then try again."
        return _page(request, name, next, words, 429, {"Retry-After": str(ceil(wait))})
    account = verified(security, name, password)
    if account is None:
        # a name that is no account's may be a password that somebody typed into the wrong field: it is not kept
        known = name if security.accounts.get(name) is not None else None
        security.accounts.tell("log-in refused", by=Actor(None, address), account=known)
        return _page(request, name, next, _WRONG, 401)
    security.attempts.succeeded(name, address)
    security.accounts.tell("logged in", by=Actor(name, address))
    visit_of(request).begin(account.name, account.epoch)
    return RedirectResponse(local_path(next), 303)


@router.post("/logout")
def log_out(request: Request) -> Response:
    """End all sessions of whoever is signed in: a copy of a cookie, wherever it is, is worth nothing after it."""
    security: Security = request.app.state.security
    try:
        person = signed_in(request)
    except NotSignedIn:
        return RedirectResponse("/login", 303)
    if person.via == "session":
        security.accounts.end_sessions(person.name, by=Actor(person.name, person.address))
        visit_of(request).end()
    return RedirectResponse("/login", 303)


def verified(security: Security, name: str, password: str) -> Account | None:
    """The active account that a password is right for; the same work is done where there is none.

    A hash of older parameters is made anew.
    """
    stored = security.accounts.password_hash(name)
    if not security.passwords.verify(stored, password) or stored is None:
        return None
    account = security.accounts.get(name)
    if account is None or not account.active:
        return None
    if security.passwords.outdated(stored):
        security.accounts.rehash(name, stored, security.passwords.hash(password), by=Actor(name))
    return account


def _page(
    request: Request,
    name: str,
    next: str,
    fault: str | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    way_on = local_path(next)
    page = render(
        request,
        "login.html",
        None,
        status=status,
        title="Log in",
        name=name,
        next=way_on,
        fault=fault,
    )
    page.headers.update(headers or {})
    return page
