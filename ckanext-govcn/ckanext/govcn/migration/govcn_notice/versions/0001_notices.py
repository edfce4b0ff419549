"""Notices, one outbox row for each way that each goes, and who wants mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "govcn_notice_0001"
down_revision = None
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_EMPTY = sa.text("''")


def upgrade() -> None:
    op.create_table(
        "govcn_notice",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("title_zh", sa.Text, nullable=False),
        sa.Column("title_en", sa.Text, nullable=False),
        sa.Column("body_zh", sa.Text, nullable=False),
        sa.Column("body_en", sa.Text, nullable=False),
        sa.Column("link", sa.Text, nullable=False, server_default=_EMPTY),
        sa.Column("dedupe_key", sa.Text, unique=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
    )
    op.create_index("govcn_notice_created", "govcn_notice", ["created_at"])
    op.create_table(
        "govcn_notice_delivery",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("notice_id", sa.BigInteger, sa.ForeignKey("govcn_notice.id", ondelete="CASCADE"), nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        sa.Column("last_error", sa.Text, nullable=False, server_default=_EMPTY),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("read_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("notice_id", "channel", "target", name="govcn_notice_delivery_once"),
        sa.CheckConstraint("channel IN ('portal', 'mail', 'webhook')", name="govcn_notice_delivery_channel"),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed', 'dropped')", name="govcn_notice_delivery_state"),
    )
    op.create_index(
        "govcn_notice_delivery_due",
        "govcn_notice_delivery",
        ["next_attempt_at"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "govcn_notice_delivery_inbox",
        "govcn_notice_delivery",
        ["target", "notice_id"],
        postgresql_where=sa.text("channel = 'portal'"),
    )
    op.create_index(
        "govcn_notice_delivery_unread",
        "govcn_notice_delivery",
        ["target"],
        postgresql_where=sa.text("channel = 'portal' AND read_at IS NULL"),
    )
    op.create_table(
        "govcn_notice_preference",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("mail", sa.Boolean, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("govcn_notice_preference")
    op.drop_table("govcn_notice_delivery")
    op.drop_table("govcn_notice")
