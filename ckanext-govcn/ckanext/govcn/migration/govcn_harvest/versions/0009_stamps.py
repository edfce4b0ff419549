"""What says that a source is still what it was in its last whole run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "govcn_harvest_0009"
down_revision = "govcn_harvest_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "govcn_harvest_stamps",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("run_id", sa.BigInteger, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("stamps", JSONB, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("govcn_harvest_stamps")
