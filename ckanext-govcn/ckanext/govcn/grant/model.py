"""The tables of 授权 and the ways to write them. Nothing here commits, asks who is allowed, or writes the audit log:
the actions do; a writer of the platform itself calls `giving.give` in its own transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model as ckan_model
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.govcn.access import files, people, rules
from ckanext.govcn.grant import states
from ckanext.govcn.grant.exceptions import NotGrantable, StepRefused, TermsRefused
from ckanext.govcn.grant.limits import ALL, Limits
from ckanext.govcn.grant.states import State
from ckanext.govcn.grant.terms import CURRENT, Terms

Session = Any


def _new_id() -> str:
    return str(uuid.uuid4())


class Grant(tk.BaseModel):
    """授权: see `states` for its life and `terms` for what it says. `reference` names the application it came from."""

    __tablename__ = "govcn_grant"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True, default=_new_id)
    package_id: Mapped[str] = mapped_column(sa.Text)
    user_id: Mapped[str] = mapped_column(sa.Text)
    channel: Mapped[str] = mapped_column(sa.Text)
    purpose: Mapped[str] = mapped_column(sa.Text)
    begins: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    until: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    versions: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), default=list)
    fields: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), default=list)
    deliveries: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), default=lambda: [rules.DOWNLOAD])
    quota: Mapped[int | None] = mapped_column(sa.Integer)
    quota_period: Mapped[str] = mapped_column(sa.Text, default=ALL)
    rate: Mapped[int | None] = mapped_column(sa.Integer)
    reference: Mapped[str] = mapped_column(sa.Text, default="")
    reason: Mapped[str] = mapped_column(sa.Text)
    given_by: Mapped[str] = mapped_column(sa.Text)
    given_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    suspended_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    suspended_by: Mapped[str] = mapped_column(sa.Text, default="")
    suspend_reason: Mapped[str] = mapped_column(sa.Text, default="")
    ended_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    ended_by: Mapped[str] = mapped_column(sa.Text, default="")
    end_reason: Mapped[str] = mapped_column(sa.Text, default="")

    def state(self, now: datetime) -> State:
        """The state at a moment."""
        return states.state_of(self.begins, self.until, self.suspended_at, self.ended_at, now)

    def limits(self) -> Limits:
        """How often it may be used."""
        return Limits(self.quota, self.quota_period, self.rate)

    def as_rule(self) -> rules.Grant:
        """The grant as the decision reads it."""
        return rules.Grant(
            id=self.id,
            dataset=self.package_id,
            channel=self.channel,
            purpose=self.purpose,
            begins=self.begins,
            until=min(self.until, self.ended_at) if self.ended_at else self.until,
            suspended=self.suspended_at is not None,
            versions=frozenset(self.versions or ()),
            fields=frozenset(self.fields or ()),
            deliveries=frozenset(self.deliveries or ()),
        )


class GrantKey(tk.BaseModel):
    """An access key of a grant. Of the key itself only a digest is kept; `prefix` is how people tell keys apart."""

    __tablename__ = "govcn_grant_key"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True, default=_new_id)
    grant_id: Mapped[str] = mapped_column(sa.Text, sa.ForeignKey("govcn_grant.id", ondelete="CASCADE"))
    prefix: Mapped[str] = mapped_column(sa.Text, unique=True)
    suite: Mapped[str] = mapped_column(sa.Text)
    digest: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    expires_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    revoked_by: Mapped[str] = mapped_column(sa.Text, default="")

    def valid(self, now: datetime) -> bool:
        """Whether it can be used, as far as the key itself goes."""
        return self.revoked_at is None and now < self.expires_at


class GrantUse(tk.BaseModel):
    """One use: an answer that carried the data. `version`: the SHA-256 of the content; `key_prefix`: of the access key,
    or empty."""

    __tablename__ = "govcn_grant_use"

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    grant_id: Mapped[str] = mapped_column(sa.Text, sa.ForeignKey("govcn_grant.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    resource_id: Mapped[str] = mapped_column(sa.Text)
    version: Mapped[str] = mapped_column(sa.Text, default="")
    key_prefix: Mapped[str] = mapped_column(sa.Text, default="")


def give(session: Session, *, package: ckan_model.Package, user_id: str, given_by: str, terms: Terms) -> Grant:
    """A new grant, flushed. Whoever calls has decided that it may be given (`states.may_give`).

    Raises NotGrantable, TermsRefused (a version the platform does not have), StepRefused (to oneself).
    """
    if rules.level_of(people.what_of(package)) != "conditional":
        raise NotGrantable
    if user_id == given_by:
        raise StepRefused(states.OWN)
    grant = Grant(
        package_id=package.id,
        user_id=user_id,
        given_by=given_by,
        channel=terms.channel,
        purpose=terms.purpose,
        begins=terms.begins,
        until=terms.until,
        reason=terms.reason,
        reference=terms.reference,
        quota=terms.limits.quota,
        quota_period=terms.limits.quota_period,
        rate=terms.limits.rate,
        versions=_named(package.id, terms.versions),
        fields=list(terms.fields),
        deliveries=list(terms.deliveries),
    )
    session.add(grant)
    session.flush()
    return grant


def _named(package_id: str, versions: Collection[str] | None) -> list[str]:
    """The digests a grant names; all of what the dataset delivers now. Raises TermsRefused."""
    delivered = set(files.versions_of(package_id)) - {""}
    if versions is None and not delivered:
        raise TermsRefused(
            "versions",
            f"数据集还没有存入平台的文件，不能按 {CURRENT} 授权",
            f"The dataset has no file on the platform yet, so {CURRENT} names nothing",
        )
    named = delivered if versions is None else set(versions)
    if not named <= delivered:
        raise TermsRefused(
            "versions", "不是该数据集现有文件的版本", "Not a version of a file that the dataset delivers now"
        )
    return sorted(named)


def held(session: Session, user_id: str, package_id: str) -> tuple[rules.Grant, ...]:
    """A person's grants for a dataset, of whatever state."""
    query = sa.select(Grant).where(Grant.user_id == user_id, Grant.package_id == package_id).order_by(Grant.given_at)
    return tuple(grant.as_rule() for grant in session.scalars(query))


