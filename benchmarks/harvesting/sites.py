"""The platforms that are harvested into, and the process inside each that harvests.

Ours is what `./govcn up` starts. Stock CKAN has PostgreSQL, Valkey and Solr of the same kind and settings, a database
and a core of its own with CKAN's own schema, and no plugin of ours.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from configparser import RawConfigParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

import psycopg2

from benchmarks.harvesting.usage import Peak, cpu_seconds
from stack import configuration, credentials, environment, lifecycle, solr_home, throwaway
from stack.identity import service_owner, unprivileged
from stack.output import progress
from stack.project import ROOT, DataFolder
from stack.services import child_environment, ckan_environment, run
from stack.state import State

HERE = Path(__file__).parent
PATIENCE = 600.0  # seconds until what was written must answer in a search
LOOK_EVERY = 0.1
PLUGINS = "activity harvest ckan_harvester"
_direct = build_opener(ProxyHandler({}))


class DriverFailed(Exception):  # noqa: N818
    """The process that harvests ended; its last words are above."""


class Driver:
    """A process that harvests, started and with CKAN loaded before anything is timed."""

    def __init__(self, command: list[str], ini: Path) -> None:
        self.process = subprocess.Popen(
            unprivileged(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=child_environment(ckan_environment(ini)),
        )
        self.ask()

    def ask(self, **task: Any) -> dict[str, Any]:
        """Have something done; the process's answer."""
        if self.process.stdin is None or self.process.stdout is None:
            raise DriverFailed
        if task:
            self.process.stdin.write(json.dumps(task) + "\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise DriverFailed
        return json.loads(line)

    def end(self) -> None:
        """Nothing more is to be done."""
        if self.process.stdin:
            self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        self.process.kill()

    @contextlib.contextmanager
    def watched(self) -> Iterator[Peak]:
        """Its memory while something is done."""
        with Peak(self.process.pid) as peak:
            yield peak


class Ours:
    """Our platform, empty."""

    def __init__(self, url: str, data: DataFolder, state: State) -> None:
        self.url, self.data = url, data
        self.ini = Path(state.ini)
        self._services = {each.name: each.pid for each in state.services if each.pid}

    @contextlib.contextmanager
    def driver(self) -> Iterator[Driver]:
        """A fresh process that harvests."""
        python = str(environment.python())
        driver = Driver([python, "-m", "benchmarks.harvesting.driver_ours", str(self.ini)], self.ini)
        try:
            yield driver
        finally:
            driver.end()

    def cpu(self) -> dict[str, float]:
        """Processor seconds of each service so far."""
        return {name: cpu_seconds([pid]) for name, pid in self._services.items()}

    def counted(self, expected: int, **query: str) -> None:
        """Wait until so many datasets answer to anybody in `package_search`."""
        url = f"{self.url}/api/3/action/package_search?{urlencode({'rows': 0, **query})}"
        limit = time.monotonic() + PATIENCE
        found = -1
        while found != expected:
            if time.monotonic() > limit:
                raise SystemExit(f"package_search: {found} ≠ {expected} ({query})")
            with _direct.open(url) as answer:
                found = json.load(answer)["result"]["count"]
            if found != expected:
                time.sleep(LOOK_EVERY)


@contextlib.contextmanager
def ours() -> Iterator[Ours]:
    """Start and remove our platform."""
    progress("启动本平台", "Starting our platform")
    with throwaway.portal(demo=False) as up:
        data = DataFolder(Path(up["data"]))
        yield Ours(up["url"], data, lifecycle.require_running(data))


class Stock:
    """A stock CKAN with ckanext-harvest; `source` is the id of its one source."""

    def __init__(self, python: Path, ini: Path) -> None:
        self.python, self.ini, self.source = python, ini, ""

    @contextlib.contextmanager
    def driver(self) -> Iterator[Driver]:
        """A fresh process that harvests."""
        driver = Driver([str(self.python), str(HERE / "driver_stock.py"), str(self.ini)], self.ini)
        try:
            yield driver
        finally:
            driver.end()


@contextlib.contextmanager
def stock(url: str) -> Iterator[Stock]:
    """Start and remove a stock CKAN with a source at `url`."""
    progress("启动对照的 CKAN", "Starting the stock CKAN")
    python = environment.beside("benchmark")
    with throwaway.data_folder() as data:
        data.create()
        _make_core(data.solr / "stock", python)
        state = lifecycle.start(data, None, bound=True)
        ini = _configure(data, Path(state.ini))
        command = unprivileged([str(python), str(python.with_name("ckan")), "--config", str(ini), "db", "upgrade"])
        run(command, ckan_environment(ini))
        site = Stock(python, ini)
        with site.driver() as driver:
            site.source = driver.ask(do="prepare", url=url)["source"]
        yield site


def _make_core(core: Path, python: Path) -> None:
    """A core with the schema that stock CKAN brings."""
    shutil.copytree(HERE / "stock" / "conf", core / "conf")
    schema = next(python.parent.parent.glob("lib/python3*/site-packages/ckan/config/solr/schema.xml"))
    shutil.copyfile(schema, core / "conf" / "schema.xml")
    for name in ("protwords.txt", "synonyms.txt", "stopwords.txt"):
        (core / "conf" / name).touch()
    (core / "core.properties").write_text("name=stock\n")
    for path in (core, *core.rglob("*")):
        service_owner().take(path)


def _configure(data: DataFolder, platform_ini: Path) -> Path:
    """A database of its own and the ini of a CKAN as it comes."""
    known = credentials.load_or_create(data.secrets)
    runtime = platform_ini.parent
    connection = psycopg2.connect(host=str(runtime), user="postgres", password=known.postgres, dbname="postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE stock OWNER ckan TEMPLATE template0")
    connection.close()
    parser = RawConfigParser(strict=False)
    parser.read(platform_ini)
    given = {key: value.replace("%%", "%") for key, value in parser["app:main"].items()}
    addresses = configuration.Addresses(runtime, 0, None)
    values = {
        "SECRET_KEY": known.session_key,
        "ckan.site_url": "http://localhost:5000",
        "ckan.site_id": "stock",
        "ckan.plugins": PLUGINS,
        "sqlalchemy.url": addresses.database_url("ckan", known.ckan_database, "stock"),
        "ckan.redis.url": given["ckan.redis.url"],
        "solr_url": given["solr_url"].rpartition("/")[0] + "/stock",
        "solr_user": solr_home.USER,
        "solr_password": known.solr,
        "ckan.storage_path": str(data.files),
    }
    path = runtime / "stock.ini"
    path.touch(mode=0o600)
    service_owner().take(path)
    lines = [f"{key} = {value.replace('%', '%%')}" for key, value in values.items()]
    path.write_text("\n".join(["[app:main]", "use = egg:ckan", *lines, LOGGING]), encoding="utf-8")
    return path


LOGGING = """
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = generic
[logger_root]
level = ERROR
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = NOTSET
formatter = generic
[formatter_generic]
format = %(asctime)s %(levelname)-5.5s [%(name)s] %(message)s
"""
