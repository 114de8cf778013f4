"""Templates: how pages are filled in. Everything that comes from data is escaped."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from audits import __version__
from audits.web.people import Person
from audits.web.security.visit import csrf_field, csrf_token

FOLDER = Path(__file__).parent

#: Longest text of an item that a page shows at once, in characters; the rest is behind a click.
LONG_TEXT = 4_000


def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["number"] = number
    found.filters["percent"] = percent
    found.filters["moment"] = moment
    found.globals["version"] = __version__
    return found


def number(value: float | None, places: int = 0) -> str:
    """A number with thin gaps between thousands; a dash where there is none."""
    return "–" if value is None else f"{value:,.{places}f}".replace(",", "\u202f").replace("-", "−")


def percent(value: float | None, places: int = 0) -> str:
    """A share in percent; a dash where there is none."""
    return "–" if value is None else f"{100 * value:.{places}f}\u202f%"


def moment(value: datetime | None) -> str:
    """A moment in UTC, to the minute; a dash where there is none."""
    return "–" if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


templates = Jinja2Templates(env=_environment())


def render(
    request: Request, template: str, person: Person | None, *, status: int = 200, **values: Any
) -> Response:
    """A page.

    Parameters
    ----------
    request : Request
    template : str
        A file of `templates`. It extends `base.html`, which also needs `title` and, on a dataset's pages, `dataset`
        (its name) and `tab` (the page's name in the navigation).
    person : Person or None
        Who asks; None before they have signed in.
    status : int
    values : any
        What the template names.
    """
    room = request.app.state.room
    context = {
        "person": person,
        "datasets": room.names(person) if person is not None else [],
        "dataset": None,
        "tab": None,
        "settings": room.settings,
        "csrf_field": lambda: csrf_field(request),
        "csrf_token": csrf_token(request),
        **values,
    }
    return templates.TemplateResponse(request, template, context, status_code=status)