def find(session: Session, grant_id: str, *, lock: bool = False) -> Grant | None:
    """One grant, as it is in the database now; with `lock`, nobody else changes it until the transaction ends."""
    query = sa.select(Grant).where(Grant.id == grant_id).execution_options(populate_existing=True)
    return session.scalars(query.with_for_update() if lock else query).first()


def of_user(user_id: str) -> sa.Select[tuple[Grant]]:
    """A person's own grants."""
    return sa.select(Grant).where(Grant.user_id == user_id)


def of_owners(owners: Collection[str] | None) -> sa.Select[tuple[Grant]]:
    """Grants of the datasets of these departments (ids); None: of all datasets."""
    if owners is None:
        return sa.select(Grant)
    package = ckan_model.Package
    return sa.select(Grant).where(Grant.package_id.in_(sa.select(package.id).where(package.owner_org.in_(owners))))


def listed(session: Session, whose: sa.Select[tuple[Grant]], limit: int, offset: int) -> tuple[int, list[Grant]]:
    """How many there are, and some of them, newest first."""
    count = session.scalar(sa.select(sa.func.count()).select_from(whose.subquery()))
    ordered = whose.order_by(Grant.given_at.desc(), Grant.id).limit(limit).offset(offset)
    return count, list(session.scalars(ordered))


def keys_of(session: Session, grant_ids: Collection[str]) -> dict[str, list[GrantKey]]:
    """The keys of each grant, newest first."""
    query = sa.select(GrantKey).where(GrantKey.grant_id.in_(grant_ids)).order_by(GrantKey.created_at.desc())
    found: dict[str, list[GrantKey]] = {grant_id: [] for grant_id in grant_ids}
    for key in session.scalars(query):
        found[key.grant_id].append(key)
    return found
