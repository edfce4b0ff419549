"""The indexers that live and what waits for them; what the index refuses is tried again when it changes."""

from __future__ import annotations

from alembic import op

revision = "govcn_search_0002"
down_revision = "govcn_search_0001"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE govcn_indexer (
    name text PRIMARY KEY,
    host text NOT NULL,
    pid integer NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    failing_since timestamptz,
    error text NOT NULL DEFAULT ''
);
"""

# A function and no view: whoever drops the tables (CKAN's own tests do) is not held up.
STATUS = """
CREATE OR REPLACE FUNCTION govcn_index_status() RETURNS TABLE (
    waiting bigint, urgent bigint, refused bigint, oldest timestamptz,
    alive boolean, failing_since timestamptz, error text
) LANGUAGE sql STABLE AS $$
    SELECT * FROM (
        SELECT count(*), count(*) FILTER (WHERE document.urgent),
               count(*) FILTER (WHERE document.claimed_by = 'refused'), min(document.changed_at)
        FROM govcn_index_document AS document WHERE document.indexed < document.version
    ) AS behind, (
        SELECT count(*) > 0, min(indexer.failing_since), coalesce(max(indexer.error), '')
        FROM govcn_indexer AS indexer WHERE indexer.seen_at > now() - interval '60 seconds'
    ) AS living
$$
"""

_TOUCH = """
CREATE OR REPLACE FUNCTION govcn_index_touch(ids text[], hurry boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO govcn_index_document AS document (package_id, urgent, transaction)
    SELECT touched.id, hurry, pg_current_xact_id()
    FROM (SELECT DISTINCT unnest(ids) AS id) AS touched
    WHERE touched.id IS NOT NULL AND NOT EXISTS (
        SELECT FROM govcn_index_document AS known
        WHERE known.package_id = touched.id AND known.transaction = pg_current_xact_id() AND (known.urgent OR NOT hurry)
    )
    ORDER BY touched.id
    ON CONFLICT (package_id) DO UPDATE SET
        version = nextval('govcn_index_version'), changed_at = now(), transaction = pg_current_xact_id(),
        urgent = hurry OR (document.urgent AND document.indexed < document.version),
        claimed_by = CASE WHEN NOT {free} THEN document.claimed_by END,
        claimed_until = CASE WHEN NOT {free} THEN document.claimed_until END;
    IF FOUND THEN
        PERFORM pg_notify('govcn_index', CASE WHEN hurry THEN 'urgent' ELSE '' END);
    END IF;
END $$
"""


def upgrade() -> None:
    op.execute("DROP VIEW IF EXISTS govcn_index_waiting")
    op.execute("ALTER SEQUENCE govcn_index_version OWNED BY govcn_index_document.version")
    op.execute(TABLE)
    op.execute(STATUS)
    op.execute(_TOUCH.format(free="(hurry OR coalesce(document.claimed_by, '') = 'refused')"))


def downgrade() -> None:
    op.execute(_TOUCH.format(free="hurry"))
    op.execute("DROP FUNCTION govcn_index_status")
    op.execute("DROP TABLE govcn_indexer")
