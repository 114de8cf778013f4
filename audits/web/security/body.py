"""What a request may send: too much of it, or a form in no UTF-8, is refused before any of it is read."""

from __future__ import annotations

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from audits.errors import plain
from audits.web.faults import told

#: Most bytes of a form, or of what the JSON API takes.
FORM_BYTES = 1_000_000

#: Most bytes of a file of verdicts: of what is sent to a path that ends so.
IMPORT_BYTES = 20_000_000
IMPORT_PATH = "/import"

_FORMS = (b"multipart/form-data", b"application/x-www-form-urlencoded")

#: How forms may say that they are written. Whoever reads them would take any name that Python knows, also of what
#: decodes nothing, or to texts that nobody can store.
_CHARSETS = frozenset({b"utf-8", b"utf8", b"us-ascii"})

#: Requests that change nothing; they need no body.
READING = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class Bodies:
    """Takes in the body of a request that changes something, up to the limit, before anything else looks at it.

    Parameters
    ----------
    app : ASGI app
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["method"] in READING:
            await self._app(scope, receive, send)
            return
        if (charset := _charset(scope)) not in _CHARSETS:
            words = f"The form is written in {plain(charset.decode('latin-1'))}; expected UTF-8."
            await told(Request(scope, receive), 415, words, "charset")(scope, receive, send)
            return
        limit = IMPORT_BYTES if scope["path"].endswith(IMPORT_PATH) else FORM_BYTES
        length = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
        body = None if not length.isdigit() or int(length) > limit else await taken(receive, limit)
        if body is None:
            words = f"The request is longer than {limit:,} bytes, the most that is taken here."
            await told(Request(scope, receive), 413, words, "too-long")(scope, receive, send)
            return
        await self._app(scope, again(body, receive), send)


def _charset(scope: Scope) -> bytes:
    """How a form says that it is written, in small letters; UTF-8 where it says nothing, or is no form."""
    header = next((v for k, v in scope["headers"] if k == b"content-type"), b"")
    kind, options = parse_options_header(header)
    return options.get(b"charset", b"utf-8").strip().lower() if kind in _FORMS else b"utf-8"


async def taken(receive: Receive, limit: int) -> bytes | None:
    """The whole body of a request; None when it is longer than the limit. What a client broke off ends there."""
    blocks, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        blocks.append(message.get("body", b""))
        size += len(blocks[-1])
        if size > limit:
            return None
        more = message.get("more_body", False)
    return b"".join(blocks)


def again(body: bytes, receive: Receive) -> Receive:
    """Something that receives a body that was taken in already, and then whatever else comes."""
    given = False

    async def give() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return give
