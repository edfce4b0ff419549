"""The log in the database, and its heads in a file beside it.

A line is written in a transaction of its own, so that it stays when what it tells of is undone. One writer at a time:
each needs the digest of the line before. Triggers refuse every change of the table; whoever can switch them off cannot
sign heads.
"""

from __future__ import annotations

import json
import logging
import os
import pwd
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from sqlalchemy.dialects.postgresql import JSONB

from ckanext.govcn.audit.chain import Check, Event, Fault, Head, Line, next_line
from ckanext.govcn.signing import site
from ckanext.govcn.signing.envelopes import Context, canonical, open_sealed, seal
from ckanext.govcn.signing.exceptions import SignatureError, SigningError

logger = logging.getLogger(__name__)

FOLDER = "ckanext.govcn.audit.folder"
SEAL_SECONDS = "ckanext.govcn.audit.seal_seconds"
LOCK = 7_411_205
TOGETHER = 2000  # lines read at a time
LONGEST_HEAD = 4096
HEADS_READ = 100
DELIVERIES = ("data.download", "data.interface")
"""Events of answers that may carry data under a grant."""

# not in CKAN's metadata: what CKAN empties between tests, this table refuses
TABLE = sa.Table(
    "govcn_audit",
    sa.MetaData(),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("at", sa.Text),
    sa.Column("event", JSONB),
    sa.Column("previous", sa.Text),
    sa.Column("suite", sa.Text),
    sa.Column("digest", sa.Text),
)


def write(event: Event) -> Line:
    """Add one line, durably, and sign the head when the last signature is older than the configured time."""
    with model.ensure_engine().begin() as connection:
        lock(connection)
        (line,) = append(connection, [event])
    seal_when_due()
    return line


def lock(connection: sa.Connection) -> None:
    """Be the only writer until the transaction ends."""
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})


def append(connection: sa.Connection, events: Sequence[Event]) -> list[Line]:
    """Add lines in the caller's transaction, which holds the lock."""
    last, lines = _last(connection), list[Line]()
    for event in events:
        line = next_line(event, last, datetime.now(UTC), site.suite().name)
        lines.append(line)
        last = Head(line.number, line.digest)
    if lines:
        connection.execute(sa.insert(TABLE), [asdict(line) for line in lines])
    return lines


def seal_when_due() -> None:
    """Sign the head when the last signature is older than the configured time; what fails is logged."""
    if _seal_is_due():
        try:
            seal_head()
        except (SigningError, OSError):
            logger.exception("审计日志的链头未能签名 (the head of the audit log could not be signed)")


def operator() -> str:
    """Who runs a command: the account of the machine, as `who` of an event."""
    try:
        name = os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    return f"account:{name}"


def seal_head() -> Head | None:
    """Sign where the chain ends now and add it to the file of heads; None when there are no lines or nothing is new."""
    with model.ensure_engine().begin() as connection:
        lock(connection)
        last = _last(connection)
        signed, _ = _signed_head()
        if last is None or last == signed:
            return None
        key = site.signing_key()
        said = {"number": last.number, "digest": last.digest, "site": site.key_folder().site_id}
        _append(seal(key, Context.AUDIT_HEAD, canonical(said | {"at": datetime.now(UTC).isoformat()})))
        return last


def verify() -> tuple[Check, list[Fault]]:
    """Go along the whole log. What is right: `Check.lines`, `Check.last`, `Check.head`; what is wrong: the faults."""
    head, faults = _signed_head()
    check = Check(head)
    with model.ensure_engine().connect() as connection:
        faults.extend(check.faults(_lines(connection)))
    return check, faults


def delivered(grant: str, number: int | None = None) -> Line | None:
    """The last line of an answer that carried data under a grant, or line `number` if it is one."""
    event = TABLE.c.event
    query = sa.select(TABLE).where(
        event["event"].astext.in_(DELIVERIES),
        event["grant"].astext == grant,
        event["outcome"].astext == "granted",
        event["bytes"].astext != "0",
    )
    if number is not None:
        query = query.where(TABLE.c.number == number)
    with model.ensure_engine().connect() as connection:
        row = connection.execute(query.order_by(TABLE.c.number.desc()).limit(1)).first()
    return _line(row) if row is not None else None


def heads_file() -> Path:
    """Where heads are kept. Copies elsewhere make the log safe from whoever can write here."""
    configured = tk.config.get(FOLDER)
    return (Path(configured) if configured else Path(tk.config["ckan.storage_path"]) / "govcn-audit") / "heads.ndjson"


def _last(connection: sa.Connection) -> Head | None:
    row = connection.execute(sa.select(TABLE.c.number, TABLE.c.digest).order_by(TABLE.c.number.desc()).limit(1)).first()
    return Head(row.number, row.digest) if row else None


def _lines(connection: sa.Connection) -> Iterator[Line]:
    return read(connection, sa.select(TABLE).order_by(TABLE.c.number))


def read(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[Line]:
    """The lines of a query of `TABLE`; memory does not grow with them."""
    for row in connection.execution_options(yield_per=TOGETHER).execute(query):
        yield _line(row)


def _line(row: Any) -> Line:
    return Line(row.number, row.at, _event(row.event), row.previous, row.suite, row.digest)


def _event(stored: Any) -> Event:
    """The event as stored; one that somebody changed beyond recognition is none, and its line is found altered."""
    try:
        return Event(**stored)
    except TypeError:
        return Event("")


def _signed_head() -> tuple[Head | None, list[Fault]]:
    """The last head that is signed by one of the site's keys, and those behind it that are not."""
    trusted = site.key_folder().public_keys()
    own = site.key_folder().site_id if trusted else ""
    faults: list[Fault] = []
    for number, envelope in reversed(_latest_envelopes()):
        try:
            said = json.loads(open_sealed(envelope, Context.AUDIT_HEAD, trusted).payload)
            if said["site"] == own:
                return Head(said["number"], said["digest"]), faults
        except (SignatureError, ValueError, KeyError, TypeError):
            pass
        zh = f"链头文件第 {number} 行不可信：被改动，或来自别处。请用异地保存的副本核对。"
        faults.append(Fault("head", number, number, zh, f"Line {number} of the heads is not to be believed."))
    return None, faults


def _latest_envelopes() -> list[tuple[int, bytes]]:
    """The last lines of the file of heads, with their numbers."""
    try:
        with heads_file().open("rb") as stream:
            lines = iter(lambda: stream.readline(LONGEST_HEAD), b"")
            return list(deque(enumerate((line.rstrip(b"\n") for line in lines), start=1), maxlen=HEADS_READ))
    except FileNotFoundError:
        return []


def _append(envelope: bytes) -> None:
    path = heads_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as stream:
        stream.write(envelope + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def _seal_is_due() -> bool:
    try:
        age = time.time() - heads_file().stat().st_mtime
    except FileNotFoundError:
        return True
    return age >= float(tk.config.get(SEAL_SECONDS) or 60)
