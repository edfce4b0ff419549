"""编目: 发布依据, the log of steps, the zone of this instance, and the guards that hold for raw SQL too."""

import sqlalchemy as sa
from alembic import op

revision = "0003_editorial"
down_revision = "0002_departments"
branch_labels = None
depends_on = None

# `private` follows from 编目状态 and 开放属性, and a public instance holds only what is released and open.
# The checks run at commit: within one transaction the release may come after the dataset.
_GUARD = """
CREATE OR REPLACE FUNCTION govcn_guard_package() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry package%ROWTYPE;
    status text;
    opening text;
BEGIN
    SELECT * INTO entry FROM package WHERE id = NEW.id;  -- the row at commit, not the one that fired
    IF NOT FOUND OR entry.type IS DISTINCT FROM 'dataset' THEN
        RETURN NULL;
    END IF;
    status := coalesce(entry.extras ->> 'catalog_status', '');
    opening := coalesce(entry.extras ->> 'open_type', '');
    IF entry.private IS NOT TRUE AND NOT (status = 'published' AND opening IN ('unconditional', 'conditional')) THEN
        RAISE EXCEPTION 'govcn: dataset % cannot be public: status %, opening %', entry.id, status, opening
            USING ERRCODE = 'check_violation', CONSTRAINT = 'govcn_package_private';
    END IF;
    IF (SELECT zone FROM govcn_zone) = 'public' AND NOT (
        status IN ('published', 'withdrawn') AND opening IN ('unconditional', 'conditional')
        AND EXISTS (SELECT 1 FROM govcn_release WHERE package_id = entry.id)
    ) THEN
        RAISE EXCEPTION 'govcn: a public instance cannot hold dataset %: status %, opening %', entry.id, status, opening
            USING ERRCODE = 'check_violation', CONSTRAINT = 'govcn_package_zone';
    END IF;
    RETURN NULL;
END $$
"""
_GUARD_RELEASE = """
CREATE OR REPLACE FUNCTION govcn_guard_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT zone FROM govcn_zone) = 'public' AND EXISTS (
        SELECT 1 FROM package WHERE id = OLD.package_id AND type = 'dataset'
        AND NOT EXISTS (SELECT 1 FROM govcn_release WHERE package_id = OLD.package_id)
    ) THEN
        RAISE EXCEPTION 'govcn: the release of dataset % cannot go on a public instance', OLD.package_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'govcn_package_zone';
    END IF;
    RETURN NULL;
END $$
"""
# package_show serves the search index's copy when metadata_modified is equal: the time must rise on every change,
# also when the clock stands still or goes back, and for statements that do not set it.
_RISE = """
CREATE OR REPLACE FUNCTION govcn_package_time_rises() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW IS DISTINCT FROM OLD AND OLD.metadata_modified IS NOT NULL
       AND (NEW.metadata_modified IS NULL OR NEW.metadata_modified <= OLD.metadata_modified) THEN
        NEW.metadata_modified := OLD.metadata_modified + interval '1 microsecond';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    package = sa.ForeignKey("package.id", ondelete="CASCADE")
    op.create_table(
        "govcn_release",
        sa.Column("package_id", sa.UnicodeText, package, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False, server_default=""),
        sa.Column("approver", sa.Text, nullable=False, server_default=""),
        sa.Column("date", sa.Text, nullable=False, server_default=""),
        sa.Column("basis", sa.Text, nullable=False, server_default=""),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint("kind IN ('reviewed', 'already_public')", name="govcn_release_kind"),
    )
    op.create_table(
        "govcn_editorial_log",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("package_id", sa.UnicodeText, sa.ForeignKey("package.id", ondelete="CASCADE"), nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("from_status", sa.Text, nullable=False, server_default=""),
        sa.Column("to_status", sa.Text, nullable=False, server_default=""),
        sa.Column("user_id", sa.Text),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_index("idx_govcn_editorial_log_package", "govcn_editorial_log", ["package_id", "id"])
    op.create_table(
        "govcn_zone",
        sa.Column("one", sa.Boolean, primary_key=True, server_default=sa.true()),
        sa.Column("zone", sa.Text, nullable=False),
        sa.CheckConstraint("one", name="govcn_zone_one"),
        sa.CheckConstraint("zone IN ('internal', 'public', 'both')", name="govcn_zone_zone"),
    )
    op.execute(sa.text("INSERT INTO govcn_zone (zone) VALUES (:zone)").bindparams(zone=_configured_zone()))
    for function in (_GUARD, _GUARD_RELEASE, _RISE):
        op.execute(function)
    op.execute(
        "CREATE CONSTRAINT TRIGGER govcn_guard_package AFTER INSERT OR UPDATE ON package "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION govcn_guard_package()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER govcn_guard_release AFTER DELETE OR UPDATE ON govcn_release "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION govcn_guard_release()"
    )
    op.execute(
        "CREATE TRIGGER govcn_package_time_rises BEFORE UPDATE ON package "
        "FOR EACH ROW EXECUTE FUNCTION govcn_package_time_rises()"
    )


def _configured_zone() -> str:
    from ckan.plugins import toolkit as tk

    return tk.config.get("ckanext.govcn.zone") or "both"


def downgrade() -> None:
    op.execute("DROP TRIGGER IF EXISTS govcn_package_time_rises ON package")
    op.execute("DROP TRIGGER IF EXISTS govcn_guard_package ON package")
    for table in ("govcn_release", "govcn_editorial_log", "govcn_zone"):
        op.drop_table(table)
    for function in ("govcn_package_time_rises", "govcn_guard_package", "govcn_guard_release"):
        op.execute(f"DROP FUNCTION IF EXISTS {function}()")
