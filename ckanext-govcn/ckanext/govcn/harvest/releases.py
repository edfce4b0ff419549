"""Tables of 发布包 (release packages): what an internal instance sent, what a public one took."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column


class SentPackage(tk.BaseModel):
    """A package that this instance exported. `manifest` is `harvesters.release.manifest` as JSON, `path` its file."""

    __tablename__ = "govcn_release_sent"

    number: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    digest: Mapped[str] = mapped_column(sa.Text)
    is_full: Mapped[bool] = mapped_column(sa.Boolean)
    made_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    manifest: Mapped[dict[str, Any]] = mapped_column(JSONB)
    path: Mapped[str] = mapped_column(sa.Text)


class SentEntry(tk.BaseModel):
    """How a dataset was last sent: the hash of its entry and the SHA-256 of its files; `released` false: withdrawn.

    `hash` is empty when the receiver refused it, so that the next package brings it again.
    """

    __tablename__ = "govcn_release_sent_entry"

    package_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    number: Mapped[int] = mapped_column(sa.BigInteger)
    hash: Mapped[str] = mapped_column(sa.Text)
    released: Mapped[bool] = mapped_column(sa.Boolean)
    contents: Mapped[list[str]] = mapped_column(JSONB, default=list)


class ReceivedReceipt(tk.BaseModel):
    """回执 of a public instance for a package that was sent: the latest one counts."""

    __tablename__ = "govcn_release_receipt"

    site: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    number: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    state: Mapped[str] = mapped_column(sa.Text)
    receipt: Mapped[dict[str, Any]] = mapped_column(JSONB)
    imported_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())


class ReceivedPackage(tk.BaseModel):
    """A package that this instance took, written in the transaction that ends its run.

    `refused` are entries that were not taken (`id`, `rule`, `message`); `receipt_state` is the state that the last
    receipt told, empty before the first.
    """

    __tablename__ = "govcn_release_received"

    source: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    number: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    digest: Mapped[str] = mapped_column(sa.Text)
    sender: Mapped[str] = mapped_column(sa.Text)
    run_id: Mapped[int] = mapped_column(sa.BigInteger)
    counts: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    refused: Mapped[list[dict[str, str]]] = mapped_column(JSONB, default=list)
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    receipt_state: Mapped[str] = mapped_column(sa.Text, default="")
