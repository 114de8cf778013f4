"""The queue: listing what is open, and taking the next task."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import Field

from audits.item_view import plain_value
from audits.review.desk.records import Assignment
from audits.web.api.answers import faults
from audits.web.api.asking import Asking, OfDataset
from audits.web.api.listing import CursorError, listed
from audits.web.api.values import MOST, Content, Filters, Given, LabelClass, Sent, Text
from audits.web.content.card import Card, card
from audits.web.content.named import Named

router = APIRouter()


class ModelSays(Given):
    """What one model says of an item."""

    model: str
    predicted: LabelClass | None = Field(description="Its likeliest class; null where it gave no answer.")
    p_predicted: float | None
    p_given: float | None = Field(description="Its probability of the given label.")
    agrees: bool


class Evidence(Given):
    """What speaks for and against the given label."""

    suggested: LabelClass | None
    probability: float | None = Field(description="Estimated probability that the given label is wrong.")
    reasons: list[str]
    models: list[ModelSays]


class SentBack(Given):
    """Why the person is asked again about what they answered."""

    by: str
    note: str
    at: datetime


class Wanted(Sent):
    """Which task is wanted."""

    filters: Filters = Filters()
    classes: bool = Field(False, description="Send the dataset's class list along.")


class Taken(Given):
    """A task that is leased to the person."""

    item_id: str
    question: str = Field(description="What an answer names.")
    content: Content = Field(description="What is shown of the item, by column; files are in `files`.")
    files: dict[str, str] = Field(description="Paths on this server of the item's files, by column.")
    given: LabelClass = Field(description="The label that is asked about.")
    likely: list[LabelClass] = Field(
        description="Classes to offer first. Of a blind dataset they follow the class list and tell nothing."
    )
    evidence: Evidence | None = Field(description="Null where the dataset is blind.")
    sent_back: SentBack | None
    token: str = Field(description="Of the lease; the same as long as it is renewed.")
    taken_at: datetime
    expires_at: datetime = Field(description="Until when nobody else is given the task.")


class Next(Given):
    """The next task; null when nothing is left."""

    assignment: Taken | None
    classes: list[LabelClass] | None = Field(description="The class list, where it was asked for.")


class Waiting(Given):
    """An open task."""

    item_id: str
    question: str
    given_label: str
    suggested_label: str | None = Field(description="Null where the dataset is blind, as is what follows.")
    probability: float | None
    reasons: list[str]
    reopened: bool | None


class Queue(Given):
    """Open tasks, a page of them."""

    tasks: list[Waiting]
    next: str | None = Field(description="Cursor of the next page; null on the last.")


class Page(Filters):
    """Which page of the queue is wanted. An unknown name is refused: a filter that was misspelt would not filter."""

    limit: int = Field(100, ge=1, le=MOST)
    cursor: Annotated[Text, Field(max_length=200)] | None = Field(
        None, description="`next` of the page before."
    )


@router.get("/datasets/{name}/queue", operation_id="queue", summary="Open tasks", responses=faults(404, 409))
def queue(asked: OfDataset, page: Annotated[Page, Query()]) -> Queue:
    """Open tasks in the order of the queue, without leasing them.

    Of a blind dataset they are in an order that tells nothing, and without what the evidence says.
    """
    filters = asked.filters(page)
    try:
        tasks, after = listed(asked.desk, filters, page.cursor, page.limit, blind=asked.blind)
    except CursorError as e:
        raise HTTPException(422, str(e)) from e
    return Queue(
        tasks=[
            Waiting(
                item_id=t.question.item_id,
                question=t.question.hash,
                given_label=t.question.given_label,
                suggested_label=None if asked.blind else t.suggested_label,
                probability=None if asked.blind else t.probability,
                reasons=[] if asked.blind else list(t.reasons),
                reopened=None if asked.blind else t.reopened is not None,
            )
            for t in tasks
        ],
        next=after,
    )


@router.post(
    "/datasets/{name}/next",
    operation_id="next",
    summary="Take the next task",
    responses=faults(404, 409, 413),
)
def take(asked: OfDataset, wanted: Wanted) -> Next:
    """Lease the next task to the person: what was sent back to them, what they hold, then the queue.

    Until the lease ends nobody else is given the task; asked again, the same task comes and the lease is renewed.
    """
    found = asked.desk.take(asked.person.name, asked.filters(wanted.filters))
    classes = None
    if wanted.classes:
        listed_classes = asked.loaded.classes
        classes = [
            LabelClass(
                id=id_, name=listed_classes.display(i) or id_, guideline=asked.loaded.guidelines.get(id_)
            )
            for i, id_ in enumerate(listed_classes.ids)
        ]
    return Next(assignment=None if found is None else _taken(asked, found), classes=classes)


def _taken(asked: Asking, found: Assignment) -> Taken:
    task = None if asked.blind else found.task
    shown = card(asked.loaded, found.task.question, blind=asked.blind, task=task)
    back = found.sent_back
    return Taken(
        item_id=shown.item_id,
        question=shown.question_hash,
        content=_content(asked, shown.item_id),
        files={p.name: p.url for p in shown.parts if p.url is not None},
        given=_class(shown.given),
        likely=[_class(n) for n in shown.likely],
        evidence=None if asked.blind else _evidence(shown),
        sent_back=None if back is None else SentBack(by=back.sent_by, note=back.note, at=back.at),
        token=found.token,
        taken_at=found.taken_at,
        expires_at=found.expires_at,
    )


def _content(asked: Asking, item_id: str) -> dict[str, Any]:
    """Values of the content columns that name no file: a file's name may tell its label."""
    loaded = asked.loaded
    row = loaded.items.rows[item_id]
    further = loaded.items.further
    columns = [c for c in loaded.items.content_columns if c in further.column_names]
    return {c: plain_value(further[c][row].as_py()) for c in columns if c not in loaded.file_columns}


def _evidence(shown: Card) -> Evidence:
    return Evidence(
        suggested=_class_or_none(shown.suggested),
        probability=shown.probability,
        reasons=list(shown.reasons),
        models=[
            ModelSays(
                model=m.model,
                predicted=_class_or_none(m.predicted),
                p_predicted=m.p_predicted,
                p_given=m.p_given,
                agrees=m.agrees,
            )
            for m in shown.models
        ],
    )


def _class_or_none(found: Named | None) -> LabelClass | None:
    return None if found is None else _class(found)


def _class(found: Named) -> LabelClass:
    return LabelClass(id=found.id, name=found.name, guideline=found.guideline)
