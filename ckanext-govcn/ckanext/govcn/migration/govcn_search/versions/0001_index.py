"""What the search index should hold, kept by triggers: no way of writing can forget it.

A row per dataset, never deleted: `version` rises with every change of anything that its document is made of, `indexed`
is the version that the index has. Triggers fire once a statement and touch a dataset once a transaction.
"""

from __future__ import annotations

from alembic import op

revision = "govcn_search_0001"
down_revision = None
branch_labels = None
depends_on = None

TABLE = """
CREATE SEQUENCE IF NOT EXISTS govcn_index_version;
CREATE TABLE govcn_index_document (
    package_id text PRIMARY KEY,
    version bigint NOT NULL DEFAULT nextval('govcn_index_version'),
    indexed bigint NOT NULL DEFAULT 0,
    urgent boolean NOT NULL DEFAULT false,
    changed_at timestamptz NOT NULL DEFAULT now(),
    transaction xid8,
    claimed_by text,
    claimed_until timestamptz
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX govcn_index_document_waiting ON govcn_index_document (version) WHERE indexed < version;
CREATE INDEX govcn_index_document_urgent ON govcn_index_document (version) WHERE indexed < version AND urgent;
ALTER SEQUENCE govcn_index_version OWNED BY govcn_index_document.version;
"""

# nextval stands in the SET clause: it is taken when the row's lock is held, so versions rise in the order of commits.
# A dataset that this transaction has touched already has its version; the order of ids is the same everywhere. What is
# urgent is taken from whoever is just indexing it: that document is older, and the index will not take it over ours.
TOUCH = """
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
        claimed_by = CASE WHEN NOT hurry THEN document.claimed_by END,
        claimed_until = CASE WHEN NOT hurry THEN document.claimed_until END;
    IF FOUND THEN
        PERFORM pg_notify('govcn_index', CASE WHEN hurry THEN 'urgent' ELSE '' END);
    END IF;
END $$
"""

# How far an entry reaches, for one question only: does it reach less far than before? Then its document is urgent.
# `ckanext.govcn.access.rules.labels_for` decides who sees it; a test holds the two together.
REACH = """
CREATE OR REPLACE FUNCTION govcn_index_reach(state text, private boolean, extras jsonb) RETURNS integer
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN state IS DISTINCT FROM 'active' THEN 0
        WHEN coalesce(extras ->> 'catalog_status', '') <> 'published' THEN 1
        WHEN extras ->> 'open_type' = 'none' THEN CASE WHEN extras ->> 'share_type' IN ('1', '2') THEN 2 ELSE 1 END
        WHEN private THEN 1
        WHEN extras ->> 'open_type' = 'conditional' THEN 3
        WHEN extras ->> 'open_type' = 'unconditional' THEN
            CASE WHEN coalesce(extras ->> 'access_mode', '') IN ('', 'anonymous') THEN 5 ELSE 4 END
        ELSE 1
    END
$$
"""

PACKAGES = """
CREATE OR REPLACE FUNCTION govcn_index_packages() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    narrowed text[];
    others text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(id) INTO others FROM come;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(id) INTO narrowed FROM gone;
    ELSE
        WITH changed AS (
            SELECT come.id,
                   govcn_index_reach(come.state, come.private, come.extras)
                       < govcn_index_reach(gone.state, gone.private, gone.extras)
                   OR (gone.state = 'active' AND come.owner_org IS DISTINCT FROM gone.owner_org) AS less
            FROM come JOIN gone USING (id) WHERE come.* IS DISTINCT FROM gone.*
        )
        SELECT array_agg(id) FILTER (WHERE less), array_agg(id) FILTER (WHERE NOT less)
        INTO narrowed, others FROM changed;
    END IF;
    IF narrowed IS NOT NULL THEN
        PERFORM govcn_index_touch(narrowed, true);
    END IF;
    IF others IS NOT NULL THEN
        PERFORM govcn_index_touch(others, false);
    END IF;
    RETURN NULL;
END $$
"""

PARTS = """
CREATE OR REPLACE FUNCTION govcn_index_parts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(package_id) INTO ids FROM come;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(package_id) INTO ids FROM gone;
    ELSE
        SELECT array_agg(package_id) INTO ids FROM (
            SELECT unnest(ARRAY[come.package_id, gone.package_id]) AS package_id
            FROM come JOIN gone USING (id) WHERE come.* IS DISTINCT FROM gone.*
        ) AS changed;
    END IF;
    IF ids IS NOT NULL THEN
        PERFORM govcn_index_touch(ids, false);
    END IF;
    RETURN NULL;
END $$
"""

