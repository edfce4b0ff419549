"""SFTP servers on this machine's loopback: asyncssh's in a thread of its own, which tests make misbehave, and OpenSSH's."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh

ACCOUNT, PASSWORD = "exchange", "ein 'Wort\" mit $"


class Server(asyncssh.SSHServer):
    """Lets one account in by password."""

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (ACCOUNT, PASSWORD)


@contextlib.contextmanager
def serving(root: Path, kind: type[asyncssh.SFTPServer] = asyncssh.SFTPServer) -> Iterator[tuple[int, str]]:
    """(port, host key as OpenSSH writes it). `kind`: how the server behaves."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    started = threading.Event()
    ports: list[int] = []

    def factory(channel: Any) -> asyncssh.SFTPServer:
        return kind(channel, chroot=str(root).encode())

    async def start() -> Any:
        server = await asyncssh.create_server(
            Server, "127.0.0.1", 0, server_host_keys=[key], sftp_factory=factory, allow_scp=False
        )
        ports.append(server.sockets[0].getsockname()[1])
        started.set()
        return server

    def serve() -> None:
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(start())
        loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        with contextlib.suppress(Exception):
            loop.run_until_complete(asyncio.wait_for(server.wait_closed(), 2))
        loop.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert started.wait(20)
    try:
        yield ports[0], key.export_public_key().decode().strip()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


@contextlib.contextmanager
def openssh(root: Path) -> Iterator[tuple[int, str, str]]:
    """Debian's sshd as an ordinary process: (port, host key, private key of the account that may log in)."""
    program = shutil.which("sshd", path="/usr/sbin:/usr/bin")
    assert program
    with tempfile.TemporaryDirectory(prefix="govcn-sshd-", dir="/var/tmp") as folder, contextlib.ExitStack() as stack:
        place = Path(folder)
        host, user = asyncssh.generate_private_key("ecdsa-sha2-nistp256"), asyncssh.generate_private_key("ssh-ed25519")
        (place / "host").touch(mode=0o600)
        host.write_private_key(str(place / "host"))
        (place / "allowed").write_bytes(user.export_public_key())
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        (place / "conf").write_text(
            f"Port {port}\nListenAddress 127.0.0.1\nHostKey {place}/host\nAuthorizedKeysFile {place}/allowed\n"
            f"StrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\nPasswordAuthentication no\n"
            f"Subsystem sftp internal-sftp -R -d {root}\n"
        )
        Path("/run/sshd").mkdir(exist_ok=True)
        process = subprocess.Popen([program, "-D", "-e", "-f", str(place / "conf")], stderr=subprocess.DEVNULL)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield port, host.export_public_key().decode().strip(), user.export_private_key().decode()
