"""Tables of the review room: who is asked what at this moment, who may do what, and all that was done."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
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

from audits.review.records import ACCOUNT_ROLES, ROLES, TASK_STATES
from audits.review.schema_base import UtcDateTime, metadata, one_of

#: What each task comes to at this moment, and where it stands: what the next item is chosen from. `position` is its
#: place as `open_queue.open_tasks` orders them; `mixed` is a number by which reviewers get orders of their own.
#: `audits` and `models` name what speaks against the given label, each name between bars: |a|b|.
task_state = Table(
    "task_state",
    metadata,
    Column("question_hash", ForeignKey("question.hash"), primary_key=True),
    Column("dataset", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("position", Float, nullable=False),
    Column("mixed", Integer, nullable=False),
    Column("given_label", Text, nullable=False),
    Column("suggested_label", Text),
    Column("probability", Float),
    Column("score", Float),
    Column("audits", Text, nullable=False),
    Column("models", Text, nullable=False),
    CheckConstraint(one_of("state", TASK_STATES), name="state"),
    Index(None, "dataset", "state", "position"),
    Index(None, "dataset", "state", "given_label", "suggested_label"),
)

#: Who has been shown which question and may answer it until when.
lease = Table(
    "lease",
    metadata,
    Column("question_hash", ForeignKey("question.hash"), primary_key=True),
    Column("reviewer", String(200), primary_key=True),
    Column("dataset", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("token", String(64), nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    UniqueConstraint("token"),
    CheckConstraint(one_of("role", ROLES), name="role"),
    Index(None, "dataset", "expires_at"),
)

#: A question that a reviewer put aside. It is not done: it comes again after the others.
skipping = Table(
    "skipping",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("question_hash", ForeignKey("question.hash"), nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index(None, "question_hash"),
)

#: A verdict that its reviewer is asked to look at again. Open until that reviewer answers the question anew.
sent_back = Table(
    "sent_back",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("question_hash", ForeignKey("question.hash"), nullable=False),
    Column("verdict_id", ForeignKey("verdict.id"), nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("sent_by", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("client_id"),
    Index(None, "question_hash"),
)

#: Questions whose mistakes are kept apart under a name, so that later comparisons score them on their own.
frozen_item = Table(
    "frozen_item",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("slice", Text, nullable=False),
    Column("question_hash", ForeignKey("question.hash"), nullable=False),
    Column("frozen_by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("slice", "question_hash"),
)

#: Everything that was done in the review room: who, when, what, from which address.
activity = Table(
    "activity",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("who", Text),
    Column("action", Text, nullable=False),
    Column("dataset", Text),
    Column("question_hash", String(32)),
    Column("verdict_id", Integer),
    Column("address", Text),
    Column("detail", JSON, nullable=False),
    Index(None, "at"),
)

#: Who may sign in. `datasets` are those that a reviewer sees, null for all; raising `epoch` ends all sessions.
account = Table(
    "account",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("role", Text, nullable=False),
    Column("password_hash", Text),
    Column("datasets", JSON(none_as_null=True)),
    Column("active", Boolean, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    CheckConstraint(one_of("role", ACCOUNT_ROLES), name="role"),
)

#: Tokens for programs. Only a hash of each is kept.
api_token = Table(
    "api_token",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", ForeignKey("account.name"), nullable=False),
    Column("name", Text, nullable=False),
    Column("token_hash", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    UniqueConstraint("token_hash"),
)
