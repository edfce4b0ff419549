"""Every record as received, kept with its run; of what E26 or E30 refuses only hash, place and rule; thinned runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "govcn_harvest_0010"
down_revision = "govcn_harvest_0009"
branch_labels = None
depends_on = None

SECRECY = "govcn_harvest_problem_secrecy"
RECORD_STATE = "govcn_harvest_record_state"


def upgrade() -> None:
    op.create_table(
        "govcn_harvest_raw",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("remote_id", sa.Text, primary_key=True),
        sa.Column("run_id", sa.BigInteger, sa.ForeignKey("govcn_harvest_run.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary),
    )
    op.create_index("govcn_harvest_raw_run", "govcn_harvest_raw", ["run_id"])
    op.add_column("govcn_harvest_problem", sa.Column("hash", sa.Text, nullable=False, server_default=sa.text("''")))
    op.execute("UPDATE govcn_harvest_problem SET given = '', field = '', \"column\" = '', file = '' WHERE rule = 'E30'")
    op.drop_constraint(SECRECY, "govcn_harvest_problem")
    # of a row that was refused for secrecy or personal data nothing but hash, place and rule is ever written
    op.create_check_constraint(
        SECRECY,
        "govcn_harvest_problem",
        "rule NOT IN ('E26', 'E30') OR (given = '' AND field = '' AND \"column\" = '' AND file = '')",
    )
    op.add_column("govcn_harvest_run", sa.Column("headings", JSONB, nullable=False, server_default=sa.text("'{}'")))
    op.add_column("govcn_harvest_run", sa.Column("statistics", JSONB))
    op.add_column("govcn_harvest_run", sa.Column("thinned_at", sa.DateTime(timezone=True)))
    op.drop_constraint(RECORD_STATE, "govcn_harvest_record")
    op.create_check_constraint(
        RECORD_STATE, "govcn_harvest_record", "state IN ('active', 'incomplete', 'withdrawn', 'kept')"
    )
    # an undo has to know what was harvested, also where a file was missing
    op.execute("UPDATE govcn_harvest_record SET state = 'incomplete' WHERE hash = '' AND state = 'active'")


def downgrade() -> None:
    op.execute("UPDATE govcn_harvest_record SET hash = '', state = 'active' WHERE state = 'incomplete'")
    op.drop_constraint(RECORD_STATE, "govcn_harvest_record")
    op.create_check_constraint(RECORD_STATE, "govcn_harvest_record", "state IN ('active', 'withdrawn', 'kept')")
    for column in ("thinned_at", "statistics", "headings"):
        op.drop_column("govcn_harvest_run", column)
    op.drop_constraint(SECRECY, "govcn_harvest_problem")
    op.create_check_constraint(
        SECRECY,
        "govcn_harvest_problem",
        "rule <> 'E26' OR (given = '' AND field = '' AND \"column\" = '' AND file = '')",
    )
    op.drop_column("govcn_harvest_problem", "hash")
    op.drop_table("govcn_harvest_raw")
