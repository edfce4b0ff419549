"""The terms (办理时限) that an application began with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "govcn_application_0002"
down_revision = "govcn_application_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("govcn_application", sa.Column("terms", JSONB, nullable=False, server_default=sa.text("'{}'")))


def downgrade() -> None:
    op.drop_column("govcn_application", "terms")
