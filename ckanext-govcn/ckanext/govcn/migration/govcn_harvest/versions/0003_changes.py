"""What each run did to each dataset, with what was there before: the ground of undo, and of plans that wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "govcn_harvest_0003"
down_revision = "govcn_harvest_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "govcn_harvest_change",
        sa.Column("run_id", sa.BigInteger, sa.ForeignKey("govcn_harvest_run.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("remote_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("package_id", sa.Text, nullable=False),
        sa.Column("fields", JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")),
        sa.Column("before", JSONB),
        sa.Column("after", JSONB),
        sa.Column("planned", JSONB),
        sa.CheckConstraint("kind IN ('added', 'changed', 'removed')", name="govcn_harvest_change_kind"),
        sa.CheckConstraint("state IN ('planned', 'applied', 'skipped', 'undone')", name="govcn_harvest_change_state"),
    )
    op.create_index("govcn_harvest_change_package", "govcn_harvest_change", ["package_id"])
    op.add_column("govcn_harvest_run", sa.Column("plan", sa.Text, nullable=False, server_default=sa.text("''")))
    op.create_check_constraint(
        "govcn_harvest_run_plan", "govcn_harvest_run", "plan IN ('', 'waiting', 'applied', 'rejected', 'undone')"
    )
    op.add_column("govcn_harvest_run", sa.Column("why", sa.Text, nullable=False, server_default=sa.text("''")))


def downgrade() -> None:
    op.drop_column("govcn_harvest_run", "why")
    op.drop_column("govcn_harvest_run", "plan")
    op.drop_table("govcn_harvest_change")
