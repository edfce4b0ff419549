"""How often the grantee may download (下载次数), as the department agreed to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "govcn_application_0003"
down_revision = "govcn_application_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("govcn_application", sa.Column("limits", JSONB, nullable=False, server_default=sa.text("'{}'")))


def downgrade() -> None:
    op.drop_column("govcn_application", "limits")
