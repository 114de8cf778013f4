"""The app: its routes, what every answer carries, and how errors look."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from audits import __version__
from audits.web.api import router as api
from audits.web.faults import add_faults
from audits.web.pages import FOLDER
from audits.web.room import Room
from audits.web.routes import (
    account,
    adjudicate,
    compare,
    dashboard,
    grid,
    history,
    home,
    images,
    login,
    rescore,
    review,
    reviewers,
    users,
)
from audits.web.security.guard import with_security
from audits.web.settings import RoomSettings
from audits.workspace import Workspace

#: Routers of the pages.
PAGES = (
    *(home.router, review.router, history.router, images.router),
    *(grid.router, adjudicate.router, compare.router, rescore.router),
    *(dashboard.router, reviewers.router),
    *(login.router, account.router, users.router),
)


def create_app(workspace: Workspace, settings: RoomSettings | None = None) -> FastAPI:
    """The review room of a workspace.

    Parameters
    ----------
    workspace : Workspace
    settings : RoomSettings, optional

    Returns
    -------
    FastAPI
        `app.state.room` holds the store, which is closed when the app ends.

    Raises
    ------
    StoreError
        When the review store cannot be opened.
    """
    room = Room(workspace, settings or RoomSettings())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        threading.Thread(target=room.warm, name="warming", daemon=True).start()
        try:
            yield
        finally:
            room.close()

    app = FastAPI(
        title="labelaudit review",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # its page would fetch scripts from elsewhere
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.state.room = room
    add_faults(app)
    app.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")
    for router in PAGES:
        app.include_router(router, include_in_schema=False)
    app.include_router(api.router)
    with_security(app, room.settings)
    return app
