"""提供方式: downloads, as all grants until now, or the interface; and which key a use came with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "govcn_grant_0004"
down_revision = "govcn_grant_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    by_download = sa.text("'{download}'")
    named = sa.Column("deliveries", postgresql.ARRAY(sa.Text), nullable=False, server_default=by_download)
    op.add_column("govcn_grant", named)
    op.create_check_constraint(
        "govcn_grant_known_deliveries",
        "govcn_grant",
        "deliveries <@ ARRAY['download', 'interface', 'other'] AND cardinality(deliveries) > 0",
    )
    op.add_column("govcn_grant_use", sa.Column("key_prefix", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("govcn_grant_use", "key_prefix")
    op.drop_constraint("govcn_grant_known_deliveries", "govcn_grant")
    op.drop_column("govcn_grant", "deliveries")
