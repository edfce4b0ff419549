"""Ports: is the wanted one free, and which one can an internal service take."""

from __future__ import annotations

import errno
import socket

from stack.exceptions import PortInUse

LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


def loopback_addresses() -> list[str]:
    """The loopback addresses this machine has: IPv4, and IPv6 where it is switched on."""
    return [address for family, address in LOOPBACK.items() if _can_bind(family, address, 0)]


def require_free(port: int) -> None:
    """Raise PortInUse when somebody listens on the port on any address of this machine."""
    for family, address in LOOPBACK.items():
        try:
            with _bound(family, address, port):
                pass
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                continue  # the family is switched off
            raise PortInUse(
                f"端口 {port} 已被占用或无权使用，请用 --port 指定另一个端口。",
                f"Port {port} is in use or not permitted; name another with --port.",
                port=port,
            ) from error


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses now."""
    with _bound(socket.AF_INET, LOOPBACK[socket.AF_INET], 0) as listener:
        return listener.getsockname()[1]


def _bound(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
    except OSError:
        listener.close()
        raise
    return listener


def _can_bind(family: socket.AddressFamily, address: str, port: int) -> bool:
    try:
        with _bound(family, address, port):
            return True
    except OSError:
        return False
