"""样例数据 of conditional datasets: a few rows that somebody entered, made up or masked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "govcn_grant_0005"
down_revision = "govcn_grant_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "govcn_sample",
        sa.Column("package_id", sa.Text, primary_key=True),
        sa.Column("columns", JSONB, nullable=False),
        sa.Column("rows", JSONB, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint("kind IN ('made_up', 'masked')", name="govcn_sample_known_kind"),
        sa.CheckConstraint("jsonb_array_length(rows) BETWEEN 1 AND 10", name="govcn_sample_few_rows"),
    )


def downgrade() -> None:
    op.drop_table("govcn_sample")
