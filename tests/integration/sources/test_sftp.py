"""A folder on an SFTP server as a source: a real server on the loopback, and servers that mean harm."""

from __future__ import annotations

import getpass
import ipaddress
import itertools
import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from contracts import sftp
from contracts.servers import RawServer
from contracts.sftp import ACCOUNT, PASSWORD, serving

from harvesters.exceptions import RecordError, SourceError, SourceRefused, SourceUnreachable, UnreadableRecord
from harvesters.extract import records_from
from harvesters.extract.directory import files_now
from harvesters.fetch import Fetcher
from harvesters.networks import Networks
from harvesters.record import Record
from harvesters.source import Source, source_from_yaml

LOOPBACK = Networks({"本机": (ipaddress.ip_network("127.0.0.0/8"),)})
CSV = "信息资源名称,提供方,更新周期\n公共厕所信息{n},示例市民政局,每年\n停车场信息{n},示例市民政局,每年\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MZJ_ACCOUNT", ACCOUNT)
    monkeypatch.setenv("MZJ_PASSWORD", PASSWORD)
    below = tmp_path / "root" / "out" / "2026"
    below.mkdir(parents=True)
    (below.parent / "一.csv").write_text(CSV.format(n=1), "utf-8")
    (below / "二.csv").write_text(CSV.format(n=2), "gb18030")
    return tmp_path / "root"


def source(
    root: Path, port: int, key: str = "", more: str = "", limits: str = "{seconds: 10, silence: 5, rate: 0}"
) -> Source:
    pinned = f'host_key: "{key}"' if key else ""
    path = root.parent / "mulu.yaml"
    path.write_text(
        f"""
name: mulu
protocol: sftp
profile: portal
providers: create
allow_networks: [本机]
limits: {limits}
directory:
  host: 127.0.0.1
  port: {port}
  account: ${{MZJ_ACCOUNT}}
  {more or "password: ${MZJ_PASSWORD}"}
  {pinned}
  path: out
  settle: 0
""",
        "utf-8",
    )
    return source_from_yaml(path)


def fetcher_of(described: Source) -> Fetcher:
    return Fetcher(described, networks=LOOPBACK)


def extracted(described: Source) -> list[Record | RecordError]:
    return list(records_from(described, fetcher_of(described)))


def titles(found: list[Record | RecordError]) -> list[str]:
    return [str(each.raw["信息资源名称"]) for each in found if isinstance(each, Record)]


TITLES = ["公共厕所信息2", "停车场信息2", "公共厕所信息1", "停车场信息1"]


def test_files_become_records_with_their_places(root: Path) -> None:
    with serving(root) as (port, key):
        described = source(root, port, key)
        fetcher = fetcher_of(described)
        got = list(records_from(described, fetcher))
        now = files_now(described, fetcher_of(described))
    assert titles(got) == TITLES
    assert [r.place.file for r in got if isinstance(r, Record)][1:3] == ["2026/二.csv", "一.csv"]
    assert now == sorted(fetcher.trail.stamps.values(), key=lambda stamp: stamp.what)
    assert not fetcher.trail.remarks


