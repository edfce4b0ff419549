"""A folder on an SFTP server (asyncssh). Its host key is pinned in the source's description: any other is an error.

The connection goes to an address that the network rules admit; every step has its time, every file its bytes. The
library bounds a packet to 4 MB; compression is off, so that nothing unpacks into more than came.
"""

from __future__ import annotations

import asyncio
import contextlib
import stat
from collections.abc import Coroutine, Generator, Iterator
from typing import Any, TypeVar

import asyncssh

from harvesters import credentials
from harvesters.directories.walk import Entry, Kind
from harvesters.exceptions import SourceError, SourceRefused, SourceUnreachable
from harvesters.fetch import Fetcher
from harvesters.source import Directory as Described
from harvesters.source import Limits

PORT = 22
CHUNK = 512 * 1024
LISTED = 256  # entries that are asked for at a time

Thing = TypeVar("Thing")


class _Pinned(asyncssh.SSHClient):
    """Takes the host keys that the description names, and remembers one that it does not."""

    def __init__(self, known: tuple[str, ...]) -> None:
        self._known = {_without_comment(key) for key in known}
        self.unknown = ""

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        text = _without_comment(key.export_public_key().decode("ascii"))
        if text in self._known or key.get_fingerprint() in self._known:
            return True
        self.unknown = f"{key.get_algorithm()} {key.get_fingerprint()}"
        return False


def _without_comment(key: str) -> str:
    return " ".join(key.split()[:2])


class SftpDirectory:
    """A `walk.Directory` over an open connection."""

    def __init__(self, where: str, runner: asyncio.Runner, opened: tuple[Any, Any], base: str, limits: Limits) -> None:
        self._where = where
        self._runner = runner
        self._connection, self._client = opened
        self._base = base.rstrip("/") or "."
        self._limits = limits
        self._ends = runner.get_loop().time() + limits.whole

    def entries(self, path: str) -> Iterator[Entry]:
        listing = self._client.scandir(self._at(path))
        while part := self._within(_some(listing)):
            for each in part:
                yield _entry(bytes(each.filename).decode("utf-8", "surrogateescape"), each.attrs)

    def look(self, path: str) -> Entry:
        return _entry(path.rpartition("/")[2], self._within(self._client.lstat(self._at(path))))

    def content(self, path: str, size: int) -> bytes:
        return self._within(self._read(path, size))

    async def _read(self, path: str, size: int) -> bytes:
        held = bytearray()
        async with self._client.open(self._at(path), "rb", encoding=None) as file:
            while len(held) <= size:
                part = await file.read(min(CHUNK, size + 1 - len(held)))
                if not part:
                    break
                held += part
        return bytes(held)

    def _at(self, path: str) -> bytes:
        """The path as the server has it; names that were no UTF-8 go back as they came."""
        given = f"{self._base}/{path}" if path else self._base
        return given.encode("utf-8", "surrogateescape")

    def _within(self, work: Coroutine[Any, Any, Thing]) -> Thing:
        """One step, in its time."""
        left = min(self._limits.seconds, self._ends - self._runner.get_loop().time())
        try:
            return self._runner.run(_timed(work, max(0.0, left)))
        except TimeoutError as error:
            self._connection.abort()  # whatever is still being waited for ends with it
            why = "SFTP 服务器没有在时限内答复"
            raise SourceUnreachable(self._where, why, "the SFTP server did not answer in time") from error
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath, asyncssh.SFTPPermissionDenied) as error:
            why = "文件夹或文件不存在，或没有读取权限。请核对 directory.path 和账号权限。"
            raise SourceRefused(self._where, why, "It does not exist or must not be read.") from error
        except (asyncssh.Error, OSError, ValueError, asyncio.IncompleteReadError) as error:
            raise SourceUnreachable(self._where, "SFTP 连接中断", "the SFTP connection broke off") from error


async def _timed(work: Coroutine[Any, Any, Thing], seconds: float) -> Thing:
    """The result, or TimeoutError at once: what is cancelled may itself wait for the server, and is not waited for."""
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        task.cancel()
        raise TimeoutError
    return task.result()


async def _some(listing: Any) -> list[Any]:
    """The next entries of a listing; none at its end."""
    found: list[Any] = []
    async for each in listing:
        found.append(each)
        if len(found) == LISTED:
            break
    return found


def _entry(name: str, attributes: Any) -> Entry:
    mode = attributes.permissions
    kind: Kind = "other"
    if mode is not None:
        kind = "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "other"
        kind = "link" if stat.S_ISLNK(mode) else kind
    return Entry(name, kind, max(0, attributes.size or 0), float(attributes.mtime or 0))


@contextlib.contextmanager
def opened(where: str, described: Described, fetcher: Fetcher, limits: Limits) -> Generator[SftpDirectory]:
    """The folder of a description. Raises SourceError; an unknown host key's fingerprint is in it."""
    account = credentials.filled(described.account)
    options = _credentials(where, described)
    socket = fetcher.connected(described.host, described.port or PORT)
    socket.setblocking(False)
    pinned = _Pinned(described.host_key)
    with asyncio.Runner() as runner:
        try:
            connection, client = runner.run(
                _timed(_connected(socket, account, pinned, options, limits), limits.connect + limits.silence)
            )
        except Exception as error:  # noqa: BLE001 - a server of nonsense makes the library raise whatever it raises
            socket.close()
            raise _not_connected(where, pinned, error) from None
        try:
            yield SftpDirectory(where, runner, (connection, client), described.path, limits)
        finally:
            connection.abort()
            with contextlib.suppress(Exception):
                runner.run(_timed(connection.wait_closed(), 2))


async def _connected(
    socket: Any, account: str, pinned: _Pinned, options: dict[str, Any], limits: Limits
) -> tuple[Any, Any]:
    connection = await asyncssh.connect(
        sock=socket,
        username=account,
        client_factory=lambda: pinned,
        known_hosts=([], [], []),  # nobody is known but whom `pinned` knows
        config=None,
        agent_path=None,
        compression_algs=None,
        gss_host=None,
        login_timeout=limits.connect + limits.silence,
        **options,
    )
    return connection, await connection.start_sftp_client(path_encoding=None)


def _credentials(where: str, described: Described) -> dict[str, Any]:
    password = credentials.filled(described.password) or None
    if not described.private_key:
        return {"client_keys": None, "password": password}
    try:
        key = asyncssh.import_private_key(credentials.filled(described.private_key), password)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        why = "私钥读不了。请核对内容是否完整；有口令的私钥要写 password。"
        raise SourceRefused(where, why, "The private key cannot be read.") from None
    return {"client_keys": [key], "password": None}


def _not_connected(where: str, pinned: _Pinned, error: Exception) -> SourceError:
    if isinstance(error, SourceError):
        return error
    if pinned.unknown:
        why = f"主机密钥未登记或已改变，对方给出 {pinned.unknown}。请向对方单位核实后写入 directory.host_key。"
        return SourceRefused(where, why, f"Unknown host key {pinned.unknown}. Verify it, then enter it as host_key.")
    if isinstance(error, asyncssh.PermissionDenied):
        return SourceRefused(where, "对方不接受账号、口令或密钥。请核对。", "It does not accept the credentials.")
    late = isinstance(error, TimeoutError)
    why, why_en = ("登录超时", "no login in time") if late else ("SFTP 连接失败", "no SFTP connection")
    return SourceUnreachable(where, why, why_en)
