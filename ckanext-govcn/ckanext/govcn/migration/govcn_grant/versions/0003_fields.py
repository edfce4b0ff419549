"""信息项: the columns a grant names; none, as all grants until now, is all of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "govcn_grant_0003"
down_revision = "govcn_grant_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    named = sa.Column("fields", postgresql.ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'"))
    op.add_column("govcn_grant", named)


def downgrade() -> None:
    op.drop_column("govcn_grant", "fields")
