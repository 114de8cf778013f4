"""The queue follows the newest run, decided questions can be reopened, and items can be drawn for exploration."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from audits.errors import StoreError

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_STRATA = ("flagged", "control", "gold")


def upgrade() -> None:
    """Create the tables of decisions' evidence, reopenings and priorities; allow the stratum `exploration`."""
    _allow_strata((*_STRATA, "exploration"))
    for table, moment, words in (("decided_on", "stored_at", ()), ("reopening", "at", ("reason",))):
        op.create_table(
            table,
            sa.Column("id", sa.Integer, nullable=False),
            sa.Column("question_hash", sa.String(32), nullable=False),
            sa.Column("verdict_id", sa.Integer, nullable=False),
            sa.Column("probability", sa.Float, nullable=False),
            *(sa.Column(w, sa.Text, nullable=False) for w in words),
            sa.Column(moment, sa.DateTime(timezone=True), nullable=False),
            sa.CheckConstraint("probability >= 0 AND probability <= 1", name=op.f(f"ck_{table}_probability")),
            sa.ForeignKeyConstraint(
                ["question_hash"], ["question.hash"], name=f"fk_{table}_question_hash_question"
            ),
            sa.ForeignKeyConstraint(["verdict_id"], ["verdict.id"], name=f"fk_{table}_verdict_id_verdict"),
            sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
            sa.UniqueConstraint("verdict_id", name=f"uq_{table}_verdict_id"),
        )
        _append_only(table)
    op.create_table(
        "task_priority",
        sa.Column("question_hash", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer),
        sa.Column("probability", sa.Float),
        sa.Column("suggested_label", sa.Text),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.CheckConstraint("position >= 1", name=op.f("ck_task_priority_position")),
        sa.CheckConstraint(
            "probability >= 0 AND probability <= 1", name=op.f("ck_task_priority_probability")
        ),
        sa.ForeignKeyConstraint(
            ["question_hash"], ["question.hash"], name="fk_task_priority_question_hash_question"
        ),
        sa.PrimaryKeyConstraint("question_hash", name="pk_task_priority"),
    )


def downgrade() -> None:
    """Drop the tables, unless that would forget what was asked.

    Raises
    ------
    StoreError
        When questions were reopened, or items drawn for exploration.
    """
    connection = op.get_bind()
    reopened = connection.execute(sa.text("SELECT count(*) FROM reopening")).scalar_one()
    explored = connection.execute(
        sa.text("SELECT count(*) FROM review_task WHERE stratum = 'exploration'")
    ).scalar_one()
    if reopened or explored:
        raise StoreError(
            f"revision 0002 has no place for {reopened} reopenings and {explored} tasks of the exploration"
        )
    for table in ("task_priority", "reopening", "decided_on"):
        op.drop_table(table)
    _allow_strata(_STRATA)


def _allow_strata(strata: tuple[str, ...]) -> None:
    """Replace the constraint on the stratum; no row changes."""
    condition = f"stratum IN ({', '.join(map(repr, strata))})"
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_review_task_stratum"), "review_task")
        op.create_check_constraint(op.f("ck_review_task_stratum"), "review_task", condition)
        return
    # SQLite changes no constraint of a table that is there: its rows move to a new one
    op.create_table(
        "review_task_new",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("question_hash", sa.String(32), nullable=False),
        sa.Column("stratum", sa.Text, nullable=False),
        sa.Column("inclusion_probability", sa.Float, nullable=False),
        sa.Column("rank", sa.Integer),
        sa.Column("suggested_label", sa.Text),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("gold_label", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(condition, name=op.f("ck_review_task_stratum")),
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
    op.execute("INSERT INTO review_task_new SELECT * FROM review_task")  # the columns are in the same order
    op.drop_table("review_task")
    op.rename_table("review_task_new", "review_task")
    _append_only("review_task")


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
