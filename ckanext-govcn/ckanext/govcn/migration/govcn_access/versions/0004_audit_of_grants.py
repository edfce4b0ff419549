"""The audit log is asked for what was delivered under a grant: by index, however long it is."""

from __future__ import annotations

from alembic import op

revision = "govcn_access_0004"
down_revision = "govcn_access_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX govcn_audit_downloads ON govcn_audit ((event->>'grant'), number) "
        "WHERE event->>'event' = 'data.download'"
    )


def downgrade() -> None:
    op.execute("DROP INDEX govcn_audit_downloads")
