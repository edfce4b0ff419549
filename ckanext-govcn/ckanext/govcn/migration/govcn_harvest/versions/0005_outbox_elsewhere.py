"""The outbox of the search index is no longer the harvest's: triggers fill the table of plugin `govcn_search`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "govcn_harvest_0005"
down_revision = "govcn_harvest_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("govcn_index_outbox")


def downgrade() -> None:
    op.create_table(
        "govcn_index_outbox",
        sa.Column("package_id", sa.Text, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
    )
