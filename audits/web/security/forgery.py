"""Refuses what another page has a browser send: the form of an attacker, posted with the cookies of a reviewer."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from audits.web.faults import told
from audits.web.security.body import IMPORT_BYTES, READING, again, taken
from audits.web.security.visit import FIELD, STATIC, Visit

#: The header by which scripts send the token of their page.
HEADER = "X-CSRF-Token"

#: The one route that posts without anybody being signed in.
LOG_IN = "/login"

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")

#: Types of a body that no form can send, and no script to another server without asking that first.
_OF_PROGRAMS = ("application/json", "text/csv", "application/x-ndjson")

_ELSEWHERE = "This was sent from a page of another server, and is not done. If you meant it, do it from here."
_NO_TOKEN = (
    "This was not sent from a page of your present session, and is not done: the page may be from before you logged "  # noqa: S105
    "in. Open the page anew and send it again."
)


class Forgeries:
    """Refuses requests that change something and were not sent from a page of this app.

    A request with an `Authorization` header passes: a browser adds none by itself, and whoever sends one is known by
    that alone (`people.signed_in`). So does one without a session where people must sign in: it is nobody's. Where
    nobody signs in, a program passes at the API: it sends JSON or a file, and says of no page that it came from there.

    Parameters
    ----------
    app : ASGI app
    accounts : bool
        Whether people must sign in.
    """

    def __init__(self, app: ASGIApp, accounts: bool) -> None:
        self._app, self._accounts = app, accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["method"] in READING or scope["path"].startswith(STATIC):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        visit: Visit = scope["state"]["visit"]
        if "authorization" in headers:
            await self._app(scope, receive, send)
            return
        if is_elsewhere(headers):
            await told(Request(scope, receive), 403, _ELSEWHERE, "csrf")(scope, receive, send)
            return
        if not self._accounts and scope["path"].startswith("/api/") and is_program(headers):
            await self._app(scope, receive, send)
            return
        if not self._accounts or visit.session is not None or scope["path"] == LOG_IN:
            body = await taken(receive, IMPORT_BYTES) or b""
            receive = again(body, receive)
            token = headers.get(HEADER) or await _in_form(scope, headers, body)
            if not visit.fits(token):
                await told(Request(scope, receive), 403, _NO_TOKEN, "csrf")(scope, receive, send)
                return
        await self._app(scope, receive, send)


def is_elsewhere(headers: Headers) -> bool:
    """Whether a browser says that a page of another server sends this; what is no browser says nothing."""
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return True
    if (origin := headers.get("origin")) is None:
        return False
    try:
        sent = urlsplit(origin)
        port = sent.port
    except ValueError:
        return True
    usual = {"http": 80, "https": 443}.get(sent.scheme)
    if usual is None or sent.hostname is None:  # `null` too: a page in a box of its own
        return True
    host = f"[{sent.hostname}]" if ":" in sent.hostname else sent.hostname
    same = {f"{host}:{port or usual}"} | ({host} if port in (None, usual) else set())
    return headers.get("host", "").lower() not in same


def is_program(headers: Headers) -> bool:
    """Whether no page sends this: it names no origin, and its body is of a type that a page must ask leave for."""
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    told_origin = "origin" in headers or "sec-fetch-site" in headers
    return not told_origin and kind in _OF_PROGRAMS


async def _in_form(scope: Scope, headers: Headers, body: bytes) -> str:
    """The token in a form; empty where there is none."""
    if headers.get("content-type", "").split(";")[0].strip().lower() not in _FORMS:
        return ""

    async def nothing() -> dict[str, str]:
        return {"type": "http.disconnect"}

    # a scope of its own: what is read here is not taken for what the route reads
    request = Request({**scope, "state": {}}, again(body, nothing))
    try:
        async with request.form() as form:
            token = form.get(FIELD)
    except HTTPException:  # not a form after all; the route would say the same
        return ""
    return token if isinstance(token, str) else ""
