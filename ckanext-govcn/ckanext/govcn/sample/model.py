"""样例数据 in the database. Nothing here commits, and nothing decides who may."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model as ckan_model
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.govcn.sample.content import Sample


class StoredSample(tk.BaseModel):
    """One dataset's sample; `kind`: made_up or masked, as who entered it said; `changed_by`: a user's id."""

    __tablename__ = "govcn_sample"

    package_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    columns: Mapped[list[str]] = mapped_column(JSONB)
    rows: Mapped[list[list[str]]] = mapped_column(JSONB)
    kind: Mapped[str] = mapped_column(sa.Text)
    changed_by: Mapped[str] = mapped_column(sa.Text)
    changed_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())


def find(package_id: str) -> StoredSample | None:
    """The sample of a dataset."""
    return ckan_model.Session.get(StoredSample, package_id, populate_existing=True)


def existing(package_ids: Collection[str]) -> set[str]:
    """Those of the datasets that have one."""
    query = sa.select(StoredSample.package_id).where(StoredSample.package_id.in_(package_ids))
    return set(ckan_model.Session.scalars(query))


def keep(package_id: str, sample: Sample, kind: str, user_id: str) -> StoredSample:
    """The new sample in the place of an older one."""
    stored = find(package_id) or StoredSample(package_id=package_id)
    values: dict[str, Any] = {
        "columns": list(sample.columns),
        "rows": [list(row) for row in sample.rows],
        "kind": kind,
        "changed_by": user_id,
        "changed_at": sa.func.now(),
    }
    for name, value in values.items():
        setattr(stored, name, value)
    ckan_model.Session.add(stored)
    ckan_model.Session.flush()
    return stored


def remove(package_id: str) -> bool:
    """Whether there was one."""
    stored = find(package_id)
    if stored is not None:
        ckan_model.Session.delete(stored)
        ckan_model.Session.flush()
    return stored is not None
