"""The outbox of the search index: datasets that the database has and the index has not seen yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "govcn_harvest_0002"
down_revision = "govcn_harvest_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "govcn_index_outbox",
        sa.Column("package_id", sa.Text, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
    )


def downgrade() -> None:
    op.drop_table("govcn_index_outbox")
