"""额度、频次: how often a grant may be used, and each use of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "govcn_grant_0002"
down_revision = "govcn_grant_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("govcn_grant", sa.Column("quota", sa.Integer))
    op.add_column("govcn_grant", sa.Column("quota_period", sa.Text, nullable=False, server_default=sa.text("'all'")))
    op.add_column("govcn_grant", sa.Column("rate", sa.Integer))
    op.create_check_constraint("govcn_grant_limits", "govcn_grant", "quota > 0 AND rate > 0")
    op.create_check_constraint("govcn_grant_quota_period", "govcn_grant", "quota_period IN ('all', 'day')")
    op.create_table(
        "govcn_grant_use",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("grant_id", sa.Text, sa.ForeignKey("govcn_grant.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resource_id", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False, server_default=sa.text("''")),
    )
    op.create_index("govcn_grant_use_of_grant", "govcn_grant_use", ["grant_id", "at"])


def downgrade() -> None:
    op.drop_table("govcn_grant_use")
    op.drop_constraint("govcn_grant_quota_period", "govcn_grant")
    op.drop_constraint("govcn_grant_limits", "govcn_grant")
    for column in ("rate", "quota_period", "quota"):
        op.drop_column("govcn_grant", column)
