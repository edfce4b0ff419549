"""授权: who gets which conditional data, for what and how long, and the keys bound to it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "govcn_grant_0001"
down_revision = None
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_EMPTY = sa.text("''")


def upgrade() -> None:
    op.create_table(
        "govcn_grant",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("package_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("begins", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("versions", postgresql.ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("reference", sa.Text, nullable=False, server_default=_EMPTY),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("given_by", sa.Text, nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        sa.Column("suspended_at", sa.DateTime(timezone=True)),
        sa.Column("suspended_by", sa.Text, nullable=False, server_default=_EMPTY),
        sa.Column("suspend_reason", sa.Text, nullable=False, server_default=_EMPTY),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by", sa.Text, nullable=False, server_default=_EMPTY),
        sa.Column("end_reason", sa.Text, nullable=False, server_default=_EMPTY),
        sa.CheckConstraint("channel IN ('opening', 'sharing')", name="govcn_grant_channel"),
        sa.CheckConstraint("btrim(purpose) <> '' AND btrim(reason) <> ''", name="govcn_grant_says_why"),
        sa.CheckConstraint("begins < until", name="govcn_grant_period"),
        sa.CheckConstraint("user_id <> given_by", name="govcn_grant_not_to_oneself"),
    )
    op.create_index("govcn_grant_held", "govcn_grant", ["user_id", "package_id"])
    op.create_index("govcn_grant_of_dataset", "govcn_grant", ["package_id"])
    op.create_table(
        "govcn_grant_key",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("grant_id", sa.Text, sa.ForeignKey("govcn_grant.id", ondelete="CASCADE"), nullable=False),
        sa.Column("prefix", sa.Text, nullable=False, unique=True),
        sa.Column("suite", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_by", sa.Text, nullable=False, server_default=_EMPTY),
    )
    op.create_index("govcn_grant_key_of_grant", "govcn_grant_key", ["grant_id"])


def downgrade() -> None:
    op.drop_table("govcn_grant_key")
    op.drop_table("govcn_grant")
