"""Tables of the notices. SQL is in `outbox`; these classes make the tables known to CKAN's metadata."""

from __future__ import annotations

from datetime import datetime

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column


class Notice(tk.BaseModel):
    """消息: what happened, once. `about` is what it is about (`harvest_run:12`); `dedupe_key` keeps it from being said
    twice."""

    __tablename__ = "govcn_notice"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.Text)
    about: Mapped[str] = mapped_column(sa.Text)
    title_zh: Mapped[str] = mapped_column(sa.Text)
    title_en: Mapped[str] = mapped_column(sa.Text)
    body_zh: Mapped[str] = mapped_column(sa.Text)
    body_en: Mapped[str] = mapped_column(sa.Text)
    link: Mapped[str] = mapped_column(sa.Text, default="")
    dedupe_key: Mapped[str | None] = mapped_column(sa.Text, unique=True)
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())


class NoticeDelivery(tk.BaseModel):
    """One way that a notice goes: `channel` portal or mail to the user `target`, or webhook.

    `state`: waiting, sent, failed (given up), dropped (the reader no longer wants it or is gone). `attempts` counts
    claims and is the fencing token of the process that tries; `read_at` is the portal's.
    """

    __tablename__ = "govcn_notice_delivery"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    notice_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("govcn_notice.id", ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(sa.Text)
    target: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text)
    attempts: Mapped[int] = mapped_column(sa.Integer, default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    last_error: Mapped[str] = mapped_column(sa.Text, default="")
    sent_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    read_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class NoticePreference(tk.BaseModel):
    """Whether a user wants notices by mail; without a row, yes."""

    __tablename__ = "govcn_notice_preference"

    user_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    mail: Mapped[bool] = mapped_column(sa.Boolean)
