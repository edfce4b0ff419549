"""三权分立: 系统管理员, 安全管理员 and 审计员 are three roles that no account combines, whoever writes the tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "govcn_audit_0002"
down_revision = "govcn_audit_0001"
branch_labels = None
depends_on = None

# FOR UPDATE: of two transactions that each give one role to the same account, the second sees what the first did
_NO_SYSADMIN = """
CREATE OR REPLACE FUNCTION govcn_office_no_sysadmin() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    holds boolean;
BEGIN
    SELECT coalesce(sysadmin, false) INTO holds FROM "user" WHERE id = NEW.user_id FOR UPDATE;
    IF holds IS NULL THEN
        RAISE EXCEPTION 'govcn: there is no account %', NEW.user_id USING ERRCODE = 'foreign_key_violation';
    ELSIF holds THEN
        RAISE EXCEPTION 'govcn: a system administrator holds no office' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""
_NO_OFFICE = """
CREATE OR REPLACE FUNCTION govcn_sysadmin_no_office() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(NEW.sysadmin, false) AND EXISTS (SELECT 1 FROM govcn_office WHERE user_id = NEW.id) THEN
        RAISE EXCEPTION 'govcn: whoever holds an office is no system administrator' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""
_NOTE = """
CREATE OR REPLACE FUNCTION govcn_note_office() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM govcn_note('office.take', OLD.user_id, jsonb_build_object('office', OLD.office));
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM govcn_note('office.give', NEW.user_id, jsonb_build_object('office', NEW.office));
    END IF;
    RETURN NULL;
END $$
"""
_TRIGGERS = (
    "CREATE TRIGGER govcn_office_guard BEFORE INSERT OR UPDATE ON govcn_office "
    "FOR EACH ROW EXECUTE FUNCTION govcn_office_no_sysadmin()",
    'CREATE TRIGGER govcn_office_guard BEFORE INSERT OR UPDATE OF sysadmin ON "user" '
    "FOR EACH ROW EXECUTE FUNCTION govcn_sysadmin_no_office()",
    "CREATE TRIGGER govcn_audit_office AFTER INSERT OR UPDATE OR DELETE ON govcn_office "
    "FOR EACH ROW EXECUTE FUNCTION govcn_note_office()",
)
_WORDS = {"event": "text_pattern_ops", "who": "", "subject": "", "grant": ""}


def upgrade() -> None:
    op.create_table(
        "govcn_office",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("office", sa.Text, nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.CheckConstraint("office IN ('security', 'auditor')", name="govcn_office_known"),
    )
    for statement in (_NO_SYSADMIN, _NO_OFFICE, _NOTE, *_TRIGGERS):
        op.execute(statement)
    for word, kind in _WORDS.items():
        op.execute(f"CREATE INDEX govcn_audit_by_{word} ON govcn_audit ((event ->> '{word}') {kind}, number)")
    op.execute("CREATE INDEX govcn_audit_by_time ON govcn_audit (at, number)")


def downgrade() -> None:
    for word in (*_WORDS, "time"):
        op.execute(f"DROP INDEX IF EXISTS govcn_audit_by_{word}")
    op.execute('DROP TRIGGER IF EXISTS govcn_office_guard ON "user"')
    op.drop_table("govcn_office")
    for name in ("office_no_sysadmin", "sysadmin_no_office", "note_office"):
        op.execute(f"DROP FUNCTION IF EXISTS govcn_{name}()")
