"""A whole platform, started and stopped by ./govcn as a person does, in a folder with a difficult name."""

import http.client
import json
import os
import signal
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stack import credentials, ports, throwaway
from stack.services import child_environment, postgres_program

ROOT = Path(__file__).resolve().parents[3]
DIFFICULT = "50% 'a' \"b\" " + "/".join("公共数据开放平台的数据目录" * 4 for _ in range(3))  # 156 Chinese characters
LIMIT = 60.0


def govcn(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([ROOT / "govcn", *arguments], capture_output=True, text=True, check=False)


class Portal:
    def __init__(self, data: str, port: int) -> None:
        self.data, self.port = data, port

    def up(self) -> dict:
        done = govcn("up", "--detach", "--empty", "--json", "--data", self.data, "--port", str(self.port))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def status(self) -> dict:
        return json.loads(govcn("status", "--json", "--data", self.data).stdout)

    def service(self, name: str) -> dict:
        return next(service for service in self.status()["services"] if service["name"] == name)

    def await_ready(self, also: Callable[[], bool] = lambda: True) -> None:
        limit = time.monotonic() + LIMIT
        while not (also() and self.status()["ready"]):
            assert time.monotonic() < limit, self.status()
            time.sleep(0.3)

    def get(self, path: str, host: str = "127.0.0.1") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(host, self.port, timeout=30)
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()

    @property
    def runtime(self) -> Path:
        return Path(json.loads((Path(self.data) / "state.json").read_text())["ini"]).parent


@pytest.fixture(scope="module")
def portal():
    with throwaway.data_folder() as parent:
        parent.path.mkdir(mode=0o755)
        found = Portal(str(parent.path / DIFFICULT), ports.free_port())
        first = found.up()
        assert first["admin"]["name"] == "admin"
        assert len(first["admin"]["password"]) >= 12
        try:
            yield found
        finally:
            govcn("down", "--data", found.data)


def test_answers_on_both_loopback_addresses(portal):
    for host in ports.loopback_addresses():
        assert portal.get("/api/3/action/status_show", host)[0] == 200


def test_status_lists_the_services(portal):
    known = portal.status()
    assert known["running"]
    assert known["ready"]
    names = [service["name"] for service in known["services"]]
    assert names == ["postgres", "valkey", "solr", "web", "worker", "indexer", "jobs"]


@pytest.mark.parametrize("name", ["valkey", "worker", "web", "postgres"])
def test_a_service_that_dies_is_started_again(portal, name):
    portal.await_ready()
    before = portal.service(name)
    os.kill(before["pid"], signal.SIGKILL)
    portal.await_ready(lambda: portal.service(name)["restarts"] > before["restarts"])
    after = portal.service(name)
    assert after["restarts"] == before["restarts"] + 1
    assert after["pid"] not in (None, before["pid"])
    assert portal.get("/api/3/action/package_search")[0] == 200


def test_solr_answers_nobody_without_the_password(portal):
    ini = (portal.runtime / "govcn.ini").read_text()
    port = int(next(line for line in ini.splitlines() if line.startswith("solr_url")).split(":")[2].split("/")[0])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/solr/ckan/select?q=*:*")
    assert connection.getresponse().status == 401


def test_postgres_wants_a_password_on_its_socket(portal):
    command = [postgres_program("psql"), "-w", "-h", str(portal.runtime), "-U", "postgres", "-c", "select 1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=child_environment())
    assert done.returncode != 0
    assert "password" in done.stderr


def test_what_others_of_the_machine_can_see_holds_no_secret(portal):
    for folder in (Path(portal.data), portal.runtime):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in (Path(portal.data) / "secrets.json", portal.runtime / "govcn.ini"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    known = credentials.load_or_create(Path(portal.data) / "secrets.json")
    secrets = [known.postgres, known.ckan_database, known.datastore_database, known.solr, known.session_key]
    for service in portal.status()["services"]:
        command_line = Path(f"/proc/{service['pid']}/cmdline").read_text()
        assert not [secret for secret in secrets if secret in command_line]


def test_services_do_not_run_as_root(portal):
    for service in portal.status()["services"]:
        assert Path(f"/proc/{service['pid']}").stat().st_uid != 0


def test_up_again_keeps_data_and_shows_no_password(portal):
    assert govcn("ckan", "--data", portal.data, "config", "declaration", "--help").returncode == 0
    assert govcn("down", "--data", portal.data).returncode == 0
    assert portal.status()["running"] is False
    assert not portal.runtime.exists()
    again = portal.up()
    assert again["admin"] is None
    assert json.loads(portal.get("/api/3/action/user_show?id=admin")[1])["success"] in (True, False)
    assert "admin" in govcn("ckan", "--data", portal.data, "user", "list").stdout


def test_a_port_in_use_is_one_sentence(portal):
    with throwaway.data_folder() as other:
        done = govcn("up", "--detach", "--empty", "--json", "--data", str(other.path), "--port", str(portal.port))
        assert done.returncode == 1
        assert json.loads(done.stdout)["error"]["kind"] == "PortInUse"
        assert len(done.stderr.strip().splitlines()) == 1
        assert not other.path.exists()
