"""How errors look: a page for people, JSON for programs; never a traceback."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from audits.errors import AuditError, DiskError, LockedError, StoreError, UsageError, VerdictsError
from audits.web.pages import render

_log = logging.getLogger("labelaudit.web")

#: Status of an answer by the kind of error, the first that fits.
_STATUS: tuple[tuple[type[AuditError], int], ...] = (
    (StoreError, 503),
    (DiskError, 503),
    (VerdictsError, 422),
    (LockedError, 409),
    (UsageError, 404),
    (AuditError, 409),
)

_HEADLINES = {
    400: "That cannot be read",
    401: "Log in first",
    403: "This is not allowed",
    404: "There is nothing here",
    409: "This cannot be done now",
    413: "That was too much at once",
    422: "That does not fit",
    429: "Too many tries",
    503: "The store does not take this now",
}

#: Headlines of errors of a certain kind, whatever their status.
_BY_CODE = {"host": "That is not this server's name"}

#: What people who sign in are told of a store or a disk that fails: where it lies is the server's own business.
_FAILING = "The store cannot be read or written at this moment. The log of the server says why."

#: What a person should know of an answer that could not be stored.
_UNSTORED = (
    "Nothing that was confirmed before is lost. What you just sent was not stored; send it again when this is "
    "mended."
)


def add_faults(app: FastAPI) -> None:
    """Have an app answer errors in words."""

    @app.exception_handler(AuditError)
    async def _audit(request: Request, error: AuditError) -> Response:
        status = next(s for kind, s in _STATUS if isinstance(error, kind))
        if status == 503:
            return _failing(request, error, str(error), error.code)
        return told(request, status, _unplaced(request, str(error)), error.code)

    @app.exception_handler(OSError)
    async def _disk(request: Request, error: OSError) -> Response:
        return _failing(request, error, f"The disk or the system refused: {error}", DiskError.code)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return told(request, error.status_code, str(error.detail), "http", dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        words = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
        return told(request, 422, words, "request")

    @app.exception_handler(Exception)
    async def _defect(request: Request, error: Exception) -> Response:
        _log.error("defect at %s", request.url.path, exc_info=error)
        return told(request, 500, "A defect of labelaudit; the log of the server has more.", "defect")


def _failing(request: Request, error: Exception, words: str, code: str) -> Response:
    """What the machine keeps from being done: the log has all of it, and so has whoever sits at the machine."""
    _log.error("%s %s: %s", request.method, request.url.path, words, exc_info=error)
    signs_in = request.app.state.room.settings.accounts
    return told(request, 503, _FAILING if signs_in else words, code)


def _unplaced(request: Request, words: str) -> str:
    """A message without where the workspace lies, for people who sign in from elsewhere."""
    room = request.app.state.room
    return words.replace(f"{room.workspace.root}/", "") if room.settings.accounts else words


def told(
    request: Request, status: int, words: str, code: str, headers: dict[str, str] | None = None
) -> Response:
    """An error in words, as a page or as JSON `{"error": code, "detail": words}`."""
    if request.url.path.startswith("/api/") or "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"error": code, "detail": words}, status, headers)
    page = render(
        request,
        "fault.html",
        None,
        status=status,
        title=_BY_CODE.get(code) or _HEADLINES.get(status, HTTPStatus(status).phrase),
        words=words,
        more=_UNSTORED if status == 503 and request.method == "POST" else None,
    )
    page.headers.update(headers or {})
    return page
