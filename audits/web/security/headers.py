"""Headers that every answer carries: what a browser may do with it, and who may keep it."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from audits.web.security.visit import STATIC

#: Everything comes from this server, nothing is run that stands in a page, nobody puts a page into another.
CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

#: On every answer, unless its route says it more strictly.
ALWAYS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

#: How long a browser keeps the app's own files, in seconds.
STATIC_SECONDS = 300


def protect(headers: MutableHeaders, path: str, status: int) -> None:
    """Add the headers that are not there yet.

    Parameters
    ----------
    headers : MutableHeaders
        Of an answer; changed in place.
    path : str
        What was asked for.
    status : int
    """
    kept = path.startswith(STATIC) and status < 400
    headers.setdefault("Cache-Control", f"public, max-age={STATIC_SECONDS}" if kept else "no-store")
    for name, value in ALWAYS.items():
        headers.setdefault(name, value)


class Headers:
    """Adds the headers to every answer.

    Parameters
    ----------
    app : ASGI app
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                protect(MutableHeaders(scope=message), scope["path"], message["status"])
            await send(message)

        await self._app(scope, receive, send_with_headers)
