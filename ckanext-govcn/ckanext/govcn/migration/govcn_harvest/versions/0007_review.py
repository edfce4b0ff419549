"""Entries that move are planned changes, what opens is marked, who decided is kept, and an undo can be taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "govcn_harvest_0007"
down_revision = "govcn_harvest_0006"
branch_labels = None
depends_on = None

KIND = "govcn_harvest_change_kind"
RECORD_STATE = "govcn_harvest_record_state"
JOB_KIND = "govcn_harvest_job_kind"
NOW = sa.text("now()")


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=sa.text("''"))


def upgrade() -> None:
    op.drop_constraint(KIND, "govcn_harvest_change")
    op.create_check_constraint(KIND, "govcn_harvest_change", "kind IN ('added', 'changed', 'move', 'removed')")
    op.drop_constraint(JOB_KIND, "govcn_harvest_job")
    op.create_check_constraint(
        JOB_KIND, "govcn_harvest_job", "kind IN ('run', 'apply', 'reject', 'undo', 'redo', 'preview')"
    )
    op.add_column(
        "govcn_harvest_change", sa.Column("opens", sa.Boolean, nullable=False, server_default=sa.text("false"))
    )
    op.add_column("govcn_harvest_change", sa.Column("undone", JSONB))
    op.drop_constraint(RECORD_STATE, "govcn_harvest_record")
    op.create_check_constraint(RECORD_STATE, "govcn_harvest_record", "state IN ('active', 'withdrawn', 'kept')")
    op.add_column("govcn_harvest_source", text("edited_by"))
    op.create_table(
        "govcn_harvest_decision",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("run_id", sa.BigInteger, sa.ForeignKey("govcn_harvest_run.id", ondelete="CASCADE"), nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        text("decided_by"),
        sa.Column("decided_as", sa.Text, nullable=False),
        text("asked_by"),
        text("note"),
        sa.Column("counts", JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.CheckConstraint("what IN ('apply', 'reject', 'undo', 'redo')", name="govcn_harvest_decision_what"),
        sa.CheckConstraint("decided_as IN ('editor', 'admin', 'bureau', 'operator')", name="govcn_harvest_decision_as"),
    )
    op.create_index("govcn_harvest_decision_run", "govcn_harvest_decision", ["run_id"])


def downgrade() -> None:
    op.drop_table("govcn_harvest_decision")
    op.drop_column("govcn_harvest_source", "edited_by")
    op.execute("UPDATE govcn_harvest_record SET state = 'active' WHERE state = 'kept'")
    op.drop_constraint(RECORD_STATE, "govcn_harvest_record")
    op.create_check_constraint(RECORD_STATE, "govcn_harvest_record", "state IN ('active', 'withdrawn')")
    op.drop_column("govcn_harvest_change", "undone")
    op.drop_column("govcn_harvest_change", "opens")
    op.execute("DELETE FROM govcn_harvest_job WHERE kind = 'redo'")
    op.drop_constraint(JOB_KIND, "govcn_harvest_job")
    op.create_check_constraint(JOB_KIND, "govcn_harvest_job", "kind IN ('run', 'apply', 'reject', 'undo', 'preview')")
    op.execute("UPDATE govcn_harvest_change SET kind = 'changed' WHERE kind = 'move'")
    op.drop_constraint(KIND, "govcn_harvest_change")
    op.create_check_constraint(KIND, "govcn_harvest_change", "kind IN ('added', 'changed', 'removed')")
