"""Renewals with their supplements, further fields of steps, and which suspension of a grant is the application's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "govcn_application_0005"
down_revision = "govcn_application_0004"
branch_labels = None
depends_on = None

_REFUSALS = "event NOT IN ('refuse', 'refuse_renewal')"
_STAYS = """
CREATE OR REPLACE FUNCTION govcn_application_supplement_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.accepted_at IS NULL AND to_jsonb(NEW) - 'accepted_at' = to_jsonb(OLD) - 'accepted_at' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'govcn: a supplement is never changed, only accepted once'
        USING ERRCODE = 'insufficient_privilege';
END $$
"""


def upgrade() -> None:
    op.add_column("govcn_application", sa.Column("renew_until", sa.Date))
    op.add_column("govcn_application", sa.Column("grant_suspended_at", sa.DateTime(timezone=True)))
    op.add_column("govcn_application_step", sa.Column("detail", JSONB, nullable=False, server_default=sa.text("'{}'")))
    for name, says in (("reason", "btrim(reason) <> ''"), ("class", "reason_class <> ''")):
        op.drop_constraint(f"govcn_application_step_{name}", "govcn_application_step")
        op.create_check_constraint(
            f"govcn_application_step_{name}", "govcn_application_step", f"{_REFUSALS} OR {says}"
        )
    op.create_table(
        "govcn_application_supplement",
        sa.Column(
            "application_id", sa.Text, sa.ForeignKey("govcn_application.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("use_until_before", sa.Date, nullable=False),
        sa.Column("use_until", sa.Date, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("accepted_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("char_length(text) <= 60000", name="govcn_application_supplement_text_length"),
    )
    op.execute(_STAYS)
    op.execute(
        "CREATE TRIGGER govcn_application_supplement_rows BEFORE UPDATE ON govcn_application_supplement "
        "FOR EACH ROW EXECUTE FUNCTION govcn_application_supplement_stays()"
    )


def downgrade() -> None:
    op.drop_table("govcn_application_supplement")
    op.execute("DROP FUNCTION IF EXISTS govcn_application_supplement_stays()")
    for name, says in (("reason", "btrim(reason) <> ''"), ("class", "reason_class <> ''")):
        op.drop_constraint(f"govcn_application_step_{name}", "govcn_application_step")
        op.create_check_constraint(
            f"govcn_application_step_{name}", "govcn_application_step", f"event <> 'refuse' OR {says}"
        )
    op.drop_column("govcn_application_step", "detail")
    op.drop_column("govcn_application", "grant_suspended_at")
    op.drop_column("govcn_application", "renew_until")
