"""Deciding, taking back and putting aside."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from audits.review.desk.records import Answer as DeskAnswer
from audits.review.records import Decision, Shown
from audits.web.answering import LONGEST_SECONDS
from audits.web.api.answers import faults
from audits.web.api.asking import OfDataset
from audits.web.api.values import (
    MOST,
    ClientId,
    Comment,
    Given,
    Name,
    QuestionHash,
    Sent,
    Text,
    Verdict,
    VerdictId,
    Verdicts,
)
from audits.web.rescore import after_decision

router = APIRouter()


class Answer(Sent):
    """What the person says to one question."""

    client_id: ClientId
    question: QuestionHash
    decision: Decision = Field(
        description="keep: the given label is right. relabel: another class is. multiple: several are. none: no "
        "class is. unsure: the person cannot tell. unusable: the item is broken."
    )
    labels: Annotated[list[Annotated[Text, Field(max_length=1000)]], Field(max_length=1000)] = Field(
        [], description="Class ids: one for relabel, two or more for multiple, else none."
    )
    comment: Comment = ""
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(
        None, description="Time spent; of more than a day it is taken to be a day."
    )
    category: Name | None = Field(None, description="Kind of the mistake, where the dataset asks for it.")
    severity: Name | None = Field(None, description="How bad the mistake is, where the dataset asks for it.")


class Answers(Sent):
    """Answers that are stored together, all of them or none; at most one a question."""

    answers: list[Answer] = Field(min_length=1, max_length=MOST)


class Undo(Sent):
    """What is taken back."""

    client_id: ClientId
    verdicts: list[VerdictId] | None = Field(
        None, min_length=1, max_length=MOST, description="Ids of one's own verdicts; null: the last one."
    )


class Skip(Sent):
    """Which task is put aside."""

    question: QuestionHash


class Skipped(Given):
    """The task that was put aside."""

    question: str


@router.post(
    "/datasets/{name}/verdicts", operation_id="decide", summary="Decide", responses=faults(404, 409, 413)
)
def decide(asked: OfDataset, sent: Answers) -> Verdicts:
    """Store answers, all of them or none. When this answers, they are on disk.

    An answer that is sent again, by its `client_id`, is stored once and given back as it is stored.
    """
    answers = [
        DeskAnswer(
            client_id=a.client_id,
            question_hash=a.question,
            decision=a.decision,
            labels=tuple(a.labels),
            comment=a.comment,
            seconds=None if a.seconds is None else min(a.seconds, LONGEST_SECONDS),
            category=a.category,
            severity=a.severity,
        )
        for a in sent.answers
    ]
    shown: Shown = "blind" if asked.blind else "open"
    person = asked.person
    stored = asked.desk.decide(person.name, answers, address=person.address, source="api", shown=shown)
    after_decision(asked.room, asked.desk)
    return Verdicts(verdicts=[Verdict.of(v) for v in stored])


@router.post(
    "/datasets/{name}/undo", operation_id="undo", summary="Take back", responses=faults(404, 409, 413)
)
def undo(asked: OfDataset, sent: Undo) -> Verdicts:
    """Withdraw the person's last verdict, or those that are named; their tasks are leased to the person again.

    The verdicts stay in the history. Sending the same `client_id` again takes nothing more back.
    """
    person = asked.person
    gone = asked.desk.undo(
        person.name, address=person.address, client_id=sent.client_id, verdicts=sent.verdicts
    )
    return Verdicts(verdicts=[Verdict.of(v) for v in gone])


@router.post(
    "/datasets/{name}/skip", operation_id="skip", summary="Put aside", responses=faults(404, 409, 413)
)
def skip(asked: OfDataset, sent: Skip) -> Skipped:
    """Put a task aside: it comes to the person again after all others."""
    asked.desk.skip(asked.person.name, sent.question, address=asked.person.address)
    return Skipped(question=sent.question)
