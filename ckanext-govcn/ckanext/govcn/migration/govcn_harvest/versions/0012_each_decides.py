"""What is decided on a run is done with the rights of whoever decides: the same asked by two people is two jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "govcn_harvest_0012"
down_revision = "govcn_harvest_0011"
branch_labels = None
depends_on = None

INDEX = "govcn_harvest_job_asked_once"
WAITING = sa.text("state = 'waiting'")
COLUMNS = ["source", "kind", sa.text("md5(arguments::text)")]
BY = sa.text("(CASE WHEN kind IN ('run', 'preview') THEN '' ELSE wanted_by END)")


def upgrade() -> None:
    op.drop_index(INDEX, "govcn_harvest_job")
    op.create_index(INDEX, "govcn_harvest_job", [*COLUMNS, BY], unique=True, postgresql_where=WAITING)


def downgrade() -> None:
    op.drop_index(INDEX, "govcn_harvest_job")
    op.execute("""
        DELETE FROM govcn_harvest_job j USING govcn_harvest_job o
        WHERE j.state = 'waiting' AND o.state = 'waiting' AND o.id < j.id AND o.source = j.source AND o.kind = j.kind
          AND o.arguments = j.arguments
    """)
    op.create_index(INDEX, "govcn_harvest_job", COLUMNS, unique=True, postgresql_where=WAITING)
