"""The outbox: `notify` puts a notice in, in the caller's transaction; readers, and deliveries that wait, look into it.

    notify("harvest_refused", To(departments=(owner,)), about="harvest_run:12", values={…}, once="12")

What is rolled back was never said. `once` makes saying it again nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import ckan.plugins as p
from ckan import model
from ckan.plugins import toolkit as tk
from sqlalchemy import text

from ckanext.govcn.department import bureau
from ckanext.govcn.notice import kinds

Session = Any

WEBHOOK = "webhook"
_NOTICE = text("""
    INSERT INTO govcn_notice (kind, about, title_zh, title_en, body_zh, body_en, link, dedupe_key)
    VALUES (:kind, :about, :title_zh, :title_en, :body_zh, :body_en, :link, :dedupe_key)
    ON CONFLICT (dedupe_key) DO NOTHING RETURNING id
""")
_TO_PEOPLE = text("""
    WITH reader AS (
        SELECT u.id, u.email FROM "user" u
        WHERE u.state = 'active' AND u.name <> :site_user AND (
            u.id = ANY(:users) OR (:operators AND u.sysadmin) OR EXISTS (
                SELECT FROM member m JOIN "group" g ON g.id = m.group_id
                WHERE m.table_name = 'user' AND m.table_id = u.id AND m.state = 'active'
                  AND g.state = 'active' AND g.is_organization
                  AND ((g.id = ANY(:departments) AND m.capacity = ANY(:roles))
                       OR (g.name = ANY(:bureau) AND m.capacity IN ('admin', 'editor')))))
    )
    INSERT INTO govcn_notice_delivery (notice_id, channel, target, state, sent_at)
    SELECT :notice, 'portal', reader.id, 'sent', now() FROM reader
    UNION ALL
    SELECT :notice, 'mail', reader.id, 'waiting', NULL FROM reader
    LEFT JOIN govcn_notice_preference p ON p.user_id = reader.id
    WHERE :mail AND coalesce(reader.email, '') <> '' AND coalesce(p.mail, true)
""")
_TO_WEBHOOK = text("""
    INSERT INTO govcn_notice_delivery (notice_id, channel, target, state) VALUES (:notice, 'webhook', '', 'waiting')
""")
_INBOX = text("""
    SELECT n.id, n.kind, n.about, n.title_zh, n.title_en, n.body_zh, n.body_en, n.link, n.created_at, d.read_at
    FROM govcn_notice_delivery d JOIN govcn_notice n ON n.id = d.notice_id
    WHERE d.channel = 'portal' AND d.target = :user AND (NOT :unread OR d.read_at IS NULL)
    ORDER BY n.id DESC LIMIT :limit OFFSET :offset
""")
_COUNTS = text("""
    SELECT count(*) AS all, count(*) FILTER (WHERE read_at IS NULL) AS unread
    FROM govcn_notice_delivery WHERE channel = 'portal' AND target = :user
""")
_UNREAD = text("""
    SELECT count(*) FROM govcn_notice_delivery WHERE channel = 'portal' AND target = :user AND read_at IS NULL
""")
_READ = text("""
    UPDATE govcn_notice_delivery SET read_at = now()
    WHERE channel = 'portal' AND target = :user AND read_at IS NULL AND (:all OR notice_id = ANY(:ids))
""")
_WANTS_MAIL = text("SELECT mail FROM govcn_notice_preference WHERE user_id = :user")
_SET_MAIL = text("""
    INSERT INTO govcn_notice_preference (user_id, mail) VALUES (:user, :mail)
    ON CONFLICT (user_id) DO UPDATE SET mail = EXCLUDED.mail
""")


@dataclass(frozen=True, slots=True)
class To:
    """Who is told: people by id, everybody with one of `roles` in these departments (ids), the bureau, the operators
    (system administrators). Who is several of these is told once."""

    users: Collection[str] = ()
    departments: Collection[str] = ()
    roles: Collection[str] = ("admin", "editor")
    bureau: bool = False
    operators: bool = False


def notify(kind: str, to: To, about: str, values: kinds.Values, once: str = "") -> int | None:
    """Put a notice into the outbox; the caller commits. Its number, or None when it was said before (`once`) or the
    plugin govcn_notice is not there.

    Raises UnknownKind for a kind or values that kinds.yaml does not name.
    """
    found = kinds.kind(kind)
    if not p.plugin_loaded("govcn_notice"):
        return None
    texts = found.texts(values)
    row = {name: getattr(texts, name) for name in ("title_zh", "title_en", "body_zh", "body_en", "link")}
    key = f"{kind}:{about}:{once}" if once else None
    notice = model.Session.execute(_NOTICE, row | {"kind": kind, "about": about, "dedupe_key": key}).scalar()
    if notice is None:
        return None
    model.Session.execute(
        _TO_PEOPLE,
        {
            "notice": notice,
            "users": list(to.users),
            "departments": list(to.departments),
            "roles": list(to.roles),
            "bureau": bureau.organizations() if to.bureau else [],
            "operators": to.operators,
            "site_user": str(tk.config.get("ckan.site_id") or ""),
            "mail": "mail" in found.channels and bool(tk.config.get("smtp.mail_from")),
        },
    )
    if WEBHOOK in found.channels and tk.config.get("ckanext.govcn.notice.webhook.url"):
        model.Session.execute(_TO_WEBHOOK, {"notice": notice})
    return notice


def inbox(
    session: Session, user: str, *, unread: bool = False, limit: int = 20, offset: int = 0
) -> list[dict[str, Any]]:
    """The notices of a user, newest first; `read_at` None: not read yet."""
    asked = {"user": user, "unread": unread, "limit": limit, "offset": offset}
    return [dict(row) for row in session.execute(_INBOX, asked).mappings()]


def counts(session: Session, user: str) -> Mapping[str, int]:
    """How many notices a user has: `all` and `unread`."""
    return dict(session.execute(_COUNTS, {"user": user}).mappings().one())


def unread(session: Session, user: str) -> int:
    """How many notices a user has not read."""
    return session.execute(_UNREAD, {"user": user}).scalar_one()


def mark_read(session: Session, user: str, ids: Collection[int] | None) -> int:
    """Mark the user's notices read, all of them for None; how many there were. The caller commits."""
    done = session.execute(_READ, {"user": user, "all": ids is None, "ids": list(ids or ())})
    return done.rowcount


def wants_mail(session: Session, user: str) -> bool:
    """Does the user want notices by mail?"""
    found = session.execute(_WANTS_MAIL, {"user": user}).scalar()
    return True if found is None else bool(found)


def set_mail(session: Session, user: str, wanted: bool) -> None:  # noqa: FBT001
    """Turn notices by mail on or off for a user; the caller commits."""
    session.execute(_SET_MAIL, {"user": user, "mail": wanted})
