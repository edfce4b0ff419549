"""信息资源代码: a counter per classification node and the register of every code ever given."""

import sqlalchemy as sa
from alembic import op

revision = "0001_codes"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "govcn_code_counter",
        sa.Column("node", sa.Text, primary_key=True),
        sa.Column("last", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "govcn_code",
        sa.Column("code", sa.Text, primary_key=True),
        # No foreign key: the code of a purged dataset stays taken.
        sa.Column("package_id", sa.Text),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("idx_govcn_code_package", "govcn_code", ["package_id"])


def downgrade() -> None:
    op.drop_table("govcn_code")
    op.drop_table("govcn_code_counter")
