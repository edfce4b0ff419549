"""What the search index should hold and what it has, one row per dataset; filled by triggers, never by writers."""

from __future__ import annotations

from datetime import datetime

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column


class IndexDocument(tk.BaseModel):
    """A dataset's document. It waits while `indexed` is below `version`.

    `version` comes from one sequence and rises with every change of anything that the document is made of. `urgent`:
    the entry reaches less far than before. `transaction` is the one that touched it last. A claim (`claimed_by` until
    `claimed_until`) keeps two indexers from doing the same work; it is `index_version` in the document that keeps an
    older one from overwriting a newer one.
    """

    __tablename__ = "govcn_index_document"

    package_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    version: Mapped[int] = mapped_column(sa.BigInteger)
    indexed: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    urgent: Mapped[bool] = mapped_column(sa.Boolean, default=False)
    changed_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    transaction: Mapped[str | None] = mapped_column(sa.Text)
    claimed_by: Mapped[str | None] = mapped_column(sa.Text)
    claimed_until: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class IndexBuild(tk.BaseModel):
    """The index beside: one row. `documents` of `total` are done; see `cores` for the states."""

    __tablename__ = "govcn_index_build"

    one: Mapped[bool] = mapped_column(sa.Boolean, primary_key=True, default=True)
    state: Mapped[str] = mapped_column(sa.Text)
    started_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    changed_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    documents: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    total: Mapped[int] = mapped_column(sa.BigInteger, default=0)


class LivingIndexer(tk.BaseModel):
    """An indexer that watches (`ckan govcn-index watch`); it lives while `seen_at` is of the last minute.

    `failing_since` and `error` (the kind of error, never Solr's own words) are set while the index does not answer.
    """

    __tablename__ = "govcn_indexer"

    name: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    host: Mapped[str] = mapped_column(sa.Text)
    pid: Mapped[int] = mapped_column(sa.Integer)
    started_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    seen_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    failing_since: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    error: Mapped[str] = mapped_column(sa.Text, default="")
