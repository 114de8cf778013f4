"""How a route of the JSON API gets at a dataset: who asks, what they see, and their desk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request
from starlette.datastructures import QueryParams

from audits.review.desk.desk import Desk
from audits.review.desk.records import Filters as DeskFilters
from audits.review.store import ReviewStore
from audits.web.api.values import Filters
from audits.web.filters import filters_of
from audits.web.loaded import Loaded
from audits.web.people import Person, SignedIn
from audits.web.room import Room

_FILTERS = set(Filters.model_fields)


@dataclass(frozen=True)
class Asking:
    """Who asks what about which dataset.

    Attributes
    ----------
    person : Person
    loaded : Loaded
        The dataset.
    desk : Desk
    room : Room
    """

    person: Person
    loaded: Loaded
    desk: Desk
    room: Room

    @property
    def store(self) -> ReviewStore:
        """The review store."""
        return self.room.store

    @property
    def blind(self) -> bool:
        """Whether suggestion and evidence are kept back."""
        return self.loaded.dataset.config.review.room.blind

    def filters(self, wanted: Filters) -> DeskFilters:
        """Filters as the pages read them: with the same names of classes and the same limits of blind datasets."""
        sent = {k: str(v) for k, v in wanted.model_dump(include=_FILTERS, exclude_none=True).items()}
        return filters_of(QueryParams(sent), self.loaded)


def asking(
    request: Request,
    person: SignedIn,
    name: Annotated[str, Path(description="Name of a dataset.", max_length=500)],
) -> Asking:
    """The dataset of a route's path, as its person sees it."""
    room: Room = request.app.state.room
    return Asking(person, room.loaded(name, person), room.desk(name, person), room)


#: What routes about a dataset declare their first argument as.
OfDataset = Annotated[Asking, Depends(asking)]