# Tables whose rows name datasets in other columns: one list of ids each.
IDS_FROM_MEMBER = "SELECT table_id FROM {rows} WHERE table_name = 'package'"
IDS_FROM_RELATIONSHIP = "SELECT unnest(ARRAY[subject_package_id, object_package_id]) FROM {rows}"
NAMING = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids text[] := '{{}}';
BEGIN
    IF TG_OP <> 'DELETE' THEN
        ids := ids || array({come});
    END IF;
    IF TG_OP <> 'INSERT' THEN
        ids := ids || array({gone});
    END IF;
    IF ids <> '{{}}' THEN
        PERFORM govcn_index_touch(ids, false);
    END IF;
    RETURN NULL;
END $$
"""

# An organization or group that is called otherwise: all its datasets. Its own fields (extras) stand in no document.
GROUPS = """
CREATE OR REPLACE FUNCTION govcn_index_groups() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    named text[];
    ids text[];
BEGIN
    IF TG_OP = 'DELETE' THEN
        SELECT array_agg(id) INTO named FROM gone;
    ELSE
        SELECT array_agg(come.id) INTO named FROM come JOIN gone USING (id)
        WHERE to_jsonb(come) - 'extras' IS DISTINCT FROM to_jsonb(gone) - 'extras'
           OR NOT come.is_organization AND come.extras IS DISTINCT FROM gone.extras;
    END IF;
    IF named IS NOT NULL THEN
        SELECT array_agg(id) INTO ids FROM (
            SELECT id FROM package WHERE owner_org = ANY(named)
            UNION SELECT table_id FROM member WHERE table_name = 'package' AND group_id = ANY(named)
        ) AS theirs;
        PERFORM govcn_index_touch(ids, false);
    END IF;
    RETURN NULL;
END $$
"""

WORDS = """
CREATE OR REPLACE FUNCTION govcn_index_words() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids text[];
BEGIN
    IF TG_TABLE_NAME = 'tag' THEN
        SELECT array_agg(hung.package_id) INTO ids
        FROM come JOIN gone USING (id) JOIN package_tag AS hung ON hung.tag_id = come.id
        WHERE come.* IS DISTINCT FROM gone.*;
    ELSE
        SELECT array_agg(hung.package_id) INTO ids
        FROM come JOIN gone USING (id) JOIN tag ON tag.vocabulary_id = come.id
        JOIN package_tag AS hung ON hung.tag_id = tag.id WHERE come.* IS DISTINCT FROM gone.*;
    END IF;
    IF ids IS NOT NULL THEN
        PERFORM govcn_index_touch(ids, false);
    END IF;
    RETURN NULL;
END $$
"""

FUNCTIONS = {
    "govcn_index_packages": ("package", ("INSERT", "UPDATE", "DELETE")),
    "govcn_index_parts": ("resource", ("INSERT", "UPDATE", "DELETE")),
    "govcn_index_members": ("member", ("INSERT", "UPDATE", "DELETE")),
    "govcn_index_relationships": ("package_relationship", ("INSERT", "UPDATE", "DELETE")),
    "govcn_index_groups": ('"group"', ("UPDATE", "DELETE")),
    "govcn_index_words": ("tag", ("UPDATE",)),
}
MORE = {"govcn_index_parts": "package_tag", "govcn_index_words": "vocabulary"}
ROWS = {
    "INSERT": "REFERENCING NEW TABLE AS come",
    "UPDATE": "REFERENCING OLD TABLE AS gone NEW TABLE AS come",
    "DELETE": "REFERENCING OLD TABLE AS gone",
}


def upgrade() -> None:
    op.execute(TABLE)
    for function in (TOUCH, REACH, PACKAGES, PARTS, GROUPS, WORDS):
        op.execute(function)
    for name, ids in (("members", IDS_FROM_MEMBER), ("relationships", IDS_FROM_RELATIONSHIP)):
        come, gone = ids.format(rows="come"), ids.format(rows="gone")
        op.execute(NAMING.format(name=f"govcn_index_{name}", come=come, gone=gone))
    for function, table, event in _triggers():
        op.execute(
            f"CREATE TRIGGER {function}_{event.lower()} AFTER {event} ON {table} {ROWS[event]} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
        )
    op.execute("CREATE INDEX IF NOT EXISTS govcn_package_owner ON package (owner_org)")
    op.execute("INSERT INTO govcn_index_document (package_id) SELECT id FROM package ORDER BY id")


def downgrade() -> None:
    for function, table, event in _triggers():
        op.execute(f"DROP TRIGGER IF EXISTS {function}_{event.lower()} ON {table}")
    for function in (*FUNCTIONS, "govcn_index_touch", "govcn_index_reach"):
        op.execute(f"DROP FUNCTION IF EXISTS {function}")
    op.execute("DROP INDEX IF EXISTS govcn_package_owner")
    op.execute("DROP TABLE govcn_index_document")


def _triggers() -> list[tuple[str, str, str]]:
    """Function, table and event of every trigger."""
    return [
        (function, table, event)
        for function, (first, events) in FUNCTIONS.items()
        for table in (first, *([MORE[function]] if function in MORE else []))
        for event in events
    ]
