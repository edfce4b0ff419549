"""审计日志: the database itself notes changes of levels, settings and administrators, whoever writes them.

A note is written in the transaction of the change, so that neither is without the other; `audit.notes` makes lines of
the chain from notes. Who acts is told by `govcn.acting`, a setting of the transaction.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "govcn_audit_0001"
down_revision = None
branch_labels = None
depends_on = None

_NOTE = """
CREATE OR REPLACE FUNCTION govcn_note(event text, subject text, detail jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO govcn_audit_note (event, subject, acting, detail) VALUES (
        event, subject,
        coalesce(
            nullif(current_setting('govcn.acting', true), '')::jsonb,
            jsonb_build_object('who', 'database:' || session_user)
        ),
        detail
    )
$$
"""
# a dataset that has no level yet is being made: the level it is made with is no change
_LEVEL = """
CREATE OR REPLACE FUNCTION govcn_note_level() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    names constant text[] := ARRAY['open_type', 'access_mode', 'share_type', 'catalog_status'];
    changed jsonb := '{}';
    name text;
BEGIN
    IF OLD.extras IS NULL OR NOT OLD.extras ?| names THEN
        RETURN NULL;
    END IF;
    FOREACH name IN ARRAY names LOOP
        IF coalesce(OLD.extras ->> name, '') <> coalesce(NEW.extras ->> name, '') THEN
            changed := changed || jsonb_build_object(name,
                left(coalesce(OLD.extras ->> name, ''), 100) || ' → ' || left(coalesce(NEW.extras ->> name, ''), 100));
        END IF;
    END LOOP;
    IF OLD.state IS DISTINCT FROM NEW.state THEN
        changed := changed || jsonb_build_object('state', concat(OLD.state, ' → ', NEW.state));
    END IF;
    IF OLD.owner_org IS DISTINCT FROM NEW.owner_org THEN
        changed := changed || jsonb_build_object('owner_org', concat(OLD.owner_org, ' → ', NEW.owner_org));
    END IF;
    IF changed <> '{}' THEN
        PERFORM govcn_note('dataset.level', NEW.id, changed);
    END IF;
    RETURN NULL;
END $$
"""
_LEVEL_TRIGGER = """
CREATE TRIGGER govcn_audit_level AFTER UPDATE ON package FOR EACH ROW
WHEN (OLD.extras IS DISTINCT FROM NEW.extras OR OLD.state IS DISTINCT FROM NEW.state
      OR OLD.owner_org IS DISTINCT FROM NEW.owner_org)
EXECUTE FUNCTION govcn_note_level()
"""
_SYSADMIN = """
CREATE OR REPLACE FUNCTION govcn_note_sysadmin() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was boolean := false;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        was := coalesce(OLD.sysadmin, false);
    END IF;
    IF was <> coalesce(NEW.sysadmin, false) THEN
        PERFORM govcn_note('account.sysadmin', NEW.id, jsonb_build_object('sysadmin',
            was::text || ' → ' || coalesce(NEW.sysadmin, false)::text));
    END IF;
    RETURN NULL;
END $$
"""
_SETTING = """
CREATE OR REPLACE FUNCTION govcn_note_setting() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before text := '';
    after text := '';
    key text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        before := coalesce(OLD.value, ''); key := OLD.key;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        after := coalesce(NEW.value, ''); key := NEW.key;
    END IF;
    IF before <> after AND key <> 'ckan.config_update' THEN
        PERFORM govcn_note('setting.change', key, jsonb_build_object('before', left(before, 500),
            'after', left(after, 500)));
    END IF;
    RETURN NULL;
END $$
"""
_TRIGGERS = (
    _LEVEL_TRIGGER,
    'CREATE TRIGGER govcn_audit_sysadmin AFTER INSERT OR UPDATE OF sysadmin ON "user" '
    "FOR EACH ROW EXECUTE FUNCTION govcn_note_sysadmin()",
    "CREATE TRIGGER govcn_audit_setting AFTER INSERT OR UPDATE OR DELETE ON system_info "
    "FOR EACH ROW EXECUTE FUNCTION govcn_note_setting()",
)


def upgrade() -> None:
    op.create_table(
        "govcn_audit_note",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("acting", JSONB, nullable=False),
        sa.Column("detail", JSONB, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
    )
    for statement in (_NOTE, _LEVEL, _SYSADMIN, _SETTING, *_TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TRIGGER IF EXISTS govcn_audit_setting ON system_info")
    op.execute('DROP TRIGGER IF EXISTS govcn_audit_sysadmin ON "user"')
    op.execute("DROP TRIGGER IF EXISTS govcn_audit_level ON package")
    for name in (
        "govcn_note_setting()",
        "govcn_note_sysadmin()",
        "govcn_note_level()",
        "govcn_note(text, text, jsonb)",
    ):
        op.execute(f"DROP FUNCTION IF EXISTS {name}")
    op.drop_table("govcn_audit_note")
