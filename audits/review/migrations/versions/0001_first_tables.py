"""The first tables: question, review_task, verdict, withdrawal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from audits.errors import StoreError

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, their indices and the triggers that keep them append-only."""
    op.create_table(
        "question",
        sa.Column("hash", sa.String(32), nullable=False),
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("item_id", sa.Text, nullable=False),
        sa.Column("content_hash", sa.Text, nullable=False),
        sa.Column("given_label", sa.Text, nullable=False),
        sa.Column("classes_hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_question"),
    )
    op.create_index("ix_question_dataset_item_id", "question", ["dataset", "item_id"])
    op.create_table(
        "review_task",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("question_hash", sa.String(32), nullable=False),
        sa.Column("stratum", sa.Text, nullable=False),
        sa.Column("inclusion_probability", sa.Float, nullable=False),
        sa.Column("rank", sa.Integer),
        sa.Column("suggested_label", sa.Text),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("gold_label", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("stratum IN ('flagged', 'control', 'gold')", name=op.f("ck_review_task_stratum")),
        sa.CheckConstraint(
            "inclusion_probability > 0 AND inclusion_probability <= 1",
            name=op.f("ck_review_task_inclusion_probability"),
        ),
        sa.ForeignKeyConstraint(
            ["question_hash"], ["question.hash"], name="fk_review_task_question_hash_question"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_review_task"),
        sa.UniqueConstraint("question_hash", name="uq_review_task_question_hash"),
    )
    op.create_table(
        "verdict",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("question_hash", sa.String(32), nullable=False),
        sa.Column("reviewer", sa.Text),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("seconds", sa.Float),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.CheckConstraint(
            "decision IN ('keep', 'relabel', 'multiple', 'none', 'unsure', 'unusable')",
            name=op.f("ck_verdict_decision"),
        ),
        sa.CheckConstraint("seconds >= 0", name=op.f("ck_verdict_seconds")),
        sa.ForeignKeyConstraint(
            ["question_hash"], ["question.hash"], name="fk_verdict_question_hash_question"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_verdict"),
        sa.UniqueConstraint("client_id", name="uq_verdict_client_id"),
    )
    op.create_index("ix_verdict_question_hash", "verdict", ["question_hash"])
    op.create_table(
        "withdrawal",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("verdict_id", sa.Integer, nullable=False),
        sa.Column("reviewer", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["verdict_id"], ["verdict.id"], name="fk_withdrawal_verdict_id_verdict"),
        sa.PrimaryKeyConstraint("id", name="pk_withdrawal"),
        sa.UniqueConstraint("client_id", name="uq_withdrawal_client_id"),
        sa.UniqueConstraint("verdict_id", name="uq_withdrawal_verdict_id"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION labelaudit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
    for table in ("question", "verdict", "withdrawal"):
        _append_only(table)


def _append_only(table: str) -> None:
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


def downgrade() -> None:
    """Refuse: there is nothing before the first tables, and going there would delete every verdict."""
    raise StoreError("revision 0001 is the first: going back from it would delete every verdict")
