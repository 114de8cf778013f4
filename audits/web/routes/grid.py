"""The bulk grid: many items of one confusion pair at once, one decision for those that are selected."""

from __future__ import annotations

import string
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from audits.review.desk.desk import Desk
from audits.review.desk.records import Answer, Assignment, Filters
from audits.review.records import Decision, StoredVerdict
from audits.room_config import RoomConfig
from audits.web.answering import WRONG, text
from audits.web.content.named import Named, named_id
from audits.web.content.thumb import Thumb, thumb
from audits.web.filters import filters_of
from audits.web.loaded import Loaded
from audits.web.pages import render
from audits.web.people import SignedIn
from audits.web.rescore import after_decision
from audits.web.routes.review import Sent, unkept

router = APIRouter()

#: Items on a page of the grid, and pairs in the list.
ITEMS, PAIRS = 60, 200

#: Where verdicts of the grid come from. How long one item took is not known of them.
SOURCE = "web grid"

#: Decisions that may be taken for many items at once, by the action whose key they have; the suggestion is `relabel`.
DECISIONS: dict[str, Decision] = {
    "keep": "keep",
    "suggestion": "relabel",
    "none": "none",
    "unsure": "unsure",
    "unusable": "unusable",
}

#: Keys for the selection, the first that no decision has: all, the others.
_SELECTION = {"all": "a*%", "invert": "i~^"}

#: Verdicts of a person that are looked through for a lot that is to be undone.
_BATCH, _BATCHES = 200, 10


@dataclass(frozen=True)
class Tile:
    """An item of the grid."""

    assignment: Assignment
    thumb: Thumb


@dataclass(frozen=True)
class PairLine:
    """A line in the list of pairs. Of a dataset that is reviewed blind there is the given label alone."""

    given: Named
    suggested: Named | None
    open: int | None
    query: str


@router.get("/d/{name}/grid")
def grid(request: Request, person: SignedIn, name: str, lot: str = "", nothing: bool = False) -> Response:
    """The pairs that there are, or the items of one."""
    room = request.app.state.room
    loaded, desk = room.loaded(name, person), room.desk(name, person)
    config = loaded.dataset.config.review.room
    filters = filters_of(request.query_params, loaded)
    values: dict[str, Any] = {
        "base": f"/d/{quote(name)}",
        "blind": config.blind,
        "room": config,
        "keys": config.all_keys(),
        "selection_keys": selection_keys(config),
        "nothing": nothing,
        "undoable": len(_of_lot(desk, person.name, lot)) if lot else 0,
        "done_lot": lot,
    }
    if filters.given is None or (filters.suggested is None and not config.blind):
        pairs = _pair_lines(loaded, desk, blind=config.blind)
        page = render(
            request, "grid_pairs.html", person, title="Grid", dataset=name, tab="grid", pairs=pairs, **values
        )
        return unkept(page)
    pair = Filters(given=filters.given, suggested=filters.suggested)
    assignments = desk.take_many(person.name, pair, ITEMS)
    rows = loaded.items.rows
    tiles = [Tile(a, thumb(loaded, rows[a.task.question.item_id], blind=config.blind)) for a in assignments]
    page = render(
        request,
        "grid.html",
        person,
        title="Grid",
        dataset=name,
        tab="grid",
        given=named_id(loaded, filters.given),
        suggested=None if filters.suggested is None else named_id(loaded, filters.suggested),
        tiles=tiles,
        pictures=any(t.thumb.url for t in tiles),
        lot=uuid.uuid4().hex,
        here=_query(pair),
        **values,
    )
    return unkept(page)


@router.post("/d/{name}/grid")
def decide(request: Request, person: SignedIn, name: str, form: Sent) -> Response:
    """Store one decision for all items that are selected: all of them or none, once however often it is sent."""
    room = request.app.state.room
    loaded, desk = room.loaded(name, person), room.desk(name, person)
    config = loaded.dataset.config.review.room
    pair = _pair(form, loaded)
    selected = list(dict.fromkeys(v for v in form.getlist("selected") if isinstance(v, str)))
    lot = _lot(form)
    if not selected:
        return _back(name, pair, nothing="true")
    answers = answers_of(form, config, pair, selected, lot)
    desk.decide(
        person.name,
        answers,
        address=person.address,
        source=SOURCE,
        shown="blind" if config.blind else "open",
    )
    after_decision(room, desk)
    return _back(name, pair, lot=lot)


@router.post("/d/{name}/grid/undo")
def undo(request: Request, person: SignedIn, name: str, form: Sent) -> Response:
    """Withdraw all verdicts of a lot."""
    room = request.app.state.room
    loaded, desk = room.loaded(name, person), room.desk(name, person)
    lot = _lot(form)
    taken = [v.id for v in _of_lot(desk, person.name, lot)]
    if taken:
        desk.undo(person.name, address=person.address, client_id=f"{lot}:undo", verdicts=taken)
    return _back(name, _pair(form, loaded))


