"""A visit: the session and the form token behind a request, and the cookies that its answer sets."""

from __future__ import annotations

import hmac

from fastapi import Request
from markupsafe import Markup
from starlette.datastructures import MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from audits.web.security.session import IDLE_SECONDS, Session, Sessions, new_binding

#: Name of a form's field that holds the token; scripts send it as the header `X-CSRF-Token`.
FIELD = "csrf_token"

#: Where no person is asked for and answers may be kept by anybody.
STATIC = "/static/"


class Visit:
    """The session and the form token behind one request.

    Parameters
    ----------
    sessions : Sessions
    cookies : dict of str to str
        That came with the request.
    secure : bool
        Whether the request came by https: cookies are then sent by https alone, and are this host's alone.
    """

    def __init__(self, sessions: Sessions, cookies: dict[str, str], *, secure: bool) -> None:
        self._sessions, self._secure = sessions, secure
        self._cookie = f"__Host-{sessions.cookie}" if secure else sessions.cookie
        self.session: Session | None = sessions.opened(cookies.get(self._cookie, ""))
        self._first = self.session
        self._bound = cookies.get(f"{self._cookie}-form", "")
        self._unbound = not self._bound
        if self._unbound:
            self._bound = new_binding()

    @property
    def token(self) -> str:
        """The token that forms must send along."""
        return self._sessions.form_token(self._bound if self.session is None else self.session.binding)

    def fits(self, token: str) -> bool:
        """Whether a token is this visit's."""
        return hmac.compare_digest(self.token.encode(), token.encode("utf-8", "replace"))

    def begin(self, name: str, epoch: int) -> None:
        """Sign somebody in, in a session of its own."""
        self.session = self._sessions.new(name, epoch)

    def end(self) -> None:
        """Have the browser forget the session."""
        self.session = None

    def cookies(self) -> list[str]:
        """What the answer's `Set-Cookie` headers say."""
        form = f"{self._cookie}-form"
        if self.session is None:
            gone = [] if self._first is None else [self._set(self._cookie, "", 0)]
            # the form token of whoever is not signed in hangs on chance of its own, kept as long as the browser runs
            return gone + ([self._set(form, self._bound, None)] if self._unbound else [])
        if self.session != self._first:
            return [self._set(self._cookie, self._sessions.sealed(self.session), IDLE_SECONDS)]
        if (renewed := self._sessions.renewed(self.session)) is not None:
            return [self._set(self._cookie, self._sessions.sealed(renewed), IDLE_SECONDS)]
        return []

    def _set(self, name: str, value: str, seconds: int | None) -> str:
        parts = [f"{name}={value}", "Path=/", "HttpOnly", "SameSite=Lax"]
        parts += [] if seconds is None else [f"Max-Age={seconds}"]
        return "; ".join([*parts, "Secure"] if self._secure else parts)


class Visits:
    """Gives every request its visit, and its answer the cookies.

    Parameters
    ----------
    app : ASGI app
    sessions : Sessions
    https : bool
        Whether people reach the server through https, whatever the request says.
    """

    def __init__(self, app: ASGIApp, sessions: Sessions, https: bool) -> None:
        self._app, self._sessions, self._https = app, sessions, https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["path"].startswith(STATIC):
            await self._app(scope, receive, send)
            return
        sent = [v.decode("latin-1") for k, v in scope["headers"] if k == b"cookie"]
        cookies = cookie_parser("; ".join(sent))
        visit = Visit(self._sessions, cookies, secure=self._https or scope["scheme"] == "https")
        scope.setdefault("state", {})["visit"] = visit

        async def send_with_cookies(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for cookie in visit.cookies():
                    headers.append("Set-Cookie", cookie)
            await send(message)

        await self._app(scope, receive, send_with_cookies)


def visit_of(request: Request) -> Visit:
    """The visit behind a request; static files have none, nor has what was refused before it."""
    visit: Visit = request.state.visit
    return visit


def csrf_token(request: Request) -> str:
    """The token that a script sends as the header `X-CSRF-Token`; empty where there can be no form."""
    visit: Visit | None = getattr(request.state, "visit", None)
    return "" if visit is None else visit.token


def csrf_field(request: Request) -> Markup:
    """The hidden field that every form that posts must hold."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, csrf_token(request))
