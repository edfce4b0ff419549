"""Delivering what waits in the outbox.

    deliver_due(now, {"mail": mail.Mail(), "webhook": …})

A delivery is claimed with a lease before it is tried, so several processes may deliver, and one that dies in the middle
leaves a delivery that is tried again: at least once. The idempotency key is the same at every try. After `ATTEMPTS`
tries it is `failed`, and `retry` makes it wait again.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from ckan import model
from ckan.plugins import toolkit as tk
from sqlalchemy import text

from ckanext.govcn.dataset.api import plain
from ckanext.govcn.notice.exceptions import NotDelivered
from ckanext.govcn.notice.kinds import Texts

log = logging.getLogger(__name__)

ATTEMPTS = 8
FIRST, FACTOR, LONGEST = 60.0, 4.0, 12 * 3600.0  # seconds between tries: 1 min, 4 min, 16 min, 1 h, 4 h, 12 h, 12 h
LEASE = timedelta(minutes=5)  # longer than a process delivers: `harvesters.worker.DELIVERING`
THINNED = 1_000  # old notices removed at once
UNEXPECTED = "程序出错，见日志", "Unexpected error, see the log"
DIED = "投递进程多次意外结束", "The delivering process ended unexpectedly several times"

_CLAIM = text("""
    UPDATE govcn_notice_delivery d SET attempts = d.attempts + 1, next_attempt_at = :until
    WHERE d.id = (
        SELECT id FROM govcn_notice_delivery
        WHERE state = 'waiting' AND next_attempt_at <= :now AND channel = ANY(:channels)
        ORDER BY next_attempt_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING d.id, d.notice_id, d.channel, d.target, d.attempts
""")
_DUE = text("""
    SELECT EXISTS (SELECT FROM govcn_notice_delivery
                   WHERE state = 'waiting' AND next_attempt_at <= :now AND channel = ANY(:channels))
        OR EXISTS (SELECT FROM govcn_notice WHERE created_at < :before)
""")
_NOTICE = text("""
    SELECT n.kind, n.about, n.title_zh, n.title_en, n.body_zh, n.body_en, n.link, n.created_at,
           array(SELECT u.name FROM govcn_notice_delivery p JOIN "user" u ON u.id = p.target
                 WHERE p.notice_id = n.id AND p.channel = 'portal' ORDER BY u.name) AS people
    FROM govcn_notice n WHERE n.id = :notice
""")
_ENDED = text("""
    UPDATE govcn_notice_delivery
    SET state = :state, next_attempt_at = coalesce(:at, next_attempt_at), last_error = :error,
        sent_at = CASE WHEN :state = 'sent' THEN :now ELSE sent_at END
    WHERE id = :id AND attempts = :attempts AND state = 'waiting'
""")
_THIN = text("""
    DELETE FROM govcn_notice WHERE id IN (
        SELECT id FROM govcn_notice WHERE created_at < :before ORDER BY created_at LIMIT :most)
""")
_LIST = text("""
    SELECT d.id, n.kind, n.about, d.channel, d.state, d.attempts, d.next_attempt_at, d.last_error, d.sent_at,
           n.created_at, coalesce(u.name, '') AS user
    FROM govcn_notice_delivery d JOIN govcn_notice n ON n.id = d.notice_id LEFT JOIN "user" u ON u.id = d.target
    WHERE d.channel <> 'portal' AND (CAST(:state AS text) IS NULL OR d.state = :state)
    ORDER BY d.id DESC LIMIT :limit
""")
_RETRY = text("""
    UPDATE govcn_notice_delivery SET state = 'waiting', attempts = 0, next_attempt_at = :now
    WHERE channel <> 'portal' AND state = 'failed' AND (:all OR id = ANY(:ids))
""")


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel is given. `key` is the same at every try, `link` a whole address, `people` are account names."""

    key: str
    kind: str
    about: str
    texts: Texts
    link: str
    created_at: datetime
    people: Sequence[str]
    target: str


class Channel(Protocol):
    """One way out. True: delivered. False: nobody wants it any more. Raises NotDelivered."""

    def send(self, message: Message, now: datetime) -> bool: ...


def delay(attempts: int, retry_after: float | None = None) -> float:
    """Seconds until the next try after so many, at least what the other side asked for and at most 12 hours."""
    return min(max(FIRST * FACTOR ** min(attempts - 1, 10), retry_after or 0.0), LONGEST)


def is_due(now: datetime, channels: Collection[str]) -> bool:
    """Is there anything to deliver on these channels, or a notice that is too old to be kept?"""
    asked = {"now": now, "channels": list(channels), "before": _keep_from(now)}
    due: bool = model.Session.execute(_DUE, asked).scalar_one()
    model.Session.commit()
    return due


def deliver_due(now: datetime, channels: Mapping[str, Channel], most: int = 100) -> dict[str, int]:
    """Try what is due, at most `most` deliveries: how many were sent, wait again, failed for good, were dropped.

    Commits after each. Old notices go, too (`ckanext.govcn.notice.keep_days`).
    """
    done: Counter[str] = Counter()
    for _ in range(most):
        claim = {"now": now, "until": now + LEASE, "channels": list(channels)}
        row = model.Session.execute(_CLAIM, claim).one_or_none()
        model.Session.commit()
        if row is None:
            break
        done[_tried(row, channels[row.channel], now)] += 1
    _thin(now)
    return {state: done[state] for state in ("sent", "waiting", "failed", "dropped")}


def _tried(row: Any, channel: Channel, now: datetime) -> str:
    state, error, at = "sent", "", None
    try:
        if row.attempts > ATTEMPTS:
            raise NotDelivered(*DIED, transient=False)
        state = "sent" if channel.send(_message(row), now) else "dropped"
    except NotDelivered as failed:
        error = failed.message
        again = failed.transient and row.attempts < ATTEMPTS
        state = "waiting" if again else "failed"
        at = now + timedelta(seconds=delay(row.attempts, failed.retry_after)) if again else None
    except Exception:  # one delivery must not keep the others waiting
        log.exception("消息投递 %s 出错", row.id)
        model.Session.rollback()
        error = UNEXPECTED[0]
        state = "waiting" if row.attempts < ATTEMPTS else "failed"
        at = now + timedelta(seconds=delay(row.attempts)) if state == "waiting" else None
    ended = {"id": row.id, "attempts": row.attempts, "state": state, "error": error, "at": at, "now": now}
    model.Session.execute(_ENDED, ended)
    model.Session.commit()
    return state


def _message(row: Any) -> Message:
    notice = model.Session.execute(_NOTICE, {"notice": row.notice_id}).one()
    model.Session.commit()  # nothing is held while the other side is waited for
    texts = Texts(notice.title_zh, notice.title_en, notice.body_zh, notice.body_en, notice.link)
    site = str(tk.config.get("ckan.site_url") or "").rstrip("/")
    root = str(tk.config.get("ckan.root_path") or "").replace("/{{LANG}}", "").rstrip("/")
    return Message(
        key=f"{tk.config.get('ckan.site_id')}-{row.notice_id}-{row.id}",
        kind=notice.kind,
        about=notice.about,
        texts=texts,
        link=f"{site}{root}{notice.link}" if notice.link else "",
        created_at=notice.created_at,
        people=notice.people,
        target=row.target,
    )


def _thin(now: datetime) -> None:
    model.Session.execute(_THIN, {"before": _keep_from(now), "most": THINNED})
    model.Session.commit()


def _keep_from(now: datetime) -> datetime | None:
    """Older notices go; None: they are kept for ever (no time is before it in SQL)."""
    days = int(tk.config.get("ckanext.govcn.notice.keep_days") or 0)
    return now - timedelta(days=days) if days > 0 else None


def listed(state: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Deliveries by mail and webhook, newest first."""
    rows = model.Session.execute(_LIST, {"state": state, "limit": limit}).mappings()
    return [plain(dict(row)) for row in rows]


def retry(ids: Collection[int] | None, now: datetime) -> int:
    """Make failed deliveries wait again, all of them for None: how many. Commits."""
    done: Any = model.Session.execute(_RETRY, {"all": ids is None, "ids": list(ids or ()), "now": now})
    model.Session.commit()
    return done.rowcount