def test_openssh_with_a_key(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not shutil.which("sshd", path="/usr/sbin:/usr/bin"):
        pytest.skip("OpenSSH's server is not installed (Debian: openssh-server)")
    with sftp.openssh(root) as (port, key, private):
        monkeypatch.setenv("MZJ_ACCOUNT", getpass.getuser())
        monkeypatch.setenv("MZJ_KEY", private)
        assert titles(extracted(source(root, port, key, more="private_key: ${MZJ_KEY}"))) == TITLES


@pytest.mark.parametrize("pinned", ["", "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"])
def test_an_unknown_host_key_is_an_error_that_names_it(root: Path, pinned: str) -> None:
    with serving(root) as (port, key), pytest.raises(SourceRefused, match="主机密钥") as caught:
        extracted(source(root, port, pinned))
    fingerprint = asyncssh.import_public_key(key).get_fingerprint()
    assert fingerprint in caught.value.message
    assert fingerprint in caught.value.message_en
    with serving(root) as (port, _), pytest.raises(SourceRefused, match="主机密钥"):
        extracted(source(root, port, key))  # the same address with another key


def test_the_fingerprint_of_the_error_is_what_to_write_down(root: Path) -> None:
    with serving(root) as (port, key):
        assert titles(extracted(source(root, port, asyncssh.import_public_key(key).get_fingerprint()))) == TITLES


def test_a_wrong_password_is_told_without_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MZJ_PASSWORD", "falsche-parole")
    with serving(root) as (port, key), pytest.raises(SourceRefused, match="不接受账号") as caught:
        extracted(source(root, port, key))
    assert "parole" not in caught.value.message + repr(source(root, port, key))
    assert ACCOUNT not in caught.value.message


def test_inside_networks_stay_closed_until_they_are_named(root: Path) -> None:
    with serving(root) as (port, key):
        path = root.parent / "mulu.yaml"
        source(root, port, key)
        path.write_text(path.read_text("utf-8").replace("allow_networks: [本机]", ""), "utf-8")
        with pytest.raises(SourceRefused, match="allow_networks"):
            extracted(source_from_yaml(path))


def test_a_folder_that_is_not_there(root: Path) -> None:
    shutil.rmtree(root / "out")
    with serving(root) as (port, key), pytest.raises(SourceRefused, match="不存在"):
        extracted(source(root, port, key))


def test_links_are_not_followed(root: Path) -> None:
    (root / "secret.csv").write_text(CSV.format(n="秘密"), "utf-8")
    (root / "out" / "link.csv").symlink_to(root / "secret.csv")
    (root / "out" / "away").symlink_to(root)
    with serving(root) as (port, key):
        got = extracted(source(root, port, key))
    assert titles(got) == TITLES
    assert [e.place.file for e in got if isinstance(e, UnreadableRecord)] == ["link.csv"]


# ── servers that mean harm


def named(name: bytes, size: int = 10, mode: int = stat.S_IFREG | 0o644) -> asyncssh.SFTPName:
    return asyncssh.SFTPName(name, attrs=asyncssh.SFTPAttrs(size=size, permissions=mode, mtime=1, atime=1))


class Odd(asyncssh.SFTPServer):
    """Lists names that lead elsewhere."""

    async def scandir(self, path: bytes) -> Any:
        for name in (
            b"../../../etc/passwd.csv",
            b"/etc/passwd.csv",
            b"a\x00.csv",
            b"\x1b[2Ja.csv",
            b"\xff\xfe.csv",
            b"x" * 300 + b".csv",
        ):
            yield named(name)


class Crowded(asyncssh.SFTPServer):
    """Lists a million files."""

    listed = 0

    async def scandir(self, path: bytes) -> Any:
        for n in range(1_000_000):
            Crowded.listed += 1
            yield named(b"%d.csv" % n)


class Bottomless(asyncssh.SFTPServer):
    """Each folder holds a folder."""

    async def scandir(self, path: bytes) -> Any:
        yield named(b"d", mode=stat.S_IFDIR | 0o755)


class Endless(asyncssh.SFTPServer):
    """A file that is said to be small and never ends."""

    async def scandir(self, path: bytes) -> Any:
        yield named(b"a.csv", size=1000)

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        return b"x" * size

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        return object()

    def close(self, file_obj: object) -> None:
        """Nothing is open."""

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return asyncssh.SFTPAttrs(size=1000, permissions=stat.S_IFREG | 0o644, mtime=1, atime=1)


class Huge(Endless):
    """A file that is as large as it says."""

    async def scandir(self, path: bytes) -> Any:
        yield named(b"a.csv", size=10 << 30)


class Sleeping(asyncssh.SFTPServer):
    """Never answers."""

    async def scandir(self, path: bytes) -> Any:
        import asyncio

        await asyncio.sleep(3600)
        yield named(b"a.csv")


HARM = [
    (Odd, None, "文件名"),
    (Crowded, SourceRefused, "个文件"),
    (Bottomless, SourceRefused, "层"),
    (Endless, None, ""),
    (Huge, SourceRefused, "合计超过"),
    (Sleeping, SourceUnreachable, "时限"),
]


@pytest.mark.parametrize(("kind", "error", "says"), HARM, ids=[kind.__name__ for kind, _, _ in HARM])
def test_servers_that_mean_harm_are_left(
    root: Path, kind: type[Any], error: type[SourceError] | None, says: str
) -> None:
    started = time.monotonic()
    with serving(root, kind) as (port, key):
        described = source(root, port, key, limits="{seconds: 3, silence: 3, rate: 0}")
        fetcher = fetcher_of(described)
        if error is None:
            got = list(records_from(described, fetcher)) if kind is Endless else _odd(described, fetcher)
            assert not any(isinstance(each, Record) for each in got)
            assert all(says in each.message for each in got if isinstance(each, RecordError))
            assert fetcher.trail.whole is (kind is Odd)
        else:
            with pytest.raises(error, match=says):
                list(records_from(described, fetcher))
    assert time.monotonic() - started < 60
    assert Crowded.listed < 20_000


def _odd(described: Source, fetcher: Fetcher) -> list[RecordError]:
    """Every name is refused, so that there is no file at all in the end."""
    found: list[RecordError] = []
    with pytest.raises(SourceRefused, match="没有目录文件"):
        found.extend(each for each in records_from(described, fetcher) if isinstance(each, RecordError))
    return found


def _says(text: bytes) -> Any:
    def say(connection: Any) -> None:
        try:
            while True:
                connection.sendall(text)
                if not text:
                    time.sleep(0.2)
        except OSError:
            return

    return say


@pytest.mark.parametrize("text", [b"", b"x" * 65536, b"SSH-2.0-x\r\n" + b"\x00\x00\xff\xff" * 9000, b"line\r\n" * 9000], ids=["silent", "noise", "nonsense", "banner"])  # fmt: skip
def test_servers_that_speak_no_ssh_are_left(root: Path, text: bytes) -> None:
    with RawServer(lambda _head, _connection: None) as raw:
        raw._talk = _says(text)  # type: ignore[method-assign]
        described = source(root, raw.port, "SHA256:x", limits="{connect: 2, silence: 1, seconds: 2, rate: 0}")
        started = time.monotonic()
        with pytest.raises(SourceError):
            extracted(described)
        assert time.monotonic() - started < 20


PEAK = """
import ipaddress, sys
from pathlib import Path
from harvesters.exceptions import HarvestError
from harvesters.extract import records_from
from harvesters.fetch import Fetcher
from harvesters.networks import Networks
from harvesters.source import source_from_yaml
source = source_from_yaml(Path(sys.argv[1]))
networks = Networks({"本机": (ipaddress.ip_network("127.0.0.0/8"),)})
try:
    for _ in records_from(source, Fetcher(source, networks=networks)):
        pass
except HarvestError as error:
    print(type(error).__name__, end=" ")
# ru_maxrss would count what the process was a copy of before it became this one
print(next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) // 1024)
"""


@pytest.mark.parametrize("kind", [Crowded, Endless], ids=["a million files", "a file without end"])
def test_memory_of_a_process_that_meets_them(root: Path, kind: type[Any]) -> None:
    place = Path(__file__).resolve().parents[3]
    with serving(root, kind) as (port, key):
        source(root, port, key)
        done = subprocess.run(
            [sys.executable, "-c", PEAK, str(root.parent / "mulu.yaml")], capture_output=True, text=True, timeout=120, check=True,
            env={**os.environ, "PYTHONPATH": f"{place}:{place}/ckanext-govcn"},
        )  # fmt: skip
    assert int(done.stdout.split()[-1]) < 200


def test_others_are_not_held_up(root: Path) -> None:
    with serving(root, Sleeping) as (bad, bad_key), serving(root) as (good, good_key):
        first = source(root, bad, bad_key, limits="{seconds: 1, silence: 1, rate: 0}")
        second = source(root, good, good_key)
        with pytest.raises(SourceUnreachable):
            extracted(first)
        assert titles(extracted(second)) == TITLES


def test_a_reading_can_be_left_at_any_record(root: Path) -> None:
    with serving(root) as (port, key):
        described = source(root, port, key)
        assert len(list(itertools.islice(records_from(described, fetcher_of(described)), 1))) == 1
