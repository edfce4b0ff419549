"""审计日志: a table that only grows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "govcn_access_0003"
down_revision = "govcn_access_0002"
branch_labels = None
depends_on = None

_REFUSE = """
CREATE OR REPLACE FUNCTION govcn_audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'govcn: lines of the audit log are never changed or removed'
        USING ERRCODE = 'insufficient_privilege';
END $$
"""


def upgrade() -> None:
    op.create_table(
        "govcn_audit",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("event", JSONB, nullable=False),
        sa.Column("previous", sa.Text, nullable=False, unique=True),
        sa.Column("suite", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False, unique=True),
    )
    op.execute(_REFUSE)
    op.execute(
        "CREATE TRIGGER govcn_audit_rows BEFORE UPDATE OR DELETE ON govcn_audit "
        "FOR EACH ROW EXECUTE FUNCTION govcn_audit_only_grows()"
    )
    op.execute(
        "CREATE TRIGGER govcn_audit_table BEFORE TRUNCATE ON govcn_audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION govcn_audit_only_grows()"
    )


def downgrade() -> None:
    op.drop_table("govcn_audit")
    op.execute("DROP FUNCTION IF EXISTS govcn_audit_only_grows()")
