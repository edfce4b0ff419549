"""Real database servers on this machine's loopback: ordinary processes in a scratch folder, gone after the test."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stack import identity, services

PATIENCE = 90.0  # seconds in which a server must answer, on a busy machine
PASSWORD = "eine 'schwierige\" Parole; --"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder that the services' account owns."""
    folder = Path(tempfile.mkdtemp(prefix="govcn-database-", dir="/var/tmp"))
    try:
        identity.service_owner().take(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _running(command: Sequence[str], environment: Mapping[str, str], ready: Callable[[], Any]) -> Iterator[None]:
    process = subprocess.Popen(
        identity.bound_to_parent(list(command), "KILL"), env=dict(environment), cwd="/",
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        ends = time.monotonic() + PATIENCE
        while True:
            try:
                ready()
                break
            except Exception:
                if time.monotonic() > ends or process.poll() is not None:
                    raise
                time.sleep(0.2)
        yield
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()


@contextlib.contextmanager
def postgresql() -> Iterator[tuple[int, Callable[[str], None]]]:
    """The platform's own PostgreSQL: its port, and how an administrator says something there."""
    import psycopg2

    environment = services.child_environment()
    with scratch() as folder:
        passwords, cluster, port = folder / "password", folder / "cluster", free_port()
        passwords.write_text(PASSWORD)
        identity.service_owner().take(passwords)
        made = [
            services.postgres_program("initdb"), "--pgdata", str(cluster), "--username=root_of_test", "--no-sync",
            f"--pwfile={passwords}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions",
        ]  # fmt: skip
        subprocess.run(identity.unprivileged(made), env=environment, cwd="/", check=True, capture_output=True)
        command = [
            services.postgres_program("postgres"), "-D", str(cluster), "-p", str(port), "-c", "listen_addresses=127.0.0.1",
            "-c", f"unix_socket_directories={folder}", "-c", "fsync=off",
        ]  # fmt: skip

        def say(text: str) -> None:
            with contextlib.closing(
                psycopg2.connect(host="127.0.0.1", port=port, user="root_of_test", password=PASSWORD, dbname="postgres")
            ) as connection:
                connection.autocommit = True
                connection.cursor().execute(text)

        with _running(identity.unprivileged(command), environment, lambda: say("SELECT 1")):
            yield port, say


def mariadb_program() -> str | None:
    """Debian's `mariadb-server`, which the platform does not install."""
    return shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin")


@contextlib.contextmanager
def mariadb() -> Iterator[tuple[int, Callable[[str], None]]]:
    """MariaDB from Debian's package: its port, and how an administrator says something there."""
    import pymysql

    program = mariadb_program()
    assert program
    environment = {"PATH": "/usr/bin:/usr/sbin:/bin:/sbin", "LC_ALL": "C.UTF-8"}
    account = ["--user=root"] if os.geteuid() == 0 else []
    with scratch() as folder:
        data, port, first = folder / "data", free_port(), folder / "first.sql"
        hashed = hashlib.sha1(hashlib.sha1(PASSWORD.encode()).digest()).hexdigest().upper()  # noqa: S324
        first.write_text(
            f"CREATE USER root_of_test@'%' IDENTIFIED BY PASSWORD '*{hashed}';\n"
            "GRANT ALL ON *.* TO root_of_test@'%' WITH GRANT OPTION;\n"
        )
        install = [
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
        ]
        subprocess.run([*install, *account], env=environment, cwd="/", check=True, capture_output=True)
        command = [
            program, "--no-defaults", f"--datadir={data}", f"--socket={folder}/socket", f"--port={port}",
            "--bind-address=127.0.0.1", f"--init-file={first}", "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=32M", "--skip-log-bin", "--skip-name-resolve", f"--pid-file={folder}/pid", *account,
        ]  # fmt: skip

        def say(text: str) -> None:
            with contextlib.closing(
                pymysql.connect(host="127.0.0.1", port=port, user="root_of_test", password=PASSWORD, autocommit=True, charset="utf8mb4",
                                client_flag=1 << 16)
            ) as connection, connection.cursor() as cursor:  # fmt: skip
                cursor.execute(text)
                while cursor.nextset():
                    pass

        with _running(command, environment, lambda: say("SELECT 1")):
            yield port, say
