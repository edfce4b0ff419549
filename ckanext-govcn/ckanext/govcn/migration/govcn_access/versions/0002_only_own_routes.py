"""The database refuses a resource that holds a real address: the last guard, also of statements that bypass the ORM."""

from __future__ import annotations

from alembic import op

revision = "govcn_access_0002"
down_revision = "govcn_access_0001"
branch_labels = None
depends_on = None

GUARD = """
CREATE OR REPLACE FUNCTION govcn_guard_resource() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (coalesce(NEW.url, '') <> ''
        AND strpos(NEW.url, '/dataset/' || NEW.package_id || '/resource/' || NEW.id || '/download/') = 0)
       OR coalesce(NEW.cache_url, '') <> '' OR coalesce(NEW.extras::text, '') LIKE '%://%' THEN
        RAISE EXCEPTION 'govcn: resource % holds an address of its own; addresses belong in the vault', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'govcn_resource_route';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.execute(GUARD)
    op.execute(
        "CREATE TRIGGER govcn_guard_resource BEFORE INSERT OR UPDATE ON resource "
        "FOR EACH ROW EXECUTE FUNCTION govcn_guard_resource()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER IF EXISTS govcn_guard_resource ON resource")
    op.execute("DROP FUNCTION IF EXISTS govcn_guard_resource()")
