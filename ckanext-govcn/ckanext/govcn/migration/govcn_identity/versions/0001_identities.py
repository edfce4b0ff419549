"""统一身份认证: which account belongs to which identity. Digests only: no subject and no number of a person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "govcn_identity_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "govcn_identity",
        sa.Column("provider", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("suite", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("trust", sa.Text, nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="govcn_identity_digest"),
        sa.CheckConstraint("kind IN ('person', 'legal_person')", name="govcn_identity_kind"),
    )


def downgrade() -> None:
    op.drop_table("govcn_identity")
