"""Applications for conditional data, and their steps, which only grow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "govcn_application_0001"
down_revision = None
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_EMPTY = sa.text("''")
# characters that the form's fields may have at most; the form itself (form.yaml) may say less
_TEXTS = {
    "subject_kind": 20, "subject_name": 200, "subject_uscc": 18, "scenario": 5000, "purpose": 5000, "scope": 5000,
    "capability": 10_000, "safeguards": 10_000, "commitment_version": 40, "commitment_sha256": 64,
    "agreement_version": 40, "agreement_text": 60_000, "agreement_sha256": 64, "grant_id": 100,
}  # fmt: skip
_REASONS = {"reason": 5000, "reason_class": 40, "basis": 5000}
# a step goes only with its application, when the time that it is kept is over
_REFUSE = """
CREATE OR REPLACE FUNCTION govcn_application_step_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM govcn_application WHERE id = OLD.application_id) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'govcn: steps of an application are never changed or removed'
        USING ERRCODE = 'insufficient_privilege';
END $$
"""


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=_EMPTY)


def _limits(table: str, limits: dict[str, int]) -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint(f"char_length({name}) <= {most}", name=f"{table}_{name}_length")
        for name, most in limits.items()
    ]


def upgrade() -> None:
    op.create_table(
        "govcn_application",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("dataset_id", sa.Text, nullable=False),
        _text("dataset_title"),
        sa.Column("applicant_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        *(_text(name) for name in _TEXTS),
        sa.Column("use_until", sa.Date),
        sa.Column("agreement_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        sa.Column("submitted_at", sa.DateTime(timezone=True)),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        *_limits("govcn_application", _TEXTS),
    )
    op.create_index("govcn_application_applicant", "govcn_application", ["applicant_id", "changed_at"])
    op.create_index("govcn_application_dataset", "govcn_application", ["dataset_id"])
    op.create_index("govcn_application_state", "govcn_application", ["state", "changed_at"])
    op.create_table(
        "govcn_application_step",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("application_id", sa.Text, sa.ForeignKey("govcn_application.id", ondelete="CASCADE"), nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("from_state", sa.Text, nullable=False),
        sa.Column("to_state", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text),
        *(_text(name) for name in _REASONS),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        # what no page and no action lets through, the table does not hold either
        sa.CheckConstraint("event <> 'refuse' OR btrim(reason) <> ''", name="govcn_application_step_reason"),
        sa.CheckConstraint("event <> 'refuse' OR reason_class <> ''", name="govcn_application_step_class"),
        *_limits("govcn_application_step", _REASONS),
    )
    op.create_index("govcn_application_step_of", "govcn_application_step", ["application_id", "id"])
    # one 补正 an application: told once
    op.create_index(
        "govcn_application_step_correction_once",
        "govcn_application_step",
        ["application_id"],
        unique=True,
        postgresql_where=sa.text("event = 'ask_correction'"),
    )
    op.execute(_REFUSE)
    op.execute(
        "CREATE TRIGGER govcn_application_step_rows BEFORE UPDATE OR DELETE ON govcn_application_step "
        "FOR EACH ROW EXECUTE FUNCTION govcn_application_step_only_grows()"
    )
    op.execute(
        "CREATE TRIGGER govcn_application_step_table BEFORE TRUNCATE ON govcn_application_step "
        "FOR EACH STATEMENT EXECUTE FUNCTION govcn_application_step_only_grows()"
    )


def downgrade() -> None:
    op.drop_table("govcn_application_step")
    op.execute("DROP FUNCTION IF EXISTS govcn_application_step_only_grows()")
    op.drop_table("govcn_application")
