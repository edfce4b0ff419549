"""发布包: what was sent and confirmed, what was taken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "govcn_harvest_0006"
down_revision = "govcn_harvest_0005"
branch_labels = None
depends_on = None

EMPTY_OBJECT = sa.text("'{}'::jsonb")
EMPTY_LIST = sa.text("'[]'::jsonb")
NOW = sa.text("now()")


def text(name: str, **keywords: object) -> sa.Column[str]:
    return sa.Column(name, sa.Text, **{"nullable": False} | keywords)


def number(name: str, **keywords: object) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, **{"nullable": False} | keywords)


def moment(name: str, **keywords: object) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, **keywords)


def upgrade() -> None:
    op.create_table(
        "govcn_release_sent",
        number("number", primary_key=True, autoincrement=False),
        text("digest"),
        sa.Column("is_full", sa.Boolean, nullable=False),
        moment("made_at"),
        sa.Column("manifest", JSONB, nullable=False),
        text("path"),
        sa.CheckConstraint("number > 0", name="govcn_release_sent_number"),
    )
    op.create_table(
        "govcn_release_sent_entry",
        text("package_id", primary_key=True),
        number("number"),
        text("hash"),
        sa.Column("released", sa.Boolean, nullable=False),
        sa.Column("contents", JSONB, nullable=False, server_default=EMPTY_LIST),
    )
    op.create_index("govcn_release_sent_contents", "govcn_release_sent_entry", ["contents"], postgresql_using="gin")
    op.create_table(
        "govcn_release_receipt",
        text("site", primary_key=True),
        number("number", primary_key=True, autoincrement=False),
        text("state"),
        sa.Column("receipt", JSONB, nullable=False),
        moment("imported_at", server_default=NOW),
        sa.CheckConstraint("state IN ('applied', 'waiting', 'refused', 'undone')", name="govcn_release_receipt_state"),
    )
    op.create_table(
        "govcn_release_received",
        text("source", primary_key=True),
        number("number", primary_key=True, autoincrement=False),
        text("digest"),
        text("sender"),
        number("run_id"),
        sa.Column("counts", JSONB, nullable=False, server_default=EMPTY_OBJECT),
        sa.Column("refused", JSONB, nullable=False, server_default=EMPTY_LIST),
        moment("at", server_default=NOW),
        text("receipt_state", server_default=sa.text("''")),
    )


def downgrade() -> None:
    for table in ("received", "receipt", "sent_entry", "sent"):
        op.drop_table(f"govcn_release_{table}")
