"""Let metadata_modified rise by what package_show sees: it compares 22 characters, that is hundredths of a second."""

from alembic import op

revision = "0004_time_rises_visibly"
down_revision = "0003_editorial"
branch_labels = None
depends_on = None

_RISE = """
CREATE OR REPLACE FUNCTION govcn_package_time_rises() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW IS DISTINCT FROM OLD AND OLD.metadata_modified IS NOT NULL
       AND (NEW.metadata_modified IS NULL OR NEW.metadata_modified < OLD.metadata_modified + interval '{step}') THEN
        NEW.metadata_modified := OLD.metadata_modified + interval '{step}';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.execute(_RISE.format(step="10 milliseconds"))


def downgrade() -> None:
    op.execute(_RISE.format(step="1 microsecond"))
