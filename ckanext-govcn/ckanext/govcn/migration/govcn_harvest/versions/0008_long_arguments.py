"""The same job asked for twice is found by a digest of its arguments: chosen records may be too many for an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "govcn_harvest_0008"
down_revision = "govcn_harvest_0007"
branch_labels = None
depends_on = None

INDEX = "govcn_harvest_job_asked_once"
WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.drop_index(INDEX, "govcn_harvest_job")
    columns = ["source", "kind", sa.text("md5(arguments::text)")]
    op.create_index(INDEX, "govcn_harvest_job", columns, unique=True, postgresql_where=WAITING)


def downgrade() -> None:
    op.drop_index(INDEX, "govcn_harvest_job")
    columns = ["source", "kind", "arguments"]
    op.create_index(INDEX, "govcn_harvest_job", columns, unique=True, postgresql_where=WAITING)
