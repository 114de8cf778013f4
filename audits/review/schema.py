"""Tables of the review store. What was asked and what people said is append-only: triggers refuse changes.

Beside that history there is derived state, which follows from it and the newest run, and accounts, which change.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from audits.review.records import DECISIONS, ROLES, SHOWN, STRATA
from audits.review.schema_base import UtcDateTime, metadata
from audits.review.schema_base import one_of as _one_of
from audits.review.schema_room import (
    account,
    activity,
    api_token,
    frozen_item,
    lease,
    queue_mark,
    sent_back,
    skipping,
    tally,
    task_state,
)

#: Revision that the tables below are at. A store at this revision is opened without loading Alembic.
HEAD = "0004"

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
    Column("role", Text, nullable=False, server_default="reviewer"),
    Column("category", Text),
    Column("severity", Text),
    Column("shown", Text),
    Column("suggested", Text),
    UniqueConstraint("client_id"),
    CheckConstraint(_one_of("decision", DECISIONS), name="decision"),
    CheckConstraint("seconds >= 0", name="seconds"),
    CheckConstraint(_one_of("role", ROLES), name="role"),
    CheckConstraint(_one_of("shown", SHOWN), name="shown"),
    Index(None, "question_hash"),
    Index(None, "reviewer", "id"),
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
APPEND_ONLY = (
    *(question, review_task, verdict, withdrawal, decided_on, reopening),
    *(activity, skipping, sent_back, frozen_item),
)

#: Tables that follow from the others and the newest run, or hold for minutes. They are no history: a copy takes them
#: along, the hash of what a store holds leaves them out.
DERIVED = (task_priority, task_state, queue_mark, tally, lease)

#: Tables whose rows change: who may do what. Each change is told in `activity`.
CHANGING = (account, api_token)

__all__ = [
    "APPEND_ONLY",
    "CHANGING",
    "DERIVED",
    "HEAD",
    "UtcDateTime",
    "account",
    "activity",
    "api_token",
    "decided_on",
    "frozen_item",
    "lease",
    "metadata",
    "question",
    "queue_mark",
    "reopening",
    "review_task",
    "sent_back",
    "skipping",
    "tally",
    "task_priority",
    "task_state",
    "verdict",
    "withdrawal",
]
