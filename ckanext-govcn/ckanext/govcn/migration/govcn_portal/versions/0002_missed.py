"""What people looked for and did not find, per day, without who asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "govcn_portal_0002"
down_revision = "govcn_portal_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "govcn_missed_query",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("text", sa.UnicodeText, primary_key=True),
        sa.Column("times", sa.BigInteger, nullable=False, server_default="1"),
    )


def downgrade() -> None:
    op.drop_table("govcn_missed_query")
