"""Sources, runs, records and problems of 目录归集."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "govcn_harvest_0001"
down_revision = None
branch_labels = None
depends_on = None

EMPTY_TEXT = sa.text("''")
EMPTY_OBJECT = sa.text("'{}'::jsonb")
EMPTY_LIST = sa.text("'[]'::jsonb")
NOW = sa.text("now()")


def text(name: str, **keywords: object) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=EMPTY_TEXT, **keywords)


def moment(name: str, **keywords: object) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), **keywords)


def upgrade() -> None:
    op.create_table(
        "govcn_harvest_source",
        sa.Column("name", sa.Text, primary_key=True),
        text("title"),
        sa.Column("settings", JSONB, nullable=False, server_default=EMPTY_OBJECT),
        sa.Column("last_run_id", sa.BigInteger),
        moment("last_success_at"),
        sa.Column("failures", sa.Integer, nullable=False, server_default=sa.text("0")),
    )
    op.create_table(
        "govcn_harvest_run",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        moment("started_at", nullable=False, server_default=NOW),
        moment("heartbeat_at", nullable=False, server_default=NOW),
        moment("finished_at"),
        sa.Column("counts", JSONB, nullable=False, server_default=EMPTY_OBJECT),
        text("brake"),
        text("error"),
        sa.CheckConstraint("state IN ('running', 'finished', 'failed', 'crashed')", name="govcn_harvest_run_state"),
    )
    op.create_index("govcn_harvest_run_source", "govcn_harvest_run", ["source", "id"])
    op.create_table(
        "govcn_harvest_record",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("remote_id", sa.Text, primary_key=True),
        text("hash"),
        sa.Column("package_id", sa.Text, nullable=False, unique=True),
        sa.Column("state", sa.Text, nullable=False),
        text("status_before"),
        sa.Column("seen_run", sa.BigInteger, nullable=False),
        sa.Column("changed_run", sa.BigInteger, nullable=False),
        sa.Column("entry", JSONB, nullable=False, server_default=EMPTY_OBJECT),
        sa.Column("resources", JSONB, nullable=False, server_default=EMPTY_LIST),
        sa.CheckConstraint("state IN ('active', 'withdrawn')", name="govcn_harvest_record_state"),
    )
    op.create_table(
        "govcn_harvest_problem",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("run_id", sa.BigInteger, sa.ForeignKey("govcn_harvest_run.id", ondelete="CASCADE"), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        text("file"),
        text("sheet"),
        sa.Column("row", sa.Integer),
        text("column"),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        text("field"),
        text("given"),
        text("message"),
        moment("at", nullable=False, server_default=NOW),
        # 保密: of a row that was refused for secrecy nothing but its place is ever written, whatever the code does
        sa.CheckConstraint(
            "rule <> 'E26' OR (given = '' AND field = '' AND \"column\" = '' AND file = '')",
            name="govcn_harvest_problem_secrecy",
        ),
    )
    op.create_index("govcn_harvest_problem_run", "govcn_harvest_problem", ["run_id"])


def downgrade() -> None:
    for table in ("problem", "record", "run", "source"):
        op.drop_table(f"govcn_harvest_{table}")
