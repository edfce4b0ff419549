"""The indexer that lives: two lanes, woken by the database's NOTIFY and by the clock.

The urgent lane has a thread of its own, so that an entry that is closed leaves the index at once, whatever waits.
"""

# pyright: basic
from __future__ import annotations

import logging
import os
import select
import socket
import threading
from collections.abc import Callable
from typing import Any

import psycopg2
from ckan import model
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ckanext.govcn.index import outbox
from ckanext.govcn.index.indexer import BATCH, Indexer

log = logging.getLogger(__name__)

LOOK = 5.0  # seconds between two looks when nobody notifies; also the heartbeat
LONGEST_PAUSE = 10.0  # seconds between two attempts while the index or the database is away
URGENT_BATCH = 50


class Bell:
    """PostgreSQL's LISTEN on a connection of its own."""

    def __init__(self) -> None:
        self._connection: Any = None

    def wait(self, seconds: float) -> None:
        """Until something was noted, or the time is over."""
        if self._connection is None:
            self._connection = model.ensure_engine().connect().execution_options(isolation_level="AUTOCOMMIT")
            self._connection.execute(text("LISTEN govcn_index"))
        raw = self._connection.connection.dbapi_connection
        try:
            if not raw.notifies and select.select([raw], [], [], seconds)[0]:
                raw.poll()
        except (psycopg2.Error, ValueError) as error:  # a connection that is gone has no socket
            raise ConnectionError(str(error)) from error
        raw.notifies.clear()

    def close(self) -> None:
        """Let the connection go; the next wait makes a new one."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
        self._connection = None


class Lane:
    """One of the two: drains, waits for the bell, backs off while Solr or PostgreSQL is away."""

    def __init__(self, stop: threading.Event, *, urgent: bool) -> None:
        self._stop = stop
        self._urgent = urgent
        self._name = f"{socket.gethostname()}-{os.getpid()}-{'urgent' if urgent else 'all'}"
        self._bell = Bell()
        self._pause = 0.0

    def run(self) -> None:
        """Until told to stop."""
        while not self._stop.is_set():
            try:
                self._round()
            except (SQLAlchemyError, OSError) as error:
                log.warning("数据库暂不可用 (the database does not answer): %s", type(error).__name__)
                self._bell.close()
                self._back_off()
        self._leave()

    def _round(self) -> None:
        indexer = Indexer(URGENT_BATCH if self._urgent else BATCH, after_batch=self._beat)
        try:
            indexer.drain(urgent=self._urgent, stop=self._stop.is_set)
        finally:
            indexer.end()
        self._beat(indexer.error)
        if indexer.error:
            self._back_off()
        else:
            self._pause = 0.0
            self._bell.wait(LOOK)

    def _beat(self, error: str = "") -> None:
        outbox.seen(self._name, socket.gethostname(), os.getpid(), error)

    def _back_off(self) -> None:
        self._pause = min(max(0.5, self._pause * 2), LONGEST_PAUSE)
        self._stop.wait(self._pause)

    def _leave(self) -> None:
        try:
            outbox.gone(self._name)
        except SQLAlchemyError:
            log.warning("数据库暂不可用 (the database does not answer)")
        self._bell.close()


def watch(stop: threading.Event, in_thread: Callable[[Callable[[], None]], None]) -> None:
    """Both lanes until `stop`, or until one of them fails: then the process ends, and the supervisor starts it again.

    `in_thread` gives a thread what CKAN needs (its application's context).
    """

    def urgently() -> None:
        try:
            in_thread(Lane(stop, urgent=True).run)
        finally:
            stop.set()

    urgent = threading.Thread(target=urgently, name="govcn-urgent", daemon=True)
    urgent.start()
    Lane(stop, urgent=False).run()
    urgent.join(LONGEST_PAUSE)
