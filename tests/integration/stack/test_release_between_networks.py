"""发布包 between two whole platforms that share no network: each in a network namespace of its own, on the same port.

Between them lie two folders, and a file is copied from one to the other as the 网闸 or a disk does it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stack import ports, throwaway

ROOT = Path(__file__).resolve().parents[3]
LOOPBACK_UP = """
import fcntl, socket, struct, sys, time
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14s", b"lo", 0x41, b""))  # SIOCSIFFLAGS: up, running
print("ready", flush=True)
sys.stdin.read()
"""


class Network:
    """A network namespace that lasts as long as this object: nothing in it but its own loopback."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        rights = [] if os.geteuid() == 0 else ["--map-current-user", "--keep-caps"]
        command = ["unshare", "--net", *rights, sys.executable, "-c", LOOPBACK_UP]
        self._holder = stack.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
        stack.callback(self._holder.terminate)
        assert self._holder.stdout
        if self._holder.stdout.readline() != "ready\n":
            pytest.skip("this account may not make network namespaces")

    @property
    def enter(self) -> list[str]:
        rights = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        return ["nsenter", "--target", str(self._holder.pid), "--net", *rights]


class Instance:
    """One platform in its own network, and the folder through which files come and go."""

    def __init__(self, stack: contextlib.ExitStack, port: int) -> None:
        self.port, self.network = port, Network(stack)
        self.data = stack.enter_context(throwaway.data_folder()).path
        self.exchange = self.data.parent / "exchange"
        for folder in (self.exchange, self.exchange / "in", self.exchange / "out"):
            folder.mkdir()
            folder.chmod(0o777)  # the services' account writes here, whoever that is
        stack.callback(self.down)

    def run(self, *arguments: str, fails: bool = False) -> Any:
        """The command's JSON."""
        command = [*self.network.enter, str(ROOT / "govcn"), *arguments, "--data", str(self.data), "--json"]
        environment = os.environ | {"GOVCN_CONFIG": str(self.config)} if self.config.exists() else None
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert bool(done.returncode) is fails, f"{arguments}: {done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)

    @property
    def config(self) -> Path:
        return self.exchange / "config"

    def up(self, *options: str) -> None:
        self.run("up", "--detach", "--port", str(self.port), *options)

    def down(self) -> None:
        subprocess.run([str(ROOT / "govcn"), "down", "--data", str(self.data)], capture_output=True, check=False)

    def reaches(self, port: int) -> bool:
        command = [*self.network.enter, sys.executable, "-c"]
        program = f"import socket; socket.create_connection(('127.0.0.1', {port}), 3)"
        return subprocess.run([*command, program], capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def stack() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as entered:
        yield entered


@pytest.fixture(scope="module")
def instances(stack: contextlib.ExitStack) -> tuple[Instance, Instance]:
    """The internal and the public instance, each with the other's public key."""
    if not (shutil.which("unshare") and shutil.which("nsenter")):
        pytest.skip("unshare and nsenter are not on this machine")
    port = ports.free_port()
    internal, public = Instance(stack, port), Instance(stack, port)
    internal.up()
    assert not public.reaches(port)
    public.up("--empty")
    assert internal.run("ckan", "govcn", "zone", "--set", "internal")["enforced"] == "internal"
    assert public.run("ckan", "govcn", "zone", "--set", "public")["enforced"] == "public"
    sender, receiver = (each.run("ckan", "govcn-keys", "show-public") for each in (internal, public))
    source = {
        "protocol": "release",
        "path": "in",
        "profile": "portal",
        "providers": "create",
        "sender": {"site": sender["site"], "keys": [sender["public_key"]], "receipts": "out"},
    }
    (public.exchange / "neiwang.yaml").write_text(yaml.safe_dump(source))
    internal.config.mkdir()
    receivers = {"receivers": {receiver["site"]: receiver["public_key"]}}
    (internal.config / "release.yaml").write_text(yaml.safe_dump(receivers))
    return internal, public


def carry(given: str | Path, folder: Path) -> Path:
    """The 网闸: one file, one way."""
    target = folder / Path(given).name
    shutil.copyfile(given, target)
    target.chmod(0o644)
    return target


def send(internal: Instance, public: Instance, *options: str) -> dict[str, Any]:
    done = internal.run("release", "export", "--output", str(internal.exchange / "out"), *options)
    carry(done["file"], public.exchange / "in")
    return done


def take(public: Instance, *, fails: bool = False) -> dict[str, Any]:
    return public.run("harvest", "run", str(public.exchange / "neiwang.yaml"), fails=fails)


def confirm(internal: Instance, public: Instance, sent: dict[str, Any], ending: str = "receipt.json") -> dict[str, Any]:
    name = f"{sent['site']}-{sent['number']:06}.{ending}"
    receipt = carry(public.exchange / "out" / name, internal.exchange / "in")
    internal.run("release", "receipt", str(receipt))
    return next(each for each in internal.run("release", "list")["sent"] if each["number"] == sent["number"])


def runs(internal: Instance) -> dict[str, int]:
    return {each["name"]: each["run"] for each in internal.run("harvest", "list")["sources"] if each["run"]}


def test_two_networks_and_a_file(instances: tuple[Instance, Instance]) -> None:
    internal, public = instances

    # a first package, and its confirmation
    first = send(internal, public)
    assert (first["number"], first["full"]) == (1, True)
    assert first["entries"]["count"] > 40
    assert first["files"]["count"] > 40
    report = take(public)
    assert (report["state"], report["added"], report["refused"]) == ("finished", first["entries"]["count"], 0)
    assert confirm(internal, public, first)["state"] == "confirmed"
    assert public.run("check")["differences"] == []
    assert internal.run("release", "export")["number"] is None

    # a backup of the public instance, made as operators make it
    public.down()
    backup = public.data.with_name("backup")
    shutil.copytree(public.data, backup, symlinks=True)
    _same_owner(public.data, backup)
    public.up("--empty")

    # differences: what one source had brought is taken back
    undone = internal.run("harvest", "undo", str(runs(internal)["shili-tongji"]))
    second = send(internal, public)
    assert (second["number"], second["full"], second["entries"]["count"]) == (2, False, 0)
    withdrawn = second["withdrawals"]["count"]
    assert 0 < withdrawn <= undone["withdrawn"]  # what was never public was never sent
    report = take(public)
    assert (report["removed"], report["waiting"]) == (withdrawn, 0)
    assert confirm(internal, public, second)["counts"]["withdrawals"] == withdrawn

    # a replay, and a forged package
    assert take(public)["removed"] == 0
    forged = bytearray(Path(first["file"]).read_bytes())
    forged[-2000] ^= 1
    (public.exchange / "in" / "forged.tar").write_bytes(forged)
    assert take(public)["removed"] == 0
    (public.exchange / "in" / "forged.tar").unlink()

    # the public instance goes back to yesterday's backup
    public.down()
    shutil.rmtree(public.data)
    backup.rename(public.data)
    public.up("--empty")
    for path in (public.exchange / "in").glob("*.tar"):
        path.unlink()
    internal.run("harvest", "undo", str(runs(internal)["shili-jiaotong"]))
    third = send(internal, public)
    refused = take(public, fails=True)
    assert refused["state"] == "failed"
    assert "缺少第 2 号发布包" in refused["error"]
    assert confirm(internal, public, third, "refused.receipt.json")["state"] == "failed"
    full = send(internal, public, "--full")
    report = take(public)
    assert report["state"] == "finished"
    assert report["removed"] == withdrawn + third["withdrawals"]["count"]
    assert confirm(internal, public, full)["state"] == "confirmed"
    assert public.run("check")["differences"] == []
    assert public.run("release", "list")["taken"][0]["number"] == full["number"]


def _same_owner(folder: Path, copy: Path) -> None:
    """A copy made by root belongs to the services' account, as the original does."""
    if os.geteuid() == 0:
        for path in [folder, *folder.rglob("*")]:
            found = path.lstat()
            os.chown(copy / path.relative_to(folder), found.st_uid, found.st_gid, follow_symlinks=False)
