"""Who asked for a run is kept with the run: its job goes on to the next attempt's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "govcn_harvest_0011"
down_revision = "govcn_harvest_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("govcn_harvest_run", sa.Column("asked_by", sa.Text, nullable=False, server_default=sa.text("''")))
    op.execute("""
        UPDATE govcn_harvest_run r SET asked_by = j.wanted_by
        FROM govcn_harvest_job j WHERE j.run_id = r.id AND j.kind = 'run'
    """)


def downgrade() -> None:
    op.drop_column("govcn_harvest_run", "asked_by")
