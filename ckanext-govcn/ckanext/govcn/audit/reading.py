"""What the auditor reads: lines by event, person, subject, grant and time, newest first, paged by their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.govcn.audit import log, notes
from ckanext.govcn.audit.chain import BEIJING, Line
from ckanext.govcn.audit.exceptions import MomentRefused
from ckanext.govcn.audit.log import TABLE
from ckanext.govcn.audit.logins import attempted

LONGEST = 200  # of a word that is looked for


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines; empty words and None stand for all.

    `event` is a whole word (`grant.give`) or a family (`grant`); `who` a user's name or id, or an account
    (`account:…`); `since` and `until` are texts as lines hold them, `until` is not included.
    """

    event: str = ""
    who: str = ""
    subject: str = ""
    grant: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Wanted:
        """From what somebody typed. Raises MomentRefused."""
        words = {name: str(given.get(name) or "").strip()[:LONGEST] for name in ("event", "who", "subject", "grant")}
        return cls(**words, since=beginning("since", given.get("since")), until=ending("until", given.get("until")))

    def conditions(self) -> Iterator[sa.ColumnElement[bool]]:
        """As SQL."""
        if self.event:
            said, family = _word("event"), self.event.rstrip(".")
            yield sa.or_(said == family, said.like(_escaped(family) + ".%", escape="\\"))
        if self.who:
            yield sa.or_(_word("who").in_(self._persons()), _word("subject") == attempted(self.who))
        for name in ("subject", "grant"):
            if value := getattr(self, name):
                yield _word(name) == value
        if self.since:
            yield TABLE.c.at >= self.since
        if self.until:
            yield TABLE.c.at < self.until

    def _persons(self) -> list[str]:
        user = model.User.get(self.who)
        return [self.who, *([user.id] if user else [])]


def beginning(field: str, given: Any) -> str:
    """A date (its beginning in Beijing) or a time, as lines hold it; "" for nothing. Raises MomentRefused."""
    return _moment(field, given, timedelta(0))


def ending(field: str, given: Any) -> str:
    """A date (its end) or a time. Raises MomentRefused."""
    return _moment(field, given, timedelta(days=1))


def page(wanted: Wanted, before: int | None, limit: int) -> list[Line]:
    """Lines with numbers below `before`, newest first."""
    notes.take_over()
    query = sa.select(TABLE).where(*wanted.conditions()).order_by(TABLE.c.number.desc()).limit(limit)
    with model.ensure_engine().connect() as connection:
        return list(log.read(connection, query if before is None else query.where(TABLE.c.number < before)))


def until_line(wanted: Wanted, last: int) -> Iterator[Line]:
    """Lines up to number `last`, oldest first."""
    query = sa.select(TABLE).where(TABLE.c.number <= last, *wanted.conditions()).order_by(TABLE.c.number)
    with model.ensure_engine().connect() as connection:
        yield from log.read(connection, query)


def _word(name: str) -> sa.ColumnElement[str]:
    return TABLE.c.event[name].astext


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _moment(field: str, given: Any, whole_day: timedelta) -> str:
    text = str(given or "").strip()
    if not text:
        return ""
    try:
        if len(text) == 10:
            moment = datetime.combine(date.fromisoformat(text), datetime.min.time(), BEIJING) + whole_day
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)
        return moment.astimezone(BEIJING).isoformat(timespec="microseconds")
    except (ValueError, OverflowError) as error:
        raise MomentRefused(field=field) from error
