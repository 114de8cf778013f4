"""The dashboard of a dataset: its queue, what review yields, how many labels are wrong, how it went on; the charts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from audits.report.sentences import confusion_sentence, effort_sentence, trend_sentence, yield_sentence
from audits.web.lead import Lead, lead_of
from audits.web.pages import render
from audits.web.people import Adjudicating

router = APIRouter()

#: Rows of a table of the page at most; of the effort curve, so many places along it.
ROWS, PLACES = 25, 12

#: An image and no page: nothing in it is run or fetched, whoever opens it.
_POLICY = {"Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'"}


@router.get("/d/{name}/dashboard")
def dashboard(request: Request, person: Adjudicating, name: str) -> Response:
    """How the review of a dataset stands."""
    lead = lead_of(request.app.state.room, name, person)
    sentences = {
        "effort": effort_sentence(lead.effort),
        "yield": yield_sentence(lead.yields),
        "confusions": confusion_sentence(lead.confusions, lead.name_of),
        "trend": trend_sentence(lead.trend),
    }
    return render(
        request,
        "dashboard.html",
        person,
        title="Dashboard",
        dataset=name,
        tab="dashboard",
        lead=lead,
        sentences=sentences,
        places=_places(lead),
        rows=ROWS,
        scored=_scored(request, name),
    )


@router.get("/d/{name}/chart/{chart}.svg")
def chart(
    request: Request,
    person: Adjudicating,
    name: str,
    chart: str,
    state: Annotated[str | None, Query()] = None,
) -> Response:
    """A chart of the dashboard, as the page with this state shows it."""
    lead = lead_of(request.app.state.room, name, person, state)
    # what a state shows does not change
    keep = "private, max-age=3600" if state == lead.state else "no-store"
    headers = {**_POLICY, "Cache-Control": keep}
    return Response(lead.chart(chart), media_type="image/svg+xml", headers=headers)


def _places(lead: Lead) -> list[tuple[int, int | None, float | None, float | None, float | None]]:
    """Places along the effort curve: items reviewed, errors found by then, expected ones with their interval."""
    found, ahead = lead.effort.found, lead.effort.ahead
    done = len(found) - 1
    step = max(1, -(-done // (PLACES // 2)))
    rows: list[tuple[int, int | None, float | None, float | None, float | None]] = [
        (i, found[i], None, None, None) for i in [*range(step, done, step), done] if i
    ]
    columns = (ahead.items, ahead.expected, ahead.low, ahead.high)
    further = list(zip(*(c.tolist() for c in columns), strict=True))
    step = max(1, -(-len(further) // (PLACES // 2)))
    # from the end, which is told in any case
    return rows + [(r, None, e, lo, hi) for r, e, lo, hi in further[::-1][::step][::-1]]


def _scored(request: Request, name: str) -> tuple[int, int] | None:
    """How many verdicts and withdrawals the scores in force were made from; None without scores."""
    found: tuple[int, int] | None = request.app.state.room.workspace.scored_mark(name)
    return found
