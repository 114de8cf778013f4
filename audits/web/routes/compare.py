"""The scores page: original beside cleaned for every model, what is behind each flip, and frozen slices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from audits.errors import UsageError, VerdictsError
from audits.frozen_scores import frozen_members, frozen_scores
from audits.major_mistakes import major_mistakes
from audits.review.frozen import freeze
from audits.review.records import Question
from audits.web.answering import text
from audits.web.comparing import Compared, comparisons_of
from audits.web.loaded import Loaded
from audits.web.pages import render
from audits.web.people import Adjudicating
from audits.web.rescore import rescorer_of
from audits.web.room import Room
from audits.web.routes.review import Sent
from audits.web.score_words import Figures

router = APIRouter()

#: What the slice is called that the button freezes.
MAJOR = "major mistakes"

#: Longest name of a slice, in characters.
LONGEST = 100


@router.get("/d/{name}/compare")
def compare(request: Request, person: Adjudicating, name: str, metric: str | None = Query(None)) -> Response:
    """Original beside cleaned scores, under the verdicts of this moment."""
    room = request.app.state.room
    loaded = room.loaded(name, person)
    values: dict[str, Any] = {
        "metrics": loaded.dataset.config.metrics,
        "rescore": rescorer_of(room).state(name),
    }
    if any(m.scored for m in loaded.models.values()):
        compared = comparisons_of(room).of(loaded, metric)
        values |= {
            "compared": compared,
            "figures": Figures.of(compared.metric),
            "shares": Figures(True),
            "slices": _slices(room, loaded, compared),
            "freezable": len(_freezable(room, loaded)),
            "asked": loaded.dataset.config.review.room.mistakes,
            "major": MAJOR,
        }
    return render(
        request,
        "compare.html",
        person,
        title="Scores",
        dataset=name,
        tab="compare",
        **{"compared": None, **values},
    )


@router.get("/d/{name}/compare/{chart}.svg")
def chart(
    request: Request, person: Adjudicating, name: str, chart: str, metric: str | None = Query(None)
) -> Response:
    """A chart of the comparison."""
    room = request.app.state.room
    drawn = comparisons_of(room).of(room.loaded(name, person), metric).svg(chart)
    return Response(drawn, media_type="image/svg+xml")


@router.post("/d/{name}/freeze")
def freeze_slice(request: Request, person: Adjudicating, name: str, form: Sent) -> Response:
    """Keep the major mistakes of this moment apart under a name; what is frozen already stays."""
    room = request.app.state.room
    loaded = room.loaded(name, person)
    called = text(form, "slice").strip()
    if not 1 <= len(called) <= LONGEST:
        raise VerdictsError(f"the name of a slice has 1 to {LONGEST} characters, got {len(called)}")
    questions = _freezable(room, loaded)
    if not questions:
        raise UsageError(
            f"nobody has found a mistake of {name!r} to be the worst yet: there is nothing to freeze"
        )
    freeze(room.store, name, called, [q.hash for q in questions], person.name, address=person.address)
    return RedirectResponse(f"/d/{quote(name)}/compare#frozen", status_code=303)


@dataclass(frozen=True)
class SliceRow:
    """A model's accuracy on a frozen slice under original and cleaned labels."""

    model: str
    original: float | None
    cleaned: float | None
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Slice:
    """A frozen slice as the page shows it; `labelled` of its items the cleaned version labels."""

    name: str
    items: int
    labelled: int
    rows: tuple[SliceRow, ...]


def _slices(room: Room, loaded: Loaded, compared: Compared) -> list[Slice]:
    members = frozen_members(room.store, loaded.name)
    if not members:
        return []
    before, after = compared.comparison.pair
    scores = {
        (r["slice"], r["model"], r["version"]): r
        for r in frozen_scores(compared.contest, members).to_pylist()
    }
    found = []
    for name, items in members.items():
        rows = []
        for model in compared.contest.models:
            was, now = scores[name, model, before], scores[name, model, after]
            ends = None if now["low"] is None else (now["low"], now["high"])
            rows.append(SliceRow(model, was["value"], now["value"], ends))
        rows.sort(key=lambda r: (-(r.cleaned if r.cleaned is not None else -1), r.model))
        labelled = max(scores[name, model, after]["n"] for model in compared.contest.models)
        found.append(Slice(name, len(items), labelled, tuple(rows)))
    return found


def _freezable(room: Room, loaded: Loaded) -> list[Question]:
    """The major mistakes that there are; none where the YAML does not ask how bad a mistake is."""
    asked = loaded.dataset.config.review.room.mistakes
    if asked is None:
        return []
    return major_mistakes(room.store, loaded.name, loaded.items, loaded.rule, asked.severities[0])
