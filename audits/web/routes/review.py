"""The review page: one item after the other, its decision, undo and skip."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.datastructures import FormData

from audits.errors import VerdictsError
from audits.review.desk.desk import Desk
from audits.review.desk.records import Answer, Assignment
from audits.review.record_checks import text_problems
from audits.review.records import Question, Role, Shown, StoredVerdict
from audits.review.store import ReviewStore
from audits.web.answering import answer_of, text
from audits.web.content.card import card
from audits.web.digits import digits_of
from audits.web.filters import audits_of, filters_of, query_of
from audits.web.loaded import Loaded
from audits.web.looked import has_looked
from audits.web.pace import pace
from audits.web.pages import render
from audits.web.people import SignedIn
from audits.web.rescore import after_decision
from audits.web.said import standing

router = APIRouter()


async def sent_form(request: Request) -> FormData:
    """The form of a request, without files."""
    return await request.form(max_files=0)


Sent = Annotated[FormData, Depends(sent_form)]


@router.get("/d/{name}/review")
def review(
    request: Request,
    person: SignedIn,
    name: str,
    question: str | None = None,
    ahead: Annotated[int, Query(ge=0, le=1)] = 0,
    fragment: bool = False,
) -> Response:
    """The next item, or the one that is asked for; with `ahead` the part of the page that comes after it."""
    room = request.app.state.room
    loaded = room.loaded(name, person)
    desk: Desk = room.desk(name, person)
    filters = filters_of(request.query_params, loaded)
    assignment = desk.take(person.name, filters, question=question, ahead=ahead)
    if ahead and assignment is None:
        return unkept(Response(status_code=204))
    here = query_of(filters)
    values = {
        **form_values(loaded, desk, person.name, here),
        **(cleared_values(desk, person.name) if assignment is None else task_values(loaded, assignment)),
        "filters": filters,
        "question": question,
    }
    part = "_cleared.html" if assignment is None else "_task.html"
    if ahead or fragment:
        return unkept(render(request, part, person, title="", dataset=name, tab="review", **values))
    title = "Nothing left for you" if assignment is None else "Review"
    values |= {"audits": audits_of(loaded), "models": list(loaded.models)}
    return unkept(
        render(request, "review.html", person, title=title, dataset=name, tab="review", part=part, **values)
    )


@router.post("/d/{name}/decide")
def decide(request: Request, person: SignedIn, name: str, form: Sent) -> Response:
    """Store a decision, once however often it is sent."""
    room = request.app.state.room
    loaded = room.loaded(name, person)
    desk: Desk = room.desk(name, person)
    if (decided_as := text(form, "reviewer")) not in ("", person.name):
        # a browser that kept a decision sends it on when somebody else has signed in
        raise HTTPException(403, f"This was decided as {decided_as!r}, and you are {person.name!r}.")
    asked = known_question(room.store, name, text(form, "question"))
    config = loaded.dataset.config.review.room
    answer = answer_of(form, asked, loaded.classes, config, datetime.now(UTC))
    role: Role | None = None
    before = [v for v in room.store.verdicts(name, [asked.hash]) if v.reviewer == person.name]
    looked = bool(before) and has_looked(room.store, asked.hash, person.name)
    shown: Shown = "blind" if config.blind and not looked else "open"
    if text(form, "back") == "one":
        # who decides anew on the item's page does so as whom they decided before
        mine = standing(before, person.name)
        role = mine[-1].role if mine else None
        if role == "adjudicator" and not person.may("adjudicator"):
            role = None

    def store(answer: Answer) -> list[StoredVerdict]:
        return desk.decide(person.name, [answer], address=person.address, shown=shown, role=role)

    try:
        stored = store(answer)
    except VerdictsError:
        # a form without script that is sent twice: the time it took is worked out here, and is another one
        sent = room.store.verdicts_by_client_id([answer.client_id]).get(answer.client_id)
        if sent is None or sent.seconds == answer.seconds:
            raise
        stored = store(replace(answer, seconds=sent.seconds))
    after_decision(room, desk)
    return _done(request, form, name, {"verdicts": [v.id for v in stored]}, desk, person.name)


@router.post("/d/{name}/skip")
def skip(request: Request, person: SignedIn, name: str, form: Sent) -> Response:
    """Put an item aside; it comes again after the others."""
    room = request.app.state.room
    loaded = room.loaded(name, person)
    desk: Desk = room.desk(name, person)
    asked = known_question(room.store, loaded.name, text(form, "question"))
    desk.skip(person.name, asked.hash, address=person.address)
    return _done(request, form, name, {}, desk, person.name)


@router.post("/d/{name}/undo")
def undo(request: Request, person: SignedIn, name: str, form: Sent) -> Response:
    """Withdraw the person's last verdict, or the one that is named, and show its item again."""
    room = request.app.state.room
    loaded = room.loaded(name, person)
    desk: Desk = room.desk(name, person)
    named = [v for v in form.getlist("verdict") if isinstance(v, str)]
    if odd := [v for v in named if not (v.isascii() and v.isdecimal() and len(v) < 19)]:
        raise HTTPException(422, f"Expected the number of a verdict, got {odd[0]!r}.")
    taken = desk.undo(
        person.name,
        address=person.address,
        client_id=text(form, "undo_id"),
        verdicts=[int(v) for v in named] or None,
    )
    back = {"question": taken[-1].question.hash}
    return _done(request, form, loaded.name, back, desk, person.name, **back)


