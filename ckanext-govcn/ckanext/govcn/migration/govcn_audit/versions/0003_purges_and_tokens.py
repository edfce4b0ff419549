"""审计日志: datasets that are gone for good, and tokens of the API, made and revoked, by whoever does it."""

from __future__ import annotations

from alembic import op

revision = "govcn_audit_0003"
down_revision = "govcn_audit_0002"
branch_labels = None
depends_on = None

_PURGE = """
CREATE OR REPLACE FUNCTION govcn_note_purge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM govcn_note('dataset.purge', OLD.id, jsonb_build_object('owner_org', coalesce(OLD.owner_org, ''),
        'open_type', left(coalesce(OLD.extras ->> 'open_type', ''), 100),
        'catalog_status', left(coalesce(OLD.extras ->> 'catalog_status', ''), 100)));
    RETURN NULL;
END $$
"""
# of the token itself as much as tells it from others
_OF_THE_API = """
CREATE OR REPLACE FUNCTION govcn_note_token() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM govcn_note('account.token_create', coalesce(NEW.user_id, ''),
            jsonb_build_object('token', left(NEW.id, 8)));
    ELSE
        PERFORM govcn_note('account.token_revoke', coalesce(OLD.user_id, ''),
            jsonb_build_object('token', left(OLD.id, 8)));
    END IF;
    RETURN NULL;
END $$
"""
_TRIGGERS = (
    "CREATE TRIGGER govcn_audit_purge AFTER DELETE ON package FOR EACH ROW EXECUTE FUNCTION govcn_note_purge()",
    "CREATE TRIGGER govcn_audit_token AFTER INSERT OR DELETE ON api_token "
    "FOR EACH ROW EXECUTE FUNCTION govcn_note_token()",
)


def upgrade() -> None:
    for statement in (_PURGE, _OF_THE_API, *_TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TRIGGER IF EXISTS govcn_audit_token ON api_token")
    op.execute("DROP TRIGGER IF EXISTS govcn_audit_purge ON package")
    for name in ("token", "purge"):
        op.execute(f"DROP FUNCTION IF EXISTS govcn_note_{name}()")
