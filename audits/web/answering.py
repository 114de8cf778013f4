"""What a person answered on the review page, read from the form that was sent."""

from __future__ import annotations

import math
from datetime import datetime
from typing import get_args

from fastapi import HTTPException
from starlette.datastructures import FormData

from audits.classes import ClassList
from audits.review.desk.records import Answer
from audits.review.records import Decision, Question
from audits.room_config import RoomConfig
from audits.web.class_words import class_of

#: Decisions that say that the given label is wrong, or not all of what is right: what a kind of mistake belongs to.
WRONG = ("relabel", "multiple", "none")

#: Longest time that is believed to have been spent on one item, in seconds.
LONGEST_SECONDS = 24 * 3600.0


def answer_of(
    form: FormData, question: Question, classes: ClassList, room: RoomConfig, now: datetime
) -> Answer:
    """The answer that a form holds.

    The pressed button says `decision`, or `pick` with the id of a class, which is `relabel`, or `keep` where it is the
    given label. Without either (Enter in a text field) the fields that are filled in say it: `labels` and `others`
    are several classes, `another` is one.

    Parameters
    ----------
    form : FormData
    question : Question
        What was asked.
    classes : ClassList
    room : RoomConfig
    now : datetime
        When it came in; with `started`, how long it took, unless the form says `seconds` itself.

    Raises
    ------
    HTTPException
        With status 422 when it is no answer.
    """
    decision, labels = _decided(form, classes)
    if decision == "relabel" and labels == (question.given_label,):
        decision, labels = "keep", ()
    wrong = decision in WRONG
    asked = room.mistakes
    return Answer(
        client_id=text(form, "client_id"),
        question_hash=question.hash,
        decision=decision,
        labels=labels,
        comment=text(form, "comment").replace("\r\n", "\n").strip(),
        seconds=_seconds(form, now),
        category=_choice(form, "category", asked.categories) if asked and wrong else None,
        severity=_choice(form, "severity", asked.severities) if asked and wrong else None,
    )


def text(form: FormData, name: str) -> str:
    """A field of a form as text; empty when it is not there.

    Raises
    ------
    HTTPException
        With status 422 when a file was sent instead, or what no database can be asked for.
    """
    value = form.get(name, "")
    if not isinstance(value, str):
        raise HTTPException(422, f"The field {name!r} must be text, got a file.")
    if "\0" in value:
        raise HTTPException(422, f"The field {name!r} holds a NUL character.")
    return value


def _decided(form: FormData, classes: ClassList) -> tuple[Decision, tuple[str, ...]]:
    chosen, pick, another = (text(form, name) for name in ("decision", "pick", "another"))
    several = [
        v for name in ("labels", "others") for v in form.getlist(name) if isinstance(v, str) and v.strip()
    ]
    if not chosen and pick:
        chosen, another = "relabel", pick
    elif not chosen and several and another.strip():
        raise HTTPException(
            422, "Both 'another class' and 'several classes' are filled in; press one of the buttons."
        )
    elif not chosen:
        chosen = "multiple" if several else "relabel" if another.strip() else ""
    if chosen == "relabel":
        if not another.strip():
            raise HTTPException(422, "Say which class it is: choose one from the list, or type its name.")
        return "relabel", (class_of(another, classes),)
    if chosen == "multiple":
        labels = tuple(dict.fromkeys(class_of(v, classes) for v in several))
        if len(labels) < 2:
            raise HTTPException(422, f"Several classes are at least two; {len(labels)} was chosen.")
        return "multiple", labels
    for decision in get_args(Decision):
        if chosen == decision:
            return decision, ()
    raise HTTPException(422, f"Expected a decision, one of {', '.join(get_args(Decision))}; got {chosen!r}.")


def _seconds(form: FormData, now: datetime) -> float | None:
    sent, started = text(form, "seconds"), text(form, "started")
    if not sent and not started:
        return None
    try:
        seconds = float(sent) if sent else now.timestamp() - float(started)
    except ValueError:
        seconds = math.nan
    if math.isnan(seconds):
        raise HTTPException(422, f"Expected a number of seconds, got {sent or started!r}.")
    # a clock that was set back, or a page that was left open over night
    return round(min(max(seconds, 0.0), LONGEST_SECONDS), 2)


def _choice(form: FormData, name: str, choices: tuple[str, ...]) -> str | None:
    value = text(form, name)
    if not value:
        return None
    if value not in choices:
        raise HTTPException(422, f"The {name} must be one of {', '.join(choices)}; got {value!r}.")
    return value
