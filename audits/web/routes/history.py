"""What a person decided: the list of it, one item with all that was said of it, and the way back."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from audits.review.desk.desk import Desk
from audits.review.desk.records import Done
from audits.review.desk.sending_back import open_sent_back
from audits.review.records import DECISIONS
from audits.web.content.card import card
from audits.web.content.named import named_id
from audits.web.digits import digits_of
from audits.web.looked import note_look
from audits.web.pages import render
from audits.web.people import SignedIn
from audits.web.routes.review import form_values, known_question, unkept
from audits.web.said import WORDS, keeps_back, said, standing, to_be_seen

router = APIRouter()

#: Entries on a page of the history.
ENTRIES = 50

#: How many entries are looked through at most for those with one decision; a link goes on from there.
_SOUGHT = 1_000


@router.get("/d/{name}/history")
def history(
    request: Request,
    person: SignedIn,
    name: str,
    before: Annotated[int | None, Query(ge=1)] = None,
    decision: str = "",
) -> Response:
    """The person's own verdicts, the newest first."""
    if decision and decision not in DECISIONS:
        raise HTTPException(422, f"Expected a decision, one of {', '.join(DECISIONS)}; got {decision!r}.")
    room = request.app.state.room
    loaded = room.loaded(name, person)
    desk: Desk = room.desk(name, person)
    found, older = _entries(desk, person.name, before, decision)
    entries = [
        (said(loaded, d.verdict, person), named_id(loaded, d.verdict.question.given_label)) for d in found
    ]
    address = f"/d/{quote(name)}/history"
    more = {"decision": decision} if decision else {}
    return unkept(
        render(
            request,
            "history.html",
            person,
            title="History",
            dataset=name,
            tab="history",
            entries=entries,
            decision=decision,
            decisions=WORDS,
            before=before,
            newest=address + (f"?{urlencode(more)}" if more else ""),
            older=None if older is None else f"{address}?{urlencode({**more, 'before': older})}",
        )
    )


@router.get("/d/{name}/q/{question_hash}")
def one(request: Request, person: SignedIn, name: str, question_hash: str) -> Response:
    """One item: what was said of it, and the person's own verdict to withdraw or to replace."""
    room = request.app.state.room
    loaded = room.loaded(name, person)
    desk: Desk = room.desk(name, person)
    asked = known_question(room.store, name, question_hash)
    verdicts = room.store.verdicts(name, [asked.hash])
    mine = standing(verdicts, person.name)
    with room.store.reading() as connection:
        note = open_sent_back(connection, name, person.name).get(asked.hash)
    config = loaded.dataset.config.review.room
    blind = config.blind and not mine
    kept_back = keeps_back(config) and not mine
    if config.blind and mine:
        note_look(room.store, name, asked.hash, person)
    shown = card(loaded, asked, blind=blind)
    return unkept(
        render(
            request,
            "one.html",
            person,
            title="One item",
            dataset=name,
            tab="history",
            **form_values(loaded, desk, person.name, ""),
            card=shown,
            digits=digits_of(loaded.classes, shown.likely),
            blind=blind,
            note=note,
            mine=said(loaded, mine[-1], person) if mine else None,
            standing=mine,
            said=[said(loaded, v, person) for v in to_be_seen(verdicts, person.name, kept_back=kept_back)],
            kept_back=kept_back,
            back=_before(desk, person.name, mine[-1].id if mine else None, asked.hash),
        )
    )


@router.get("/d/{name}/back")
def back(request: Request, person: SignedIn, name: str) -> Response:
    """To the item that the person decided last; to the history where there is none."""
    last = _before(request.app.state.room.desk(name, person), person.name, None)
    path = f"/d/{quote(name)}/history" if last is None else f"/d/{quote(name)}/q/{last}"
    return unkept(RedirectResponse(path, status_code=303))


def _before(
    desk: Desk, reviewer: str, verdict_id: int | None, question_hash: str | None = None
) -> str | None:
    """The question that the person decided before a verdict, or last; of those that stand, and not the same again."""
    for done in desk.history(reviewer, limit=ENTRIES, before=verdict_id):
        if not done.verdict.withdrawn and done.verdict.question.hash != question_hash:
            return done.verdict.question.hash
    return None


def _entries(desk: Desk, reviewer: str, before: int | None, decision: str) -> tuple[list[Done], int | None]:
    """A page of entries, and what the next page is before; None where there is none."""
    found: list[Done] = []
    looked = 0
    while looked < _SOUGHT:
        batch = desk.history(reviewer, limit=ENTRIES + 1, before=before)
        for entry in batch[:ENTRIES]:
            if len(found) == ENTRIES:
                return found, before
            before = entry.verdict.id
            if not decision or entry.verdict.decision == decision:
                found.append(entry)
        looked += ENTRIES
        if len(batch) <= ENTRIES:
            return found, None
        if len(found) == ENTRIES:
            break
    return found, before
