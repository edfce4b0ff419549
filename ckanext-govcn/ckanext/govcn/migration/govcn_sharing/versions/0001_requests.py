"""Requests for sharing between departments, and their steps, which only grow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "govcn_sharing_0001"
down_revision = None
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_EMPTY = sa.text("''")
# characters that the fields may have at most; the form and the table of steps may say less
_TEXTS = {
    "dataset_id": 100, "share_type": 10, "created_by": 100, "title": 1000, "basis": 5000, "scenario": 5000,
    "scope": 5000, "method": 40,
}  # fmt: skip
_REASONS = {"reason": 5000, "reason_class": 40, "basis": 5000, "way": 1000}
# What no page, action or import lets through, the tables do not hold either: a refusal of what is 不予共享, or was
# described in words, without its legal basis. A step goes only with its request, when the time that it is kept is over.
_GUARD = """
CREATE OR REPLACE FUNCTION govcn_sharing_step_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE asked text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT share_type INTO asked FROM govcn_sharing_request WHERE id = NEW.request_id;
        IF NEW.event = 'refuse' AND btrim(NEW.basis) = ''
           AND (asked = '3' OR (asked = '' AND NEW.reason_class <> 'absent')) THEN
            RAISE EXCEPTION 'govcn: this is refused with a legal basis only' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM govcn_sharing_request WHERE id = OLD.request_id) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'govcn: steps of a request for sharing are never changed or removed'
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
        "govcn_sharing_request",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("requester_id", sa.Text, nullable=False),
        sa.Column("provider_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        *(_text(name) for name in _TEXTS),
        sa.Column("use_until", sa.Date),
        sa.Column("terms", JSONB, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        sa.Column("submitted_at", sa.DateTime(timezone=True)),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        sa.CheckConstraint("requester_id <> provider_id", name="govcn_sharing_request_two_departments"),
        sa.CheckConstraint("share_type IN ('', '2', '3')", name="govcn_sharing_request_share_type"),
        *_limits("govcn_sharing_request", _TEXTS),
    )
    for column in ("requester_id", "provider_id", "state"):
        op.create_index(f"govcn_sharing_request_{column}", "govcn_sharing_request", [column, "changed_at"])
    op.create_table(
        "govcn_sharing_step",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("request_id", sa.Text, sa.ForeignKey("govcn_sharing_request.id", ondelete="CASCADE"), nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("from_state", sa.Text, nullable=False),
        sa.Column("to_state", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text),
        *(_text(name) for name in _REASONS),
        sa.Column("days", sa.Integer),
        sa.Column("delivered_on", sa.Date),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        sa.CheckConstraint(
            "event NOT IN ('refuse', 'uphold') OR btrim(reason) <> ''", name="govcn_sharing_step_reason"
        ),
        sa.CheckConstraint("event <> 'refuse' OR reason_class <> ''", name="govcn_sharing_step_class"),
        sa.CheckConstraint(
            "(event <> 'uphold' AND reason_class NOT IN ('not_shared', 'rights')) OR btrim(basis) <> ''",
            name="govcn_sharing_step_basis",
        ),
        *_limits("govcn_sharing_step", _REASONS),
    )
    op.create_index("govcn_sharing_step_of", "govcn_sharing_step", ["request_id", "id"])
    # one 补正 and one extension a request
    for event in ("ask_correction", "extend"):
        op.create_index(
            f"govcn_sharing_step_{event}_once",
            "govcn_sharing_step",
            ["request_id"],
            unique=True,
            postgresql_where=sa.text(f"event = '{event}'"),
        )
    op.execute(_GUARD)
    op.execute(
        "CREATE TRIGGER govcn_sharing_step_rows BEFORE INSERT OR UPDATE OR DELETE ON govcn_sharing_step "
        "FOR EACH ROW EXECUTE FUNCTION govcn_sharing_step_guard()"
    )
    op.execute(
        "CREATE TRIGGER govcn_sharing_step_table BEFORE TRUNCATE ON govcn_sharing_step "
        "FOR EACH STATEMENT EXECUTE FUNCTION govcn_sharing_step_guard()"
    )


def downgrade() -> None:
    op.drop_table("govcn_sharing_step")
    op.execute("DROP FUNCTION IF EXISTS govcn_sharing_step_guard()")
    op.drop_table("govcn_sharing_request")
