"""Views and downloads per day and resource."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "govcn_portal_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "govcn_usage",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("package_id", sa.UnicodeText, primary_key=True),
        sa.Column("resource_id", sa.UnicodeText, primary_key=True, server_default=""),
        sa.Column("views", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("downloads", sa.BigInteger, nullable=False, server_default="0"),
    )
    op.create_index("govcn_usage_package_id", "govcn_usage", ["package_id"])


def downgrade() -> None:
    op.drop_table("govcn_usage")
