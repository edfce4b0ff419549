"""部门: (行政区划, name) with former names and successor, and proposals of unknown providers."""

import sqlalchemy as sa
from alembic import op

revision = "0002_departments"
down_revision = "0001_codes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    group = sa.ForeignKey("group.id", ondelete="CASCADE")
    op.create_table(
        "govcn_department",
        sa.Column("group_id", sa.UnicodeText, group, primary_key=True),
        sa.Column("region_code", sa.Text, nullable=False, server_default=""),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_key", sa.Text, nullable=False),  # the name as it is compared (catalog.text.normalize)
        sa.Column("uscc", sa.Text, nullable=False, server_default=""),
        sa.Column("successor_id", sa.UnicodeText, sa.ForeignKey("group.id", ondelete="SET NULL")),
        sa.Column("valid_from", sa.Text, nullable=False, server_default=""),
        sa.Column("valid_to", sa.Text, nullable=False, server_default=""),
        sa.Column("sort_key", sa.Text, nullable=False, server_default=""),
        sa.Column("node", sa.Text, unique=True),
        sa.Column("confirmed", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("confirmed_by", sa.Text),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("region_code", "name", name="govcn_department_region_name"),
    )
    op.create_index("idx_govcn_department_key", "govcn_department", ["name_key", "region_code"])
    op.create_index("idx_govcn_department_uscc", "govcn_department", ["uscc"])
    op.create_index("idx_govcn_department_sort", "govcn_department", ["sort_key"])
    op.create_table(
        "govcn_department_former_name",
        sa.Column("group_id", sa.UnicodeText, sa.ForeignKey("group.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("region_code", sa.Text, primary_key=True),
        sa.Column("name_key", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
    )
    op.create_index("idx_govcn_department_former_key", "govcn_department_former_name", ["name_key", "region_code"])
    op.create_table(
        "govcn_provider_proposal",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("region_code", sa.Text, nullable=False, server_default=""),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("uscc", sa.Text, nullable=False, server_default=""),
        sa.Column("source_name", sa.Text, nullable=False, server_default=""),
        sa.Column("records", sa.Integer, nullable=False, server_default="0"),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="pending"),
        sa.Column("group_id", sa.UnicodeText, sa.ForeignKey("group.id", ondelete="SET NULL")),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.UniqueConstraint("region_code", "name", name="govcn_provider_proposal_region_name"),
        sa.CheckConstraint(
            "state IN ('pending', 'accepted', 'mapped', 'refused')", name="govcn_provider_proposal_state"
        ),
    )


def downgrade() -> None:
    op.drop_table("govcn_provider_proposal")
    op.drop_table("govcn_department_former_name")
    op.drop_table("govcn_department")
