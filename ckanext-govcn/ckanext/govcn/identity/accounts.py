"""From an identity to an account of the portal. ADAPTER.

An account is found by its identity alone, never by a name or a mail address: what a provider says of somebody takes
over no account that was made here. Whoever is logged in to such an account may bind it themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.govcn.identity import site
from ckanext.govcn.identity.exceptions import AccountClosed, AccountTaken, IdentityTaken, SysadminRefused
from ckanext.govcn.identity.identity import Identity
from ckanext.govcn.identity.model import KnownIdentity
from ckanext.govcn.signing.site import suite

NAME_DIGITS = 24
"""96 bits of the digest: nobody meets another's name, or guesses one."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What is known of an account's person. `trust` is a level of the scale, or empty."""

    provider: str
    kind: str
    trust: str
    verified_at: datetime


def sign_in(identity: Identity) -> model.User:
    """The account of this identity, made at the first sign-in; the transaction ends here.

    Raises AccountClosed, SysadminRefused.
    """
    with _whole():
        known, digest = _found(identity)
        if known is None:
            user = model.User(name=f"id-{digest[:NAME_DIGITS]}", fullname=identity.name or _title(identity))
            model.Session.add(user)
            model.Session.flush()
            known = _added(identity, digest, user)
        else:
            user = _allowed(known.user_id)
        _verify(known, identity)
    return user


def bind(identity: Identity, user_id: str) -> None:
    """Whoever is logged in is this person: their account gets the identity, and is found by it from now on.

    Raises AccountClosed, SysadminRefused, IdentityTaken, AccountTaken; the transaction ends here.
    """
    with _whole():
        known, digest = _found(identity)
        user = _allowed(user_id)
        if known is None:
            own = model.Session.scalars(sa.select(KnownIdentity).where(KnownIdentity.user_id == user.id)).one_or_none()
            if own is not None:
                raise AccountTaken
            known = _added(identity, digest, user)
        elif known.user_id != user.id:
            raise IdentityTaken
        _verify(known, identity)


def verified(user_id: str) -> Verified | None:
    """Who the account's person is; None without an identity, or when its provider is not configured any more."""
    settings = site.usable()
    found = model.Session.scalars(sa.select(KnownIdentity).where(KnownIdentity.user_id == user_id)).one_or_none()
    if settings is None or found is None or found.provider not in settings.providers:
        return None
    return Verified(found.provider, found.kind, found.trust, found.verified_at)


@contextmanager
def _whole() -> Iterator[None]:
    """One transaction, whole or not at all."""
    try:
        yield
        model.Session.commit()
    except BaseException:
        model.Session.rollback()
        raise


def _found(identity: Identity) -> tuple[KnownIdentity | None, str]:
    """What is known of the identity, and its digest; nobody else asks for it until the transaction ends."""
    digests = site.digests(identity)
    digest = digests[suite().name]
    model.Session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(digest, 0))))
    query = sa.select(KnownIdentity).where(
        KnownIdentity.provider == identity.provider, KnownIdentity.digest.in_(digests.values())
    )
    return model.Session.scalars(query.execution_options(populate_existing=True)).one_or_none(), digest


def _added(identity: Identity, digest: str, user: model.User) -> KnownIdentity:
    known = KnownIdentity(provider=identity.provider, digest=digest, suite=suite().name, user_id=user.id)
    model.Session.add(known)
    return known


def _verify(known: KnownIdentity, identity: Identity) -> None:
    known.kind, known.trust, known.verified_at = identity.kind, identity.trust, identity.verified_at


def _allowed(user_id: str) -> model.User:
    """The account, as it is now and stays until the transaction ends."""
    query = sa.select(model.User).where(model.User.id == user_id).with_for_update()
    user = model.Session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if user is None or not user.is_active:
        raise AccountClosed
    if user.sysadmin and not tk.config.get(site.SYSADMINS):
        raise SysadminRefused
    return user


def _title(identity: Identity) -> str:
    """For whom the provider gives no name."""
    settings = site.usable()
    provider = settings.providers.get(identity.provider) if settings else None
    return f"{provider.title if provider else identity.provider}用户"
