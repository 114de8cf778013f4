"""Adjudication: what meets no rule, one item at a time with all verdicts side by side, and sending verdicts back."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from audits.errors import VerdictsError
from audits.review.desk.records import Answer, Disputed
from audits.review.records import Shown, StoredVerdict
from audits.web.answering import answer_of, text
from audits.web.content.card import card
from audits.web.digits import digits_of
from audits.web.loaded import Loaded
from audits.web.pages import render
from audits.web.people import Adjudicating, Person
from audits.web.rescore import after_decision
from audits.web.routes.review import Sent, form_values, known_question, unkept
from audits.web.said import said
from audits.web.waiting import waiting

router = APIRouter()

#: Disputed items that are gone through at a time.
MOST = 50


@router.get("/d/{name}/adjudicate")
def adjudicate(
    request: Request, person: Adjudicating, name: str, q: str = "", sent: bool = False
) -> Response:
    """A disputed item: the one that is asked for, else the first."""
    room = request.app.state.room
    loaded, desk = room.loaded(name, person), room.desk(name, person)
    disputed = desk.disputed(MOST)
    hashes = [d.question.hash for d in disputed]
    at = hashes.index(q) if q in hashes else 0
    values: dict[str, Any] = {
        **form_values(loaded, desk, person.name, ""),
        "waiting": waiting(room.store, name),
        "told_sent": sent,
        "settled": bool(q) and q not in hashes and not sent,
        "disputed": len(disputed),
        "more": len(disputed) == MOST,
        "at": at,
        "undo_id": str(uuid.uuid4()),
        "dataset_base": f"/d/{quote(name)}",
    }
    if disputed:
        values |= _shown(loaded, disputed[at], person)
        values |= {
            "previous": hashes[at - 1] if at > 0 else None,
            "next": hashes[at + 1] if at + 1 < len(hashes) else None,
            # after the decision the one that came after it is shown
            "here": hashes[at + 1] if at + 1 < len(hashes) else "",
        }
    # the decision form of the review page posts to what `base` leads to
    values["base"] = f"/d/{quote(name)}/adjudicate"
    page = render(
        request, "adjudicate.html", person, title="Adjudicate", dataset=name, tab="adjudicate", **values
    )
    return unkept(page)


@router.post("/d/{name}/adjudicate/decide")
def decide(request: Request, person: Adjudicating, name: str, form: Sent) -> Response:
    """Store the adjudicator's verdict, which decides alone."""
    room = request.app.state.room
    loaded, desk = room.loaded(name, person), room.desk(name, person)
    asked = known_question(room.store, name, text(form, "question"))
    config = loaded.dataset.config.review.room
    answer = answer_of(form, asked, loaded.classes, config, datetime.now(UTC))
    shown: Shown = "blind" if config.blind else "open"

    def store(answer: Answer) -> None:
        desk.decide(person.name, [answer], address=person.address, shown=shown, role="adjudicator")

    try:
        store(answer)
    except VerdictsError:
        # a form that is sent twice: the time it took is worked out here, and is another one
        sent = room.store.verdicts_by_client_id([answer.client_id]).get(answer.client_id)
        if sent is None or sent.seconds == answer.seconds:
            raise
        store(replace(answer, seconds=sent.seconds))
    after_decision(room, desk)
    return _to(name, text(form, "here"))


@router.post("/d/{name}/adjudicate/undo")
def undo(request: Request, person: Adjudicating, name: str, form: Sent) -> Response:
    """Withdraw the person's last verdict as an adjudicator, and show its item again."""
    room = request.app.state.room
    desk = room.desk(name, person)
    last = next((d.verdict for d in desk.history(person.name) if _ruling(d.verdict)), None)
    if last is None:
        return _to(name, "")
    desk.undo(person.name, address=person.address, client_id=text(form, "undo_id"), verdicts=[last.id])
    return _to(name, last.question.hash)


@router.post("/d/{name}/send-back")
def send_back(request: Request, person: Adjudicating, name: str, form: Sent) -> Response:
    """Ask the reviewer of a verdict to look at the item again."""
    desk = request.app.state.room.desk(name, person)
    number = text(form, "verdict")
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        raise HTTPException(422, f"Expected the number of a verdict, got {number[:40]!r}.")
    desk.send_back(
        int(number),
        by=person.name,
        note=text(form, "note").replace("\r\n", "\n").strip(),
        client_id=text(form, "client_id"),
        address=person.address,
    )
    return unkept(RedirectResponse(f"/d/{quote(name)}/adjudicate?sent=true", status_code=303))


def _shown(loaded: Loaded, disputed: Disputed, reader: Person) -> dict[str, Any]:
    blind = loaded.dataset.config.review.room.blind
    verdicts = sorted(disputed.verdicts, key=lambda v: v.id)
    standing = [v for v in verdicts if not v.withdrawn]
    shown = card(loaded, disputed.question, blind=blind)
    return {
        "blind": blind,
        "card": shown,
        "digits": digits_of(loaded.classes, shown.likely),
        "said": [said(loaded, v, reader) for v in standing],
        "taken_back": [said(loaded, v, reader) for v in verdicts if v.withdrawn],
        "send_ids": {v.id: str(uuid.uuid4()) for v in standing},
    }


def _ruling(verdict: StoredVerdict) -> bool:
    return verdict.role == "adjudicator" and not verdict.withdrawn


def _to(name: str, question: str) -> Response:
    query = f"?q={quote(question, safe='')}" if question else ""
    return unkept(RedirectResponse(f"/d/{quote(name)}/adjudicate{query}", status_code=303))
