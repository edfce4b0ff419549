"""Requests for data that are not open, reports of errors, their steps, which only grow, and who else needs the data."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "govcn_request_0001"
down_revision = None
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_EMPTY = sa.text("''")
# characters that the fields may have at most; the forms themselves (forms.yaml, demand.yaml) may say less
_TEXTS = {
    "title": 1000, "holder": 100, "scenario": 5000, "items": 5000, "update_cycle": 20, "error_kind": 20, "text": 5000,
    "public_title": 200,
}  # fmt: skip
_SAID = {"reason": 5000, "reason_class": 40, "basis": 5000, "promised_level": 20}
# a step goes only with its request, when the time that it is kept is over
_REFUSE = """
CREATE OR REPLACE FUNCTION govcn_request_step_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM govcn_request WHERE id = OLD.request_id) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'govcn: steps of a request are never changed or removed' USING ERRCODE = 'insufficient_privilege';
END $$
"""


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=_EMPTY)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=_NOW)


def _limits(table: str, limits: dict[str, int]) -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint(f"char_length({name}) <= {most}", name=f"{table}_{name}_length")
        for name, most in limits.items()
    ]


def _of_request() -> sa.Column[str]:
    return sa.Column("request_id", sa.Text, sa.ForeignKey("govcn_request.id", ondelete="CASCADE"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "govcn_request",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("asker_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        *(_text(name) for name in _TEXTS),
        sa.Column("department_id", sa.Text),
        sa.Column("dataset_id", sa.Text),
        sa.Column("terms", JSONB, nullable=False, server_default=sa.text("'{}'")),
        _moment("created_at"),
        sa.Column("submitted_at", sa.DateTime(timezone=True)),
        sa.Column("accepted_at", sa.DateTime(timezone=True)),
        _moment("changed_at"),
        sa.CheckConstraint("kind IN ('demand', 'correction')", name="govcn_request_kind"),
        *_limits("govcn_request", _TEXTS),
    )
    op.create_index("govcn_request_asker", "govcn_request", ["asker_id", "changed_at"])
    op.create_index("govcn_request_department", "govcn_request", ["department_id", "state"])
    op.create_index("govcn_request_state", "govcn_request", ["kind", "state", "submitted_at"])
    op.create_table(
        "govcn_request_step",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        _of_request(),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("from_state", sa.Text, nullable=False),
        sa.Column("to_state", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text),
        *(_text(name) for name in _SAID),
        sa.Column("department_id", sa.Text),
        sa.Column("dataset_id", sa.Text),
        sa.Column("promised_on", sa.Date),
        _moment("at"),
        # what no page and no action lets through, the table does not hold either
        sa.CheckConstraint(
            "event <> 'refuse' OR (btrim(reason) <> '' AND reason_class <> '' AND btrim(basis) <> '')",
            name="govcn_request_step_refusal",
        ),
        sa.CheckConstraint("event <> 'confirm' OR btrim(reason) <> ''", name="govcn_request_step_confirmed"),
        sa.CheckConstraint(
            "event <> 'will_open' OR (promised_on IS NOT NULL AND promised_level <> '')",
            name="govcn_request_step_promise",
        ),
        *_limits("govcn_request_step", _SAID),
    )
    op.create_index("govcn_request_step_of", "govcn_request_step", ["request_id", "id"])
    # 补正 is told once, and an answer disputed once
    op.create_index(
        "govcn_request_step_once",
        "govcn_request_step",
        ["request_id", "event"],
        unique=True,
        postgresql_where=sa.text("event IN ('ask_completion', 'dispute')"),
    )
    op.create_table(
        "govcn_request_support",
        _of_request(),
        sa.Column("user_id", sa.Text, nullable=False),
        _moment("at"),
        sa.PrimaryKeyConstraint("request_id", "user_id"),
    )
    op.execute(_REFUSE)
    op.execute(
        "CREATE TRIGGER govcn_request_step_rows BEFORE UPDATE OR DELETE ON govcn_request_step "
        "FOR EACH ROW EXECUTE FUNCTION govcn_request_step_only_grows()"
    )
    op.execute(
        "CREATE TRIGGER govcn_request_step_table BEFORE TRUNCATE ON govcn_request_step "
        "FOR EACH STATEMENT EXECUTE FUNCTION govcn_request_step_only_grows()"
    )


def downgrade() -> None:
    op.drop_table("govcn_request_support")
    op.drop_table("govcn_request_step")
    op.execute("DROP FUNCTION IF EXISTS govcn_request_step_only_grows()")
    op.drop_table("govcn_request")
