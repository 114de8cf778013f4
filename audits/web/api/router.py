"""All routes of the JSON API."""

from __future__ import annotations

from fastapi import APIRouter, Security
from fastapi.security import HTTPBearer

from audits.web.api import deciding, exchange, overview, queue

_BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="A token for programs, made on the account page. A browser that is signed in needs none; without "
    "accounts nobody does.",
)

router = APIRouter(prefix="/api/v1", dependencies=[Security(_BEARER)])
for _part in (overview, queue, deciding, exchange):
    router.include_router(_part.router)