@router.post("/d/{name}/grid/leave")
def leave(request: Request, person: SignedIn, name: str, form: Sent) -> Response:
    """Give the items back that were shown and not decided, so that others get them without waiting."""
    desk = request.app.state.room.desk(name, person)
    for hash_ in form.getlist("shown"):
        if isinstance(hash_, str):
            desk.release(person.name, hash_)
    return RedirectResponse(f"/d/{quote(name)}/grid", status_code=303)


def answers_of(
    form: FormData, config: RoomConfig, pair: Filters, selected: list[str], lot: str
) -> list[Answer]:
    """One answer for each of the selected questions.

    Parameters
    ----------
    form : FormData
        The pressed button says `decision`: an action of `DECISIONS`.
    config : RoomConfig
    pair : Filters
        What the grid shows: the suggestion that `suggestion` takes.
    selected : list of str
        Hashes of questions.
    lot : str
        Client ids are made of it and of the question, so that a lot that is sent twice is stored once.

    Raises
    ------
    HTTPException
        With status 422 when the form holds no decision that can be taken for many items.
    """
    action = text(form, "decision")
    if action not in DECISIONS or (action == "suggestion" and pair.suggested is None):
        there = [a for a in DECISIONS if a != "suggestion" or pair.suggested is not None]
        raise HTTPException(422, f"Expected a decision, one of {', '.join(there)}; got {action!r}.")
    decision = DECISIONS[action]
    labels = (pair.suggested,) if decision == "relabel" and pair.suggested is not None else ()
    asked = config.mistakes if decision in WRONG else None
    comment = text(form, "comment").replace("\r\n", "\n").strip()
    category = _choice(form, "category", asked.categories) if asked else None
    severity = _choice(form, "severity", asked.severities) if asked else None
    return [
        Answer(f"{lot}:{h}", h, decision, labels, comment, category=category, severity=severity)
        for h in selected
    ]


def selection_keys(config: RoomConfig) -> dict[str, str]:
    """Keys that select all and that turn the selection, which no decision has."""
    keys = config.all_keys()
    taken = {keys[a] for a in (*DECISIONS, "comment", "undo")}
    return {does: next(k for k in signs if k not in taken) for does, signs in _SELECTION.items()}


def _pair_lines(loaded: Loaded, desk: Desk, *, blind: bool) -> list[PairLine]:
    if not blind:
        return [
            PairLine(
                named_id(loaded, p.given),
                named_id(loaded, p.suggested),
                p.open,
                _query(Filters(given=p.given, suggested=p.suggested)),
            )
            for p in desk.pairs(PAIRS)
        ]
    return [
        PairLine(named_id(loaded, id_), None, None, _query(Filters(given=id_))) for id_ in loaded.classes.ids
    ]


def _pair(form: FormData, loaded: Loaded) -> Filters:
    config = loaded.dataset.config.review.room
    given, suggested = text(form, "given"), text(form, "suggested")
    for id_ in (given, *([suggested] if suggested else [])):
        if id_ not in loaded.classes.positions:
            raise HTTPException(422, f"There is no class with the id {id_!r} in this dataset.")
    if suggested and config.blind:
        raise HTTPException(422, f"{loaded.name!r} is reviewed blind; there is no suggestion to take.")
    return Filters(given=given, suggested=suggested or None)


def _lot(form: FormData) -> str:
    lot = text(form, "lot")
    if len(lot) != 32 or not set(lot) <= set(string.hexdigits):
        raise HTTPException(422, f"Expected the lot's 32 hexadecimal digits, got {lot[:64]!r}.")
    return lot


def _of_lot(desk: Desk, reviewer: str, lot: str) -> list[StoredVerdict]:
    """A person's verdicts of a lot that are not withdrawn; they were given one after the other."""
    found: list[StoredVerdict] = []
    before = None
    for _ in range(_BATCHES):
        batch = [d.verdict for d in desk.history(reviewer, limit=_BATCH, before=before)]
        here = [v for v in batch if v.client_id.startswith(f"{lot}:")]
        found += here
        if len(batch) < _BATCH or (found and not here):
            break
        before = batch[-1].id
    return [v for v in found if not v.withdrawn]


def _query(pair: Filters, **more: str) -> str:
    pairs = {"given": pair.given, "suggested": pair.suggested, **more}
    return "?" + urlencode({k: v for k, v in pairs.items() if v is not None})


def _back(name: str, pair: Filters, **more: str) -> Response:
    return unkept(RedirectResponse(f"/d/{quote(name)}/grid{_query(pair, **more)}", status_code=303))


def _choice(form: FormData, name: str, choices: tuple[str, ...]) -> str | None:
    value = text(form, name)
    if value and value not in choices:
        raise HTTPException(422, f"The {name} must be one of {', '.join(choices)}; got {value!r}.")
    return value or None
