"""What was asked, and with which probability it was drawn, is kept as it was: review_task is append-only too."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the triggers that keep review_task append-only."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER review_task_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON review_task "
            "FOR EACH STATEMENT EXECUTE FUNCTION labelaudit_append_only()"
        )
        return
    for change in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER review_task_no_{change} BEFORE {change.upper()} ON review_task "
            "BEGIN SELECT RAISE(ABORT, 'review_task is append-only'); END"
        )


def downgrade() -> None:
    """Drop the triggers; no row changes."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER review_task_append_only ON review_task")
        return
    for change in ("update", "delete"):
        op.execute(f"DROP TRIGGER review_task_no_{change}")
