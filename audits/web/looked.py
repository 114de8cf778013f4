"""Who was shown the evidence on an item of a blind dataset: what they say of it later is not blind."""

from __future__ import annotations

from sqlalchemy import Connection, select

from audits.review.activity import Act, record
from audits.review.schema import activity
from audits.review.store import ReviewStore
from audits.web.people import Person

#: What the log calls it.
ACTION = "look"


def note_look(store: ReviewStore, dataset: str, question_hash: str, person: Person) -> None:
    """Note in the log that a person was shown the evidence and what others say; once a question."""
    if has_looked(store, question_hash, person.name):
        return
    with store.writing() as connection:
        if not _there(connection, question_hash, person.name):
            record(connection, [Act(person.name, ACTION, dataset, question_hash, address=person.address)])


def has_looked(store: ReviewStore, question_hash: str, reviewer: str) -> bool:
    """Whether a person was ever shown the evidence on a question."""
    with store.reading() as connection:
        return _there(connection, question_hash, reviewer)


def _there(connection: Connection, question_hash: str, reviewer: str) -> bool:
    this = (
        (activity.c.question_hash == question_hash)
        & (activity.c.who == reviewer)
        & (activity.c.action == ACTION)
    )
    return connection.execute(select(activity.c.id).where(this).limit(1)).first() is not None
