"""New scores on a button: asking for them, and how far they are."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from audits.review.activity import Act, record
from audits.web.answering import text
from audits.web.pages import render
from audits.web.people import Adjudicating
from audits.web.rescore import rescorer_of
from audits.web.routes.review import Sent

router = APIRouter()


@router.get("/d/{name}/rescore")
def progress(request: Request, person: Adjudicating, name: str) -> Response:
    """How far the new scores are; the page looks again by itself while they are being made."""
    room = request.app.state.room
    loaded = room.loaded(name, person)
    rescorer = rescorer_of(room)
    return render(
        request,
        "rescore.html",
        person,
        title="New scores",
        dataset=loaded.name,
        tab="compare",
        rescore=rescorer.state(name),
        daemon=rescorer.daemon_lives,
    )


@router.post("/d/{name}/rescore")
def ask(request: Request, person: Adjudicating, name: str, form: Sent) -> Response:
    """Ask for new scores; `here` asks for a process of this app's own also where a daemon lives."""
    room = request.app.state.room
    loaded = room.loaded(name, person)
    rescorer_of(room).ask(loaded.name, person.name, here=text(form, "here") == "yes")
    with room.store.writing() as connection:
        record(connection, [Act(person.name, "re-score", loaded.name, address=person.address)])
    return RedirectResponse(f"/d/{quote(name)}/rescore", status_code=303)
