"""Jobs of the worker with their leases; who owns a source, and when it runs next."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "govcn_harvest_0004"
down_revision = "govcn_harvest_0003"
branch_labels = None
depends_on = None

EMPTY_TEXT = sa.text("''")
EMPTY_OBJECT = sa.text("'{}'::jsonb")
NOW = sa.text("now()")
SOURCE_COLUMNS = ("owner_org", "host", "schedule", "next_run_at", "paused")


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=EMPTY_TEXT)


def moment(name: str, **keywords: object) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), **keywords)


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default=sa.text("0"))


def upgrade() -> None:
    op.create_table(
        "govcn_harvest_job",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("arguments", JSONB, nullable=False, server_default=EMPTY_OBJECT),
        sa.Column("result", JSONB),
        sa.Column("progress", JSONB, nullable=False, server_default=EMPTY_OBJECT),
        text("wanted_by"),
        sa.Column("reason", sa.Text, nullable=False),
        number("priority"),
        moment("not_before", nullable=False, server_default=NOW),
        sa.Column("state", sa.Text, nullable=False, server_default=sa.text("'waiting'")),
        number("attempt"),
        text("worker"),
        moment("lease_until"),
        moment("heartbeat_at"),
        text("error"),
        text("error_en"),
        moment("created_at", nullable=False, server_default=NOW),
        moment("started_at"),
        moment("finished_at"),
        sa.Column("run_id", sa.BigInteger),
        sa.CheckConstraint("kind IN ('run', 'apply', 'reject', 'undo', 'preview')", name="govcn_harvest_job_kind"),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'finished', 'failed', 'cancelled')", name="govcn_harvest_job_state"
        ),
        sa.CheckConstraint("reason IN ('schedule', 'person', 'retry', 'command')", name="govcn_harvest_job_reason"),
        # what runs has a lease that ends: nothing can run for ever without anybody
        sa.CheckConstraint(
            "state <> 'running' OR (worker <> '' AND lease_until IS NOT NULL)", name="govcn_harvest_job_leased"
        ),
    )
    op.create_index(
        "govcn_harvest_job_asked_once",
        "govcn_harvest_job",
        ["source", "kind", "arguments"],
        unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "govcn_harvest_job_one_writer",
        "govcn_harvest_job",
        ["source"],
        unique=True,
        postgresql_where=sa.text("state = 'running' AND kind <> 'preview'"),
    )
    op.create_index(
        "govcn_harvest_job_queue",
        "govcn_harvest_job",
        [sa.text("priority DESC"), "id"],
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_index("govcn_harvest_job_source", "govcn_harvest_job", ["source", "id"])
    op.add_column("govcn_harvest_source", sa.Column("owner_org", sa.Text))
    op.add_column("govcn_harvest_source", text("host"))
    op.add_column("govcn_harvest_source", text("schedule"))
    op.add_column("govcn_harvest_source", moment("next_run_at"))
    op.add_column(
        "govcn_harvest_source", sa.Column("paused", sa.Boolean, nullable=False, server_default=sa.text("false"))
    )


def downgrade() -> None:
    for column in reversed(SOURCE_COLUMNS):
        op.drop_column("govcn_harvest_source", column)
    op.drop_table("govcn_harvest_job")
