"""Tables behind the levels: the vault of real addresses and the stored files.

Secret: no public action reads them.
"""

from __future__ import annotations

from datetime import datetime

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column


class Vault(tk.BaseModel):
    """The address a resource really has. The dataset's dict holds only the portal's own download route."""

    __tablename__ = "govcn_vault"

    resource_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    package_id: Mapped[str] = mapped_column(sa.Text)
    url: Mapped[str] = mapped_column(sa.Text)
    changed_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())


class Content(tk.BaseModel):
    """One content, named by its SHA-256 (lower-case hex) and never overwritten. `size` is bytes."""

    __tablename__ = "govcn_file"

    sha256: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    size: Mapped[int] = mapped_column(sa.BigInteger)
    media_type: Mapped[str] = mapped_column(sa.Text, default="")
    fetched_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())


class ResourceFile(tk.BaseModel):
    """Which content a resource delivers now, and under which name."""

    __tablename__ = "govcn_resource_file"

    resource_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.Text)
    filename: Mapped[str] = mapped_column(sa.Text)
    attached_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
