"""Who asks, which datasets there are, and how far a queue is."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Request

from audits.errors import AuditError
from audits.web.api.answers import faults
from audits.web.api.asking import OfDataset
from audits.web.api.values import Dataset, Datasets, Me, Progress
from audits.web.people import SignedIn

router = APIRouter()


@router.get("/me", operation_id="me", summary="Who asks", responses=faults())
def me(request: Request, person: SignedIn) -> Me:
    """Name, role and datasets of the person behind the token or the session."""
    return Me(name=person.name, role=person.role, datasets=request.app.state.room.names(person))


@router.get("/datasets", operation_id="datasets", summary="The datasets", responses=faults())
def datasets(request: Request, person: SignedIn) -> Datasets:
    """The datasets that the person sees."""
    room = request.app.state.room
    found = []
    for name in room.names(person):
        try:
            loaded = room.loaded(name, person)
        except AuditError as e:
            found.append(Dataset(name=name, description="", items=None, blind=None, fault=str(e)))
            continue
        config = loaded.dataset.config
        found.append(
            Dataset(
                name=name,
                description=config.description,
                items=loaded.items.items.num_rows,
                blind=config.review.room.blind,
                fault=None,
            )
        )
    return Datasets(datasets=found)


@router.get(
    "/datasets/{name}/progress",
    operation_id="progress",
    summary="How far the queue is",
    responses=faults(404, 409),
)
def progress(asked: OfDataset) -> Progress:
    """How far the person and the queue of the dataset have come."""
    return Progress(**asdict(asked.desk.progress(asked.person.name)))
