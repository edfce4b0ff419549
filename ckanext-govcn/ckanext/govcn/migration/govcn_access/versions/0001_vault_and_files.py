"""The vault of real addresses and the content-addressed files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "govcn_access_0001"
down_revision = None
branch_labels = None
depends_on = None

NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "govcn_vault",
        sa.Column("resource_id", sa.Text, primary_key=True),
        sa.Column("package_id", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
    )
    op.create_index("govcn_vault_package", "govcn_vault", ["package_id"])
    op.create_table(
        "govcn_file",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="govcn_file_sha256"),
        sa.CheckConstraint("size >= 0", name="govcn_file_size"),
    )
    op.create_table(
        "govcn_resource_file",
        sa.Column("resource_id", sa.Text, primary_key=True),
        sa.Column("sha256", sa.Text, sa.ForeignKey("govcn_file.sha256"), nullable=False),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
    )
    op.create_index("govcn_resource_file_sha256", "govcn_resource_file", ["sha256"])


def downgrade() -> None:
    for table in ("govcn_resource_file", "govcn_file", "govcn_vault"):
        op.drop_table(table)
