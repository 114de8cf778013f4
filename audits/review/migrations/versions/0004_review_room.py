"""The review room: who is asked what, accounts, the log of all that was done, and what a verdict says beside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from audits.errors import StoreError

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ROLES = "role IN ('reviewer', 'second', 'repeat', 'adjudicator')"

#: Columns that a verdict gets, with their condition.
_OF_VERDICT = {
    "role": f"TEXT DEFAULT 'reviewer' NOT NULL CONSTRAINT ck_verdict_role CHECK ({_ROLES})",
    "category": "TEXT",
    "severity": "TEXT",
    "shown": "TEXT CONSTRAINT ck_verdict_shown CHECK (shown IN ('open', 'blind'))",
    "suggested": "TEXT",
}

_COUNTED = (
    *("last_task", "last_verdict", "last_withdrawal", "last_reopening"),
    *("open", "disputed", "decided"),
)

_APPEND_ONLY = ("activity", "skipping", "sent_back", "frozen_item")


def upgrade() -> None:
    """Add the columns and the tables; no row changes: every verdict there is was a reviewer's."""
    for column, kind in _OF_VERDICT.items():
        op.execute(f"ALTER TABLE verdict ADD COLUMN {column} {kind}")
    _index("verdict", "reviewer", "id")
    op.create_table(
        "task_state",
        sa.Column("question_hash", sa.String(32), nullable=False),
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("position", sa.Float, nullable=False),
        sa.Column("mixed", sa.Integer, nullable=False),
        sa.Column("leaf", sa.Integer, nullable=False),
        sa.Column("wants", sa.Integer, nullable=False),
        sa.Column("since", sa.Integer, nullable=False),
        sa.Column("look", sa.Text),
        sa.Column("first_by", sa.Text, nullable=False),
        sa.Column("given_label", sa.Text, nullable=False),
        sa.Column("suggested_label", sa.Text),
        sa.Column("probability", sa.Float),
        sa.Column("score", sa.Float),
        sa.Column("audits", sa.Text, nullable=False),
        sa.Column("models", sa.Text, nullable=False),
        sa.CheckConstraint("state IN ('open', 'disputed', 'decided')", name=op.f("ck_task_state_state")),
        sa.CheckConstraint("look IN ('second', 'repeat')", name=op.f("ck_task_state_look")),
        _of_question("task_state"),
        sa.PrimaryKeyConstraint("question_hash", name="pk_task_state"),
    )
    _index("task_state", "dataset", "state", "position", "question_hash")
    _index("task_state", "dataset", "state", "given_label", "suggested_label")
    _index("task_state", "dataset", "state", "leaf")
    _index("task_state", "dataset", "look")
    op.create_table(
        "queue_mark",
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("made_of", sa.Text, nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in _COUNTED),
        sa.PrimaryKeyConstraint("dataset", name="pk_queue_mark"),
    )
    op.create_table(
        "tally",
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("reviewer", sa.Text, nullable=False),
        sa.Column("verdicts", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("dataset", "reviewer", name="pk_tally"),
    )
    op.create_table(
        "lease",
        sa.Column("question_hash", sa.String(32), nullable=False),
        sa.Column("reviewer", sa.String(200), nullable=False),
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        _moment("taken_at"),
        _moment("expires_at"),
        sa.CheckConstraint(_ROLES, name=op.f("ck_lease_role")),
        _of_question("lease"),
        sa.PrimaryKeyConstraint("question_hash", "reviewer", name="pk_lease"),
        sa.UniqueConstraint("token", name="uq_lease_token"),
    )
    _index("lease", "dataset", "reviewer")
    _history(
        "skipping",
        sa.Column("question_hash", sa.String(32), nullable=False),
        sa.Column("reviewer", sa.Text, nullable=False),
        _moment("at"),
        _of_question("skipping"),
    )
    _index("skipping", "question_hash", "reviewer")
    _history(
        "sent_back",
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("question_hash", sa.String(32), nullable=False),
        sa.Column("verdict_id", sa.Integer, nullable=False),
        sa.Column("reviewer", sa.Text, nullable=False),
        sa.Column("sent_by", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        _moment("at"),
        _of_question("sent_back"),
        sa.ForeignKeyConstraint(["verdict_id"], ["verdict.id"], name="fk_sent_back_verdict_id_verdict"),
        sa.UniqueConstraint("client_id", name="uq_sent_back_client_id"),
    )
    _index("sent_back", "question_hash")
    _index("sent_back", "reviewer")
    _history(
        "frozen_item",
        sa.Column("slice", sa.Text, nullable=False),
        sa.Column("question_hash", sa.String(32), nullable=False),
        sa.Column("frozen_by", sa.Text, nullable=False),
        _moment("at"),
        _of_question("frozen_item"),
        sa.UniqueConstraint("slice", "question_hash", name="uq_frozen_item_slice_question_hash"),
    )
    _history(
        "activity",
        _moment("at"),
        sa.Column("who", sa.Text),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("dataset", sa.Text),
        sa.Column("question_hash", sa.String(32)),
        sa.Column("verdict_id", sa.Integer),
        sa.Column("address", sa.Text),
        sa.Column("detail", sa.JSON, nullable=False),
    )
    _index("activity", "at")
    _index("activity", "question_hash")
    op.create_table(
        "account",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("datasets", sa.JSON),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        _moment("created_at"),
        _moment("changed_at"),
        sa.CheckConstraint("role IN ('reviewer', 'adjudicator', 'admin')", name=op.f("ck_account_role")),
        sa.PrimaryKeyConstraint("name", name="pk_account"),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("account", sa.String(200), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        _moment("created_at"),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["account"], ["account.name"], name="fk_api_token_account_account"),
        sa.PrimaryKeyConstraint("id", name="pk_api_token"),
        sa.UniqueConstraint("token_hash", name="uq_api_token_token_hash"),
    )


def downgrade() -> None:
    """Drop the columns and the tables, unless that would forget what anybody did.

    Raises
    ------
    StoreError
        When anything was done in the review room.
    """
    connection = op.get_bind()
    there = {}
    for table in (*_APPEND_ONLY, "account", "api_token"):
        there[table] = connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608
    told = "role <> 'reviewer' OR category IS NOT NULL OR severity IS NOT NULL OR shown IS NOT NULL OR "
    told += "suggested IS NOT NULL"
    there["verdict"] = connection.execute(
        sa.text(f"SELECT count(*) FROM verdict WHERE {told}")  # noqa: S608
    ).scalar_one()
    if any(there.values()):
        rows = ", ".join(f"{n} rows of {table}" for table, n in there.items() if n)
        raise StoreError(f"revision 0003 has no place for {rows}")
    op.drop_index("ix_verdict_reviewer_id", "verdict")
    for table in ("task_state", "queue_mark", "tally", "lease", *_APPEND_ONLY, "api_token", "account"):
        op.drop_table(table)
    for column in _OF_VERDICT:
        op.execute(f"ALTER TABLE verdict DROP COLUMN {column}")


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _of_question(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["question_hash"], ["question.hash"], name=f"fk_{table}_question_hash_question"
    )


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _history(table: str, *parts: sa.schema.SchemaItem) -> None:
    """A table that is only ever added to."""
    key = sa.PrimaryKeyConstraint("id", name=f"pk_{table}")
    op.create_table(table, sa.Column("id", sa.Integer, nullable=False), *parts, key)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION labelaudit_append_only()"
        )
        return
    for change in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{change} BEFORE {change.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
