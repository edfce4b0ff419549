"""Tables of the requests. `STEPS` and `SUPPORTS` are in no metadata of CKAN's: what CKAN empties between tests, it
refuses or cascades."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

LONGEST_TITLE = 1000  # characters that the column takes


class Request(tk.BaseModel):
    """One 数据需求 or 校核纠错. `title` is what is asked for, or the title of the dataset when the error was reported;
    `public_title` is what the bureau says in public; `department_id` whose turn it is or was; `dataset_id` the dataset
    with the error; `terms` the rows of the deadline table that held when it was first submitted. No identity numbers
    anywhere.
    """

    __tablename__ = "govcn_request"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True, default=lambda: str(uuid.uuid4()))
    kind: Mapped[str] = mapped_column(sa.Text)
    asker_id: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text)
    title: Mapped[str] = mapped_column(sa.Text, default="")
    holder: Mapped[str] = mapped_column(sa.Text, default="")
    scenario: Mapped[str] = mapped_column(sa.Text, default="")
    items: Mapped[str] = mapped_column(sa.Text, default="")
    update_cycle: Mapped[str] = mapped_column(sa.Text, default="")
    error_kind: Mapped[str] = mapped_column(sa.Text, default="")
    text: Mapped[str] = mapped_column(sa.Text, default="")
    public_title: Mapped[str] = mapped_column(sa.Text, default="")
    department_id: Mapped[str | None] = mapped_column(sa.Text)
    dataset_id: Mapped[str | None] = mapped_column(sa.Text)
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    submitted_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    accepted_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    changed_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())


_METADATA = sa.MetaData()
STEPS = sa.Table(
    "govcn_request_step",
    _METADATA,
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
    sa.Column("department_id", sa.Text),
    sa.Column("dataset_id", sa.Text),
    sa.Column("promised_on", sa.Date),
    sa.Column("promised_level", sa.Text),
    sa.Column("at", sa.DateTime(timezone=True)),
)
SUPPORTS = sa.Table(
    "govcn_request_support",
    _METADATA,
    sa.Column("request_id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True)),
)
