"""Starts the services in order, starts again what dies, and stops all when told to.

Runs as its own process (`python -m stack.supervisor`) under the services' account and tells what happens through
`<data>/state.json`.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from stack import configuration, credentials, migrate, ports, services
from stack.exceptions import ServiceFailed, StackError
from stack.identity import bound_to_parent
from stack.project import DataFolder
from stack.services import Platform, Service
from stack.state import ServiceState, State

START_LIMIT = 180.0  # seconds for a service to become ready; crash recovery of a large database takes its time
LONGEST_PAUSE = 30.0  # seconds between two attempts to start a service that keeps dying
STEADY = 60.0  # seconds after which a death counts as the first again
POLL = 0.2
BACKING = (services.postgres, services.valkey, services.solr)
LARGEST_LOG = 50 * 2**20
LOG_CHECK = 60.0


class Keeper:
    """Keeps one service alive."""

    def __init__(self, service: Service, log: Path) -> None:
        self.service = service
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self.state = ServiceState(service.name, "stopped")
        self.deaths = 0
        self.started = 0.0
        self.next_start = 0.0

    def start(self) -> None:
        """Start the process; its output goes to the service's log."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                bound_to_parent(self.service.command, self.service.stop_signal.name.removeprefix("SIG")),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.service.folder,
                env=services.child_environment(self.service.environment),
                start_new_session=True,
            )
        self.started = time.monotonic()
        self.state.state = "starting"
        self.state.pid = self.process.pid

    def dead(self) -> bool:
        """Whether the process has ended."""
        return self.process is None or self.process.poll() is not None

    def look_after(self) -> bool:
        """One round: note readiness, restart after a death. Returns whether the state changed."""
        before = (self.state.state, self.state.pid)
        if self.state.state == "restarting":
            if time.monotonic() >= self.next_start:
                self.state.restarts += 1
                self.start()
        elif self.dead():
            self.deaths = 1 if time.monotonic() - self.started > STEADY else self.deaths + 1
            self.next_start = time.monotonic() + min(0.5 * 2 ** (self.deaths - 1), LONGEST_PAUSE)
            self.state.state, self.state.pid = "restarting", None
            self._end_group()
        elif self.state.state == "starting" and self.service.ready():
            self.state.state = "ready"
        return (self.state.state, self.state.pid) != before

    def stop(self) -> None:
        """Ask the process to end."""
        if not self.dead() and self.process:
            self.process.send_signal(self.service.stop_signal)

    def await_end(self) -> None:
        """Wait for the end, and make it hard after the service's patience."""
        if self.process:
            try:
                self.process.wait(self.service.patience)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self._end_group()
        self.state.state, self.state.pid = "stopped", None

    def _end_group(self) -> None:
        """End what the dead process left behind (gunicorn's workers, a job in its own process)."""
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


class Supervisor:
    """The whole platform, or without a port (for tests) its database, queue and index alone."""

    def __init__(self, data: DataFolder, runtime: Path, port: int | None) -> None:
        self.data = data
        self.stopping = False
        addresses = configuration.Addresses(runtime, ports.free_port(), port)
        known = credentials.load_or_create(data.secrets)
        values = configuration.settings(data, addresses, known)
        base = "ckan.ini" if port else "test.ini"
        ini = configuration.write_ini(runtime, "govcn.ini", base, values)
        self.platform = Platform(data, addresses, known, ini)
        self.keepers: list[Keeper] = []
        self.state = State(
            phase="starting",
            pid=os.getpid(),
            started=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            ini=str(ini),
            url=addresses.site_url if port else None,
        )

    def run(self) -> None:
        """Start, watch until told to stop, stop. Raises StackError when the start fails."""
        try:
            self._start(*BACKING)
            services.create_databases(self.platform)
            if self.platform.addresses.web_port:
                self._tell("migrating")
                migrate.when_needed(self.platform)
                self._make_site_key()
                self._start(services.web, services.worker, services.indexer, services.jobs)
            self._tell("ready")
            self._watch()
        except Interrupted:
            pass
        except StackError as error:
            self.state.error = {"zh": error.chinese, "en": error.english}
            raise
        finally:
            self._stop()

    def stop_soon(self, *_: object) -> None:
        """Signal handler."""
        self.stopping = True

    def _start(self, *factories: Callable[[Platform], Service]) -> None:
        new = [self._keeper(factory(self.platform)) for factory in factories]
        for keeper in new:
            self.keepers.append(keeper)
            keeper.start()
        self._tell()
        limit = time.monotonic() + START_LIMIT
        while any(keeper.state.state != "ready" for keeper in new):
            self._round()
            for keeper in new:
                late = keeper.state.state != "ready" and time.monotonic() > limit
                if keeper.deaths > 2 or late:  # noqa: PLR2004
                    raise ServiceFailed(
                        f"服务 {keeper.service.name} 启动失败，详情见 {keeper.log}。",
                        f"The service {keeper.service.name} did not start; see {keeper.log}.",
                        service=keeper.service.name,
                        log=keeper.log,
                    )

    def _keeper(self, service: Service) -> Keeper:
        return Keeper(service, self.data.logs / f"{service.name}.log")

    def _watch(self) -> None:
        logs_checked = time.monotonic()
        while True:
            self._round()
            if time.monotonic() - logs_checked > LOG_CHECK:
                logs_checked = time.monotonic()
                for keeper in self.keepers:
                    shorten(keeper.log)

    def _round(self) -> None:
        if self.stopping:
            raise Interrupted
        changed = [keeper.look_after() for keeper in self.keepers]
        if any(changed):
            self._tell()
        time.sleep(POLL)

    def _stop(self) -> None:
        own, backing = self.keepers[len(BACKING) :], self.keepers[: len(BACKING)]
        for together in (own, backing):  # CKAN's processes first: they still need the others while they end
            for keeper in together:
                keeper.stop()
            for keeper in together:
                keeper.await_end()
        self._tell("failed" if self.state.error else "stopped")

    def _make_site_key(self) -> None:
        """The key this site signs with, made on the first start; the configuration says by which algorithms."""
        if not (self.data.keys / "site.json").exists():
            ini = self.platform.ini
            services.run(services.ckan_command(ini, "govcn-keys", "create"), services.ckan_environment(ini))

    def _tell(self, phase: str | None = None) -> None:
        self.state.phase = phase or self.state.phase
        self.state.services = [keeper.state for keeper in self.keepers]
        self.state.write(self.data.state)


class Interrupted(Exception):  # noqa: N818
    """Somebody asked the supervisor to stop."""


def shorten(log: Path) -> None:
    """Keep one older part of a log that has grown too large; writers append, so emptying it in place is safe."""
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        shutil.copyfile(log, log.with_suffix(".log.1"))
        os.truncate(log, 0)


@contextlib.contextmanager
def runtime_folder() -> Iterator[Path]:
    """A short private folder for the sockets: their paths may not exceed 107 bytes, whatever --data is called."""
    folder = Path(tempfile.mkdtemp(prefix="govcn-", dir="/tmp"))  # noqa: S108 (made with a random name and 0700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Command line of the supervisor process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, help="without it only database, queue and index are started")
    arguments = parser.parse_args()
    os.umask(0o077)
    data = DataFolder(arguments.data)
    with data.lock.open("a") as lock, runtime_folder() as runtime:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0  # another supervisor was quicker
        os.set_inheritable(lock.fileno(), False)
        supervisor = Supervisor(data, runtime, arguments.port)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, supervisor.stop_soon)
        try:
            supervisor.run()
        except StackError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
