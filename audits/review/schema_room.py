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

from audits.review.records import ACCOUNT_ROLES, LOOKS, ROLES, TASK_STATES
from audits.review.schema_base import UtcDateTime, metadata, one_of

#: What each task comes to at this moment, and where it stands: what the next item is chosen from. `position` is its
#: place as `open_queue.open_tasks` orders them; `mixed` is a number by which reviewers get orders of their own, `leaf`
#: a coarser one. `wants` is how many more verdicts it wants; verdicts up to the id `since` were given before it was
#: reopened. `look` says that a blind second look is due: at what `first_by` said, by somebody else (second) or by the
#: same person (repeat).
#: `audits` and `models` name what speaks against the given label, each name between bars: |a|b|.
task_state = Table(
    "task_state",
    metadata,
    Column("question_hash", ForeignKey("question.hash"), primary_key=True),
    Column("dataset", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("position", Float, nullable=False),
    Column("mixed", Integer, nullable=False),
    Column("leaf", Integer, nullable=False),
    Column("wants", Integer, nullable=False),
    Column("since", Integer, nullable=False),
    Column("look", Text),
    Column("first_by", Text, nullable=False),
    Column("given_label", Text, nullable=False),
    Column("suggested_label", Text),
    Column("probability", Float),
    Column("score", Float),
    Column("audits", Text, nullable=False),
    Column("models", Text, nullable=False),
    CheckConstraint(one_of("state", TASK_STATES), name="state"),
    CheckConstraint(one_of("look", LOOKS), name="look"),
    Index(None, "dataset", "state", "position", "question_hash"),
    Index(None, "dataset", "state", "given_label", "suggested_label"),
    Index(None, "dataset", "state", "leaf"),
    Index(None, "dataset", "look"),
)

#: What `task_state` of a dataset was made of, and how many of its tasks are in which state. Verdicts, withdrawals and
#: reopenings up to these ids are in it. `made_of` names the findings, the rules and the tasks; `token` is another one
#: whenever all of it has to be made anew.
queue_mark = Table(
    "queue_mark",
    metadata,
    Column("dataset", Text, primary_key=True),
    Column("made_of", Text, nullable=False),
    Column("token", String(64), nullable=False),
    Column("last_task", Integer, nullable=False),
    Column("last_verdict", Integer, nullable=False),
    Column("last_withdrawal", Integer, nullable=False),
    Column("last_reopening", Integer, nullable=False),
    Column("open", Integer, nullable=False),
    Column("disputed", Integer, nullable=False),
    Column("decided", Integer, nullable=False),
)

#: How many verdicts each person gave and did not take back, up to the ids in `queue_mark`.
tally = Table(
    "tally",
    metadata,
    Column("dataset", Text, primary_key=True),
    Column("reviewer", Text, primary_key=True),
    Column("verdicts", Integer, nullable=False),
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
    Index(None, "dataset", "reviewer"),
)

#: A question that a reviewer put aside. It is not done: it comes again after the others.
skipping = Table(
    "skipping",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("question_hash", ForeignKey("question.hash"), nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index(None, "question_hash", "reviewer"),
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
    Index(None, "reviewer"),
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
    Index(None, "question_hash"),
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
