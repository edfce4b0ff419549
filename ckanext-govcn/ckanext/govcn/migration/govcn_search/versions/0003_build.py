"""The index that is built beside the running one: how far it is, and which of the two is in use."""

from __future__ import annotations

from alembic import op

revision = "govcn_search_0003"
down_revision = "govcn_search_0002"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE govcn_index_build (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    state text NOT NULL CHECK (state IN ('building', 'built', 'swapped', 'rolled_back')),
    started_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    documents bigint NOT NULL DEFAULT 0,
    total bigint NOT NULL DEFAULT 0
)
"""


def upgrade() -> None:
    op.execute(TABLE)


def downgrade() -> None:
    op.execute("DROP TABLE govcn_index_build")
