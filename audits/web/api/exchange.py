"""All verdicts out, and files of verdicts in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import Field

from audits.errors import InputError, VerdictsError
from audits.review.activity import Act
from audits.review.history import history, history_lines
from audits.review.records import Decision, Role, Shown
from audits.review.verdict_import import import_verdicts
from audits.web.api.answers import faults
from audits.web.api.asking import Asking, OfDataset
from audits.web.api.values import Given, Sent, Text
from audits.web.people import Adjudicating

router = APIRouter()

Format = Literal["jsonl", "csv", "json"]
_TYPES: dict[Format, str] = {
    "jsonl": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}

#: How a file is read, by the type of the body.
_SUFFIXES = {"text/csv": ".csv", "application/x-ndjson": ".jsonl", "application/json": ".json"}


class Row(Given):
    """A verdict of the history. What a reviewer's own history keeps back is null."""

    verdict: int
    item_id: str
    given_label: str
    decision: Decision
    labels: list[str]
    reviewer: str | None
    role: Role | None
    category: str | None
    severity: str | None
    comment: str
    seconds: float | None
    decided_at: datetime
    withdrawn: bool
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    withdrawn_because: str | None
    shown: Shown | None
    suggested: str | None
    source: str
    stored_at: datetime
    client_id: str
    question: str
    question_content: str
    question_classes: str


class Wanted(Sent):
    """How the history is wanted."""

    format: Format = "jsonl"


class Importing(Sent):
    """How a file is taken in."""

    reviewer: Annotated[Text, Field(max_length=200)] | None = Field(
        None, description="Who decided, for rows that do not say so."
    )


class Imported(Given):
    """What came of a file of verdicts."""

    stored: int
    already: int
    unanswered: int
    withdrawn: int


_LINES = {"type": "string", "description": "A line a verdict, with the columns of a history."}


@router.get(
    "/datasets/{name}/verdicts",
    operation_id="verdicts",
    summary="All verdicts",
    response_class=StreamingResponse,
    responses={
        **faults(404, 409),
        200: {
            "description": "The verdicts, in the order in which they were stored.",
            "model": list[Row],
            "content": {"text/csv": {"schema": _LINES}, "application/x-ndjson": {"schema": _LINES}},
        },
    },
)
def verdicts(asked: OfDataset, wanted: Annotated[Wanted, Query()]) -> StreamingResponse:
    """All verdicts ever given, withdrawn ones too: adjudicators get everybody's, a reviewer their own.

    In CSV, text that a spreadsheet would take for a formula has an apostrophe in front. A reviewer's own history does
    not say which of their verdicts were second looks nor, of a blind dataset, what was suggested.
    """
    everybody = asked.person.may("adjudicator")
    kept_back = () if everybody else ("role", "suggested") if asked.blind else ("role",)
    reviewer = None if everybody else asked.person.name
    name = asked.loaded.name
    rows = history(asked.store, name, reviewer=reviewer, kept_back=kept_back)
    lines = _json(rows) if wanted.format == "json" else history_lines(rows, wanted.format)
    file = quote(f"{name}-verdicts.{wanted.format}")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{file}"}
    return StreamingResponse(lines, media_type=_TYPES[wanted.format], headers=headers)


async def _body(request: Request) -> bytes:
    return await request.body()


def _importing(asked: OfDataset, _: Adjudicating) -> Asking:
    return asked


@router.post(
    "/datasets/{name}/import",
    operation_id="import",
    summary="Take verdicts from a file",
    responses=faults(404, 409, 413, 415),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "application/x-ndjson": {"schema": {"type": "string"}},
                "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
            },
        }
    },
)
def import_(
    request: Request,
    asked: Annotated[Asking, Depends(_importing)],
    data: Annotated[bytes, Depends(_body)],
    how: Annotated[Importing, Query()],
) -> Imported:
    """Store the verdicts of a file, all of them or none; for adjudicators. Sending it again stores nothing new.

    CSV and JSON lines: a filled-in export of the queue, or a history. JSON: what Label Studio exports.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in _SUFFIXES:
        raise HTTPException(415, f"expected a body of the type {' or '.join(_SUFFIXES)}, got {kind[:100]!r}")
    loaded, person = asked.loaded, asked.person
    act = Act(person.name, "import", loaded.name, address=person.address, detail={"via": "api"})
    with TemporaryDirectory(prefix="labelaudit-import-") as folder:
        path = Path(folder) / f"api{_SUFFIXES[kind]}"
        path.write_bytes(data)
        try:
            done = import_verdicts(
                asked.store,
                loaded.name,
                loaded.classes,
                path,
                how.reviewer,
                loaded.items.items,
                mistakes=loaded.dataset.config.review.room.mistakes,
                act=act,
            )
        except InputError as e:
            raise VerdictsError(str(e).replace(str(path), "the file")) from e
    return Imported(
        stored=done.stored, already=done.already, unanswered=done.unanswered, withdrawn=done.withdrawn
    )


def _json(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    before = "["
    for row in rows:
        yield before + json.dumps(row, ensure_ascii=False)
        before = ",\n"
    yield "[]" if before == "[" else "]"
