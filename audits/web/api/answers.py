"""Which errors the JSON API answers with, for its description."""

from __future__ import annotations

from typing import Any

from audits.web.api.values import Fault

_WORDS = {
    400: "The request cannot be read, or is for another host.",
    401: "Nobody is signed in, or the token is not known.",
    403: "The person may not do this.",
    404: "There is no such dataset for this person, no such question or nothing to take back.",
    409: "This cannot be done now.",
    413: "The request is longer than what is taken.",
    415: "The body is of a type that is not taken.",
    422: "The request does not fit; nothing of it was stored.",
    429: "Too many tries.",
    503: "The store or the disk does not take this now; nothing of it was stored.",
}


def faults(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The responses of a route that may fail with these statuses, and with those that every route may fail with."""
    always = (400, 401, 403, 422, 429, 503)
    return {s: {"model": Fault, "description": _WORDS[s]} for s in sorted({*always, *statuses})}
