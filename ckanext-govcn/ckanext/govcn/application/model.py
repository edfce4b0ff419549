"""Tables of the applications. `STEPS` is in no metadata of CKAN's: what CKAN empties between tests, it refuses."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column


class Application(tk.BaseModel):
    """One 申请. `dataset_title` is the title when it was last submitted: what the dataset is called after it was closed
    is not for the applicant. `agreement_text` is what was made when the department agreed; `agreement_at` when the
    applicant accepted it; `terms` the rows of the deadline table that held when it was first submitted;
    `limits` what the department set when it agreed (`quota`, `quota_period`, `rate` of `grant.limits`). `renew_until`:
    the end that is asked for, while a renewal is reviewed. `grant_suspended_at`: when the application suspended its
    grant, by which it knows its own suspension again. No identity numbers anywhere.
    """

    __tablename__ = "govcn_application"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True, default=lambda: str(uuid.uuid4()))
    dataset_id: Mapped[str] = mapped_column(sa.Text)
    dataset_title: Mapped[str] = mapped_column(sa.Text)
    applicant_id: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text)
    subject_kind: Mapped[str] = mapped_column(sa.Text, default="")
    subject_name: Mapped[str] = mapped_column(sa.Text, default="")
    subject_uscc: Mapped[str] = mapped_column(sa.Text, default="")
    scenario: Mapped[str] = mapped_column(sa.Text, default="")
    purpose: Mapped[str] = mapped_column(sa.Text, default="")
    scope: Mapped[str] = mapped_column(sa.Text, default="")
    use_until: Mapped[date | None] = mapped_column(sa.Date)
    capability: Mapped[str] = mapped_column(sa.Text, default="")
    safeguards: Mapped[str] = mapped_column(sa.Text, default="")
    commitment_version: Mapped[str] = mapped_column(sa.Text, default="")
    commitment_sha256: Mapped[str] = mapped_column(sa.Text, default="")
    agreement_version: Mapped[str] = mapped_column(sa.Text, default="")
    agreement_text: Mapped[str] = mapped_column(sa.Text, default="")
    agreement_sha256: Mapped[str] = mapped_column(sa.Text, default="")
    agreement_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    grant_id: Mapped[str] = mapped_column(sa.Text, default="")
    grant_suspended_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    renew_until: Mapped[date | None] = mapped_column(sa.Date)
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    limits: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    submitted_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    changed_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())


STEPS = sa.Table(
    "govcn_application_step",
    sa.MetaData(),
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("application_id", sa.Text),
    sa.Column("event", sa.Text),
    sa.Column("from_state", sa.Text),
    sa.Column("to_state", sa.Text),
    sa.Column("role", sa.Text),
    sa.Column("user_id", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("reason_class", sa.Text),
    sa.Column("basis", sa.Text),
    sa.Column("detail", JSONB),
    sa.Column("at", sa.DateTime(timezone=True)),
)


class Supplement(tk.BaseModel):
    """A 补充协议 of a renewal, made when the department agreed: the use ends at `use_until`, before that at
    `use_until_before`. One that was never accepted changes nothing."""

    __tablename__ = "govcn_application_supplement"

    application_id: Mapped[str] = mapped_column(
        sa.Text, sa.ForeignKey("govcn_application.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    version: Mapped[str] = mapped_column(sa.Text)
    text: Mapped[str] = mapped_column(sa.Text)
    sha256: Mapped[str] = mapped_column(sa.Text)
    use_until_before: Mapped[date] = mapped_column(sa.Date)
    use_until: Mapped[date] = mapped_column(sa.Date)
    made_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    accepted_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class ApplicationFile(tk.BaseModel):
    """An attachment (`paper` empty) or a stamped scan of a paper; `text_sha256` is that of the paper's text when it was
    uploaded. `role` and `user_id`: who uploaded it. `removed_at`: the bytes are gone, the line stays."""

    __tablename__ = "govcn_application_file"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    application_id: Mapped[str] = mapped_column(sa.Text, sa.ForeignKey("govcn_application.id", ondelete="CASCADE"))
    paper: Mapped[str] = mapped_column(sa.Text, default="")
    text_sha256: Mapped[str] = mapped_column(sa.Text, default="")
    filename: Mapped[str] = mapped_column(sa.Text)
    media_type: Mapped[str] = mapped_column(sa.Text)
    size: Mapped[int] = mapped_column(sa.BigInteger)
    sha256: Mapped[str] = mapped_column(sa.Text)
    role: Mapped[str] = mapped_column(sa.Text)
    user_id: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    removed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
