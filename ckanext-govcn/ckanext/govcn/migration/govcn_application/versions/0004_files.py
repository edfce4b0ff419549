"""Attachments and stamped scans: a line never changes but for once, when its bytes go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "govcn_application_0004"
down_revision = "govcn_application_0003"
branch_labels = None
depends_on = None

_EMPTY = sa.text("''")
_REFUSE = """
CREATE OR REPLACE FUNCTION govcn_application_file_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.removed_at IS NULL AND NEW.removed_at IS NOT NULL
       AND to_jsonb(NEW) - 'removed_at' = to_jsonb(OLD) - 'removed_at' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'govcn: files of an application are never changed, only removed with their line kept'
        USING ERRCODE = 'insufficient_privilege';
END $$
"""


def upgrade() -> None:
    op.create_table(
        "govcn_application_file",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("application_id", sa.Text, sa.ForeignKey("govcn_application.id", ondelete="CASCADE"), nullable=False),
        sa.Column("paper", sa.Text, nullable=False, server_default=_EMPTY),
        sa.Column("text_sha256", sa.Text, nullable=False, server_default=_EMPTY),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("char_length(filename) <= 255", name="govcn_application_file_filename_length"),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="govcn_application_file_sha256"),
        sa.CheckConstraint("size > 0", name="govcn_application_file_size"),
    )
    op.create_index("govcn_application_file_of", "govcn_application_file", ["application_id", "at"])
    op.execute(_REFUSE)
    op.execute(
        "CREATE TRIGGER govcn_application_file_rows BEFORE UPDATE ON govcn_application_file "
        "FOR EACH ROW EXECUTE FUNCTION govcn_application_file_stays()"
    )


def downgrade() -> None:
    op.drop_table("govcn_application_file")
    op.execute("DROP FUNCTION IF EXISTS govcn_application_file_stays()")
