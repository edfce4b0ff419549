"""Our platform seen from outside: its services, the harvest's jobs, the datasets and the index's documents."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from configparser import RawConfigParser
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import psycopg2
import psycopg2.extras
import sqlalchemy as sa
from ckanext.govcn.harvest import jobs
from sqlalchemy.orm import Session

from benchmarks.drills.crashing.differences import Dataset, Document, Wanted
from stack import lifecycle, state
from stack.project import ROOT, DataFolder

LOOK = 0.1  # seconds between two looks at something that takes its time
SERVICE_LIMIT = 120.0  # seconds for a service to be there again
_direct = build_opener(ProxyHandler({}))

DATASETS = """
    SELECT p.id, p.extras ->> 'source_name' AS source, p.extras ->> 'source_remote_id' AS remote_id, p.title, p.notes,
           p.extras ->> 'catalog_status' AS status,
           (SELECT string_agg(f.sha256, ' ') FROM resource r JOIN govcn_resource_file f ON f.resource_id = r.id
            WHERE r.package_id = p.id AND r.state = 'active') AS sha256
    FROM package p WHERE p.state <> 'deleted' AND p.type = 'dataset'
"""
ROWS = "SELECT remote_id, package_id FROM govcn_harvest_record WHERE source = %(source)s"
STUCK = """
    SELECT 'run ' || r.id AS what FROM govcn_harvest_run r WHERE r.state = 'running'
      AND NOT EXISTS (SELECT FROM govcn_harvest_job j
                      WHERE j.run_id = r.id AND j.state = 'running' AND j.lease_until > now())
    UNION ALL SELECT 'job ' || j.id FROM govcn_harvest_job j WHERE j.state = 'running' AND j.lease_until < now()
"""
HERE = "SELECT coalesce(max(id), 0) AS run FROM govcn_harvest_run"


class Unanswered(Exception):  # noqa: N818
    """A service did not come back in time."""


class Platform:
    """A running platform of a data folder."""

    def __init__(self, url: str, data: DataFolder) -> None:
        self.url, self.data = url, data
        self.ini = Path(lifecycle.require_running(data).ini)
        parser = RawConfigParser(strict=False)
        parser.read(self.ini)
        self._settings = {key: value.replace("%%", "%") for key, value in parser["app:main"].items()}
        self._connection: Any = None

    # ── services

    def pid(self, service: str) -> int:
        """The service's process now, 0 while it has none."""
        known = state.read(self.data)
        return next((each.pid or 0 for each in known.services if each.name == service), 0) if known else 0

    def jobs_pid(self) -> int:
        """The process that carries out a job, 0 while there is none."""
        with suppress(OSError, ValueError, IndexError):
            worker = self.pid("worker")
            return int(Path(f"/proc/{worker}/task/{worker}/children").read_text().split()[0])
        return 0

    def signal(self, service: str, number: signal.Signals) -> bool:
        """Send a service's process a signal; False where it has no process now."""
        with suppress(ProcessLookupError):
            if pid := self.pid(service):
                os.kill(pid, number)
                return True
        return False

    def await_ready(self, service: str, not_pid: int) -> None:
        """Until the service runs again in another process. Raises Unanswered."""

        def ready() -> bool:
            known = state.read(self.data)
            return known is not None and any(
                each.name == service and each.state == "ready" and each.pid != not_pid for each in known.services
            )

        _await(ready, f"{service} did not come back")

    def supervisor(self, number: signal.Signals) -> None:
        """Send the supervisor a signal: a stopped one starts nothing again."""
        known = state.read(self.data)
        if known:
            os.kill(known.pid, number)

    def flush_valkey(self) -> None:
        """FLUSHALL: whatever is in the queue is gone."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(10)
            connection.connect(str(self.ini.parent / "valkey.sock"))
            connection.sendall(b"FLUSHALL\r\n")
            if not connection.recv(64).startswith(b"+OK"):
                raise Unanswered("valkey")

    # ── database

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """Ask the database, however often it takes until it answers. Raises Unanswered."""
        limit = time.monotonic() + SERVICE_LIMIT
        while True:
            try:
                if self._connection is None:
                    self._connection = psycopg2.connect(
                        self._settings["sqlalchemy.url"], cursor_factory=psycopg2.extras.NamedTupleCursor
                    )
                    self._connection.autocommit = True
                with self._connection.cursor() as cursor:
                    cursor.execute(statement, values)
                    return cursor.fetchall()
            except psycopg2.OperationalError as error:
                self._connection = None
                if time.monotonic() > limit:
                    raise Unanswered("postgres") from error
                time.sleep(LOOK)

    def ask(self, source: str, file: Path) -> int:
        """Put a harvest in for the worker, as `./govcn harvest run FILE --queue` does; the job's number."""
        engine = sa.create_engine(self._settings["sqlalchemy.url"], poolclass=sa.NullPool)
        with Session(engine) as session, session.begin():
            return jobs.create(session, jobs.Wanted("run", source, {"given": str(file)}, reason="command"))

    def latest_run(self) -> int:
        return self.rows(HERE)[0].run

    def datasets(self) -> list[Dataset]:
        """Every dataset that is not deleted, with what it says."""
        return [
            Dataset(
                row.id,
                row.source or "",
                row.remote_id or "",
                Wanted(row.title, row.notes, row.sha256 or ""),
                row.status == "withdrawn",
            )
            for row in self.rows(DATASETS)
        ]

    def records(self, source: str) -> dict[str, str]:
        """The harvest's records of a source: remote id → id of its dataset."""
        return {row.remote_id: row.package_id for row in self.rows(ROWS, source=source)}

    def stuck(self) -> list[str]:
        """Jobs and runs that are "running" and that no living lease holds."""
        return [row.what for row in self.rows(STUCK)]

    # ── index

    def documents(self) -> list[Document] | None:
        """Every dataset's document that a search finds; None while Solr does not answer."""
        found = self._solr(q="*:*", fq="+entity_type:package", fl="id,title,notes", rows="1000000", timeAllowed="-1")
        if found is None:
            return None
        return [Document(each["id"], each["title"], each.get("notes", "")) for each in found["response"]["docs"]]

    def solr_answers(self) -> bool:
        return self._solr(q="*:*", rows="0") is not None

    def _solr(self, **query: str) -> dict[str, Any] | None:
        account = f"{self._settings['solr_user']}:{self._settings['solr_password']}".encode()
        headers = {"Authorization": f"Basic {base64.b64encode(account).decode()}"}
        asked = f"{self._settings['solr_url']}/select?{urlencode(query)}"
        try:
            with _direct.open(Request(asked, headers=headers), timeout=30) as answer:  # noqa: S310 (ours)
                return json.load(answer)
        except OSError:
            return None

    def found_by_anybody(self) -> int:
        """How many datasets `package_search` finds without an account."""
        with _direct.open(f"{self.url}/api/3/action/package_search?rows=0", timeout=60) as answer:
            return json.load(answer)["result"]["count"]

    def check(self) -> dict[str, Any]:
        """`./govcn check --json`."""
        command = [str(ROOT / "govcn"), "check", "--json", "--data", str(self.data.path)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
        return json.loads(done.stdout)


def _await(condition: Callable[[], bool], otherwise: str, limit: float = SERVICE_LIMIT) -> None:
    until = time.monotonic() + limit
    while not condition():
        if time.monotonic() > until:
            raise Unanswered(otherwise)
        time.sleep(LOOK)
