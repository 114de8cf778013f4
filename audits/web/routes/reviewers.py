"""How reviewers work: how far they agree, what second looks say, each of them, and answers that were very fast."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from audits.review.records import DECISIONS
from audits.web.lead import lead_of
from audits.web.pages import render
from audits.web.people import Adjudicating
from audits.web.said import ROLE_WORDS, WORDS

router = APIRouter()

#: Fast answers and pairs of people that the page lists at most.
FAST, PAIRS = 100, 30


@router.get("/d/{name}/reviewers")
def reviewers(request: Request, person: Adjudicating, name: str) -> Response:
    """How the reviewers of a dataset work."""
    lead = lead_of(request.app.state.room, name, person)
    return render(
        request,
        "reviewers.html",
        person,
        title="Reviewers",
        dataset=name,
        tab="reviewers",
        lead=lead,
        decisions=DECISIONS,
        words=WORDS,
        roles=ROLE_WORDS,
        fast_seconds=lead.loaded.dataset.config.review.room.fast_seconds,
        most_fast=FAST,
        most_pairs=PAIRS,
    )