def known_question(store: ReviewStore, name: str, hash_: str) -> Question:
    """A question of a dataset by its hash.

    Raises
    ------
    HTTPException
        With status 404 when the dataset has none with this hash.
    """
    # no database is to be asked for what it cannot hold
    found = None if text_problems([("question", hash_)]) else store.questions([hash_]).get(hash_)
    if found is None or found.dataset != name:
        raise HTTPException(404, f"The dataset {name!r} has no question {hash_!r}.")
    return found


def form_values(loaded: Loaded, desk: Desk, reviewer: str, here: str) -> dict[str, Any]:
    """What every page with a decision form needs: keys, classes, progress, and new ids for what is sent."""
    config = loaded.dataset.config.review.room
    progress = desk.progress(reviewer)
    return {
        "room": config,
        "keys": config.all_keys(),
        "classes": loaded.classes,
        "pace": pace(progress),
        "progress": progress,
        "base": f"/d/{quote(loaded.name)}",
        "here": here,
        "client_id": str(uuid.uuid4()),
        "undo_id": str(uuid.uuid4()),
        "started": f"{datetime.now(UTC).timestamp():.3f}",
    }


def task_values(loaded: Loaded, assignment: Assignment) -> dict[str, Any]:
    """What the page of one item needs, and of a blind dataset nothing beside that."""
    blind = loaded.dataset.config.review.room.blind
    shown = card(loaded, assignment.task.question, blind=blind, task=None if blind else assignment.task)
    return {
        "card": shown,
        "digits": digits_of(loaded.classes, shown.likely),
        "blind": blind,
        "assignment": assignment,
        "lease_seconds": max(0, int((assignment.expires_at - datetime.now(UTC)).total_seconds())),
    }


def cleared_values(desk: Desk, reviewer: str) -> dict[str, Any]:
    """What the page needs when nothing is left."""
    return {"last": next(iter(desk.history(reviewer, limit=1)), None)}


def _done(
    request: Request,
    form: FormData,
    name: str,
    told: dict[str, Any],
    desk: Desk,
    reviewer: str,
    **query: str,
) -> Response:
    """For a script what was done and how far it has come; for a form the way to the next page."""
    if "application/json" in request.headers.get("accept", ""):
        return unkept(JSONResponse({**told, "pace": pace(desk.progress(reviewer))}))
    sent = dict(parse_qsl(text(form, "here").lstrip("?")))
    if text(form, "back") == "one":
        path = f"/d/{quote(name)}/q/{quote(text(form, 'question'), safe='')}"
    else:
        path = f"/d/{quote(name)}/review"
        sent = {**query, **sent}
    return unkept(RedirectResponse(f"{path}?{urlencode(sent)}" if sent else path, status_code=303))


def unkept(response: Response) -> Response:
    """A page that the browser does not bring back: its form would offer what was answered."""
    response.headers["Cache-Control"] = "no-store"
    return response
