"""Access keys: `govcn-key-<prefix>-<secret>`, 256 random bits in the secret, of which the platform keeps a digest.

A key is shown once, to whoever made it. It speaks for one grant, on the portal's download route, until it expires, is
revoked, or the grant ends.
"""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ckanext.govcn.access import people, rules
from ckanext.govcn.grant.exceptions import TooManyKeys
from ckanext.govcn.grant.model import Grant, GrantKey
from ckanext.govcn.signing import site
from ckanext.govcn.signing.exceptions import UnknownSuite
from ckanext.govcn.signing.suites import suite_of

Session = Any

PREFIX_BYTES, SECRET_BYTES = 5, 32
_SHAPE = re.compile(rf"{people.KEY_PREFIX}([0-9a-f]{{{2 * PREFIX_BYTES}}})-([\w-]{{43}})", re.ASCII)


def create(session: Session, grant: Grant, expires_at: datetime, now: datetime, limit: int) -> tuple[GrantKey, str]:
    """A new key and its text, which is nowhere else. The caller holds the grant's lock. Raises TooManyKeys."""
    query = sa.select(GrantKey).where(GrantKey.grant_id == grant.id)
    if sum(key.valid(now) for key in session.scalars(query)) >= limit:
        raise TooManyKeys(limit)
    prefix = secrets.token_hex(PREFIX_BYTES)
    text = f"{people.KEY_PREFIX}{prefix}-{secrets.token_urlsafe(SECRET_BYTES)}"
    suite = site.suite()
    key = GrantKey(
        grant_id=grant.id,
        prefix=prefix,
        suite=suite.name,
        digest=suite.digest(text.encode()),
        expires_at=min(expires_at, grant.until),
    )
    session.add(key)
    session.flush()
    return key, text


def find(session: Session, key_id: str) -> GrantKey | None:
    """One key by its id."""
    return session.get(GrantKey, key_id)


def holder(session: Session, presented: str, now: datetime) -> tuple[str, rules.Grant] | None:
    """The grantee's user id and the grant of a key; None when it is no key, expired or revoked."""
    shape = _SHAPE.fullmatch(presented)
    if shape is None:
        return None
    query = sa.select(GrantKey, Grant).join(Grant, Grant.id == GrantKey.grant_id).where(GrantKey.prefix == shape[1])
    row = session.execute(query).first()
    if row is None:
        return None
    key, grant = row
    try:
        digest = suite_of(key.suite).digest(presented.encode())
    except UnknownSuite:
        return None
    if not hmac.compare_digest(digest, key.digest) or not key.valid(now):
        return None
    return grant.user_id, grant.as_rule()
