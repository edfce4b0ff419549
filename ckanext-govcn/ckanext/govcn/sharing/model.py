"""Tables of the ledger. `STEPS` is in no metadata of CKAN's: what CKAN empties between tests, it refuses."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column


class Request(tk.BaseModel):
    """One 共享申请. `requester_id` and `provider_id` are organizations, as they were when it was made. `dataset_id` is
    empty, as is `share_type`, where the data is described in words; `title` is its name when it was asked for.
    `terms` are the rows of the deadline table that held when it was first submitted. No data, no address, no identity
    number.
    """

    __tablename__ = "govcn_sharing_request"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True, default=lambda: str(uuid.uuid4()))
    requester_id: Mapped[str] = mapped_column(sa.Text)
    provider_id: Mapped[str] = mapped_column(sa.Text)
    dataset_id: Mapped[str] = mapped_column(sa.Text, default="")
    share_type: Mapped[str] = mapped_column(sa.Text, default="")
    created_by: Mapped[str] = mapped_column(sa.Text, default="")
    state: Mapped[str] = mapped_column(sa.Text)
    title: Mapped[str] = mapped_column(sa.Text, default="")
    basis: Mapped[str] = mapped_column(sa.Text, default="")
    scenario: Mapped[str] = mapped_column(sa.Text, default="")
    scope: Mapped[str] = mapped_column(sa.Text, default="")
    method: Mapped[str] = mapped_column(sa.Text, default="")
    use_until: Mapped[date | None] = mapped_column(sa.Date)
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    submitted_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    changed_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())


STEPS = sa.Table(
    "govcn_sharing_step",
    sa.MetaData(),
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("request_id", sa.Text),
    sa.Column("event", sa.Text),
    sa.Column("from_state", sa.Text),
    sa.Column("to_state", sa.Text),
    sa.Column("role", sa.Text),
    sa.Column("user_id", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("reason_class", sa.Text),
    sa.Column("basis", sa.Text),
    sa.Column("days", sa.Integer),
    sa.Column("delivered_on", sa.Date),
    sa.Column("way", sa.Text),
    sa.Column("at", sa.DateTime(timezone=True)),
)
