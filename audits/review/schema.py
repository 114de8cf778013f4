"""Tables of the review store. What was asked and what people said is append-only: triggers refuse changes.

Beside that history there is derived state, which every run replaces as a whole.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from audits.review.records import DECISIONS, STRATA

#: Revision that the tables below are at. A store at this revision is opened without loading Alembic.
HEAD = "0003"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite has no time zones, so they are taken off going in and put on coming out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn a moment into UTC; a datetime without a time zone is refused, it could be any moment."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError(f"expected a datetime with a time zone, got {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Mark what the database returns as UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _one_of(column: str, allowed: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(a) for a in allowed)})"


#: What verdicts answer. One row per content, given label and class list that was ever asked about.
question = Table(
    "question",
    metadata,
    Column("hash", String(32), primary_key=True),
    Column("dataset", Text, nullable=False),
    Column("item_id", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("given_label", Text, nullable=False),
    Column("classes_hash", Text, nullable=False),
    Index(None, "dataset", "item_id"),
)

#: Questions that were routed to people, with what was known when they were drawn.
review_task = Table(
    "review_task",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("question_hash", ForeignKey("question.hash"), nullable=False),
    Column("stratum", Text, nullable=False),
    Column("inclusion_probability", Float, nullable=False),
    Column("rank", Integer),
    Column("suggested_label", Text),
    Column("reasons", JSON, nullable=False),
    Column("gold_label", Text),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("question_hash"),
    CheckConstraint(_one_of("stratum", STRATA), name="stratum"),
    CheckConstraint("inclusion_probability > 0 AND inclusion_probability <= 1", name="inclusion_probability"),
)

#: One person's decision on one question.
verdict = Table(
    "verdict",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("question_hash", ForeignKey("question.hash"), nullable=False),
    Column("reviewer", Text),
    Column("decision", Text, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("comment", Text, nullable=False),
    Column("seconds", Float),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("stored_at", UtcDateTime, nullable=False),
    Column("source", Text, nullable=False),
    UniqueConstraint("client_id"),
    CheckConstraint(_one_of("decision", DECISIONS), name="decision"),
    CheckConstraint("seconds >= 0", name="seconds"),
    Index(None, "question_hash"),
)

#: Takes one verdict back. The verdict's own row stays as it is.
withdrawal = Table(
    "withdrawal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("verdict_id", ForeignKey("verdict.id"), nullable=False),
    Column("reviewer", Text),
    Column("reason", Text, nullable=False),
    Column("stored_at", UtcDateTime, nullable=False),
    UniqueConstraint("client_id"),
    UniqueConstraint("verdict_id"),
)

#: The evidence that there was when people decided: one row per last verdict of a decision.
decided_on = Table(
    "decided_on",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("question_hash", ForeignKey("question.hash"), nullable=False),
    Column("verdict_id", ForeignKey("verdict.id"), nullable=False),
    Column("probability", Float, nullable=False),
    Column("stored_at", UtcDateTime, nullable=False),
    UniqueConstraint("verdict_id"),
    CheckConstraint("probability >= 0 AND probability <= 1", name="probability"),
)

#: Decided questions that were put back into the queue; at most once for each last verdict of a decision.
reopening = Table(
    "reopening",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("question_hash", ForeignKey("question.hash"), nullable=False),
    Column("verdict_id", ForeignKey("verdict.id"), nullable=False),
    Column("probability", Float, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("verdict_id"),
    CheckConstraint("probability >= 0 AND probability <= 1", name="probability"),
)

#: What the newest run makes of each task. Replaced as a whole, a dataset at a time.
task_priority = Table(
    "task_priority",
    metadata,
    Column("question_hash", ForeignKey("question.hash"), primary_key=True),
    Column("position", Integer),
    Column("probability", Float),
    Column("suggested_label", Text),
    Column("reasons", JSON, nullable=False),
    CheckConstraint("position >= 1", name="position"),
    CheckConstraint("probability >= 0 AND probability <= 1", name="probability"),
)

#: Tables that are only ever added to. The triggers that see to it are made by the migrations.
APPEND_ONLY = (question, review_task, verdict, withdrawal, decided_on, reopening)

#: Tables that follow from the others and the newest run. They are no history: a copy takes them along, the hash of
#: what a store holds leaves them out.
DERIVED = (task_priority,)
