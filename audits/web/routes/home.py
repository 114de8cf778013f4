"""The first page: the datasets that a person may review."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from audits.errors import AuditError
from audits.web.pages import render
from audits.web.people import SignedIn

router = APIRouter()


@dataclass(frozen=True)
class Row:
    """A dataset on the first page; `fault` says why it cannot be reviewed."""

    name: str
    description: str = ""
    items: int = 0
    fault: str | None = None


@router.get("/health")
def health() -> dict[str, str]:
    """Whether the app answers; tells nothing else."""
    return {"state": "ok"}


@router.get("/")
def home(request: Request, person: SignedIn) -> Response:
    """The datasets that a person may review."""
    room = request.app.state.room
    rows = []
    for name in room.names(person):
        try:
            loaded = room.loaded(name, person)
        except AuditError as e:
            rows.append(Row(name, fault=str(e)))
            continue
        rows.append(Row(name, loaded.dataset.config.description, loaded.items.items.num_rows))
    return render(request, "home.html", person, title="Datasets", rows=rows)
