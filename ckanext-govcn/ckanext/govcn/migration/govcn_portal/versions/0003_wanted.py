"""Who finds nothing can say that the data are wanted (希望开放): counted beside the searches, without who said so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "govcn_portal_0003"
down_revision = "govcn_portal_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("govcn_missed_query", sa.Column("wanted", sa.BigInteger, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("govcn_missed_query", "wanted")
