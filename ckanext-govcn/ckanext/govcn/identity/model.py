"""Which account belongs to which identity. Neither a subject nor a name of the provider's is here: see `digest`."""

from __future__ import annotations

from datetime import datetime

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column


class KnownIdentity(tk.BaseModel):
    """One identity. `digest` is the keyed digest of provider and subject in `suite`; `trust` a level of the operator's
    scale or empty; `verified_at` the last sign-in. An account has one identity at most, and never changes it."""

    __tablename__ = "govcn_identity"

    provider: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    digest: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    suite: Mapped[str] = mapped_column(sa.Text)
    user_id: Mapped[str] = mapped_column(sa.Text, unique=True)
    kind: Mapped[str] = mapped_column(sa.Text)
    trust: Mapped[str] = mapped_column(sa.Text)
    verified_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
