"""Puts the guards around the app, in their order, and holds what they and the log-in page share."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI, Request, Response

from audits.review.accounts import Accounts
from audits.web.people import NotSignedIn
from audits.web.security.attempts import Attempts
from audits.web.security.body import Bodies
from audits.web.security.forgery import Forgeries
from audits.web.security.grants import Grants
from audits.web.security.headers import Headers, protect
from audits.web.security.hosts import Hosts
from audits.web.security.passwords import Passwords
from audits.web.security.refusal import not_signed_in
from audits.web.security.secret import signing_secret
from audits.web.security.session import Sessions
from audits.web.security.visit import Visits
from audits.web.settings import RoomSettings


@dataclass(frozen=True)
class Security:
    """What the guards and the log-in page share, as `app.state.security`."""

    accounts: Accounts
    grants: Grants
    sessions: Sessions
    passwords: Passwords
    attempts: Attempts


def with_security(app: FastAPI, settings: RoomSettings) -> None:
    """Put the guards around an app that has its room and its way of answering errors.

    Parameters
    ----------
    app : FastAPI
        With `state.room`, and a handler of errors that nobody foresaw.
    settings : RoomSettings

    Raises
    ------
    UsageError, DamagedError, DiskError
        When there is no secret to sign sessions with, and none can be made.
    """
    room = app.state.room
    sessions = Sessions(signing_secret(room.workspace))
    app.state.security = Security(
        Accounts(room.store), Grants(room.workspace), sessions, Passwords(), Attempts()
    )
    app.add_exception_handler(NotSignedIn, not_signed_in)
    # added last is outermost
    app.add_middleware(Forgeries, accounts=settings.accounts)
    app.add_middleware(Visits, sessions=sessions, https=settings.https)
    app.add_middleware(Bodies)
    app.add_middleware(Hosts, settings=settings)
    app.add_middleware(Headers)

    # what answers errors that nobody foresaw stands outside of all these
    answer = app.exception_handlers[Exception]

    async def defect(request: Request, error: Exception) -> Response:
        response: Response = await answer(request, error)  # type: ignore[misc]
        protect(response.headers, request.url.path, response.status_code)
        return response

    app.add_exception_handler(Exception, defect)
