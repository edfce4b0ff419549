"""The portal that the drill's source is read from: pages of a JSON list, slow enough to be interrupted, and files."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from urllib.parse import parse_qs, urlsplit

from benchmarks.drills.crashing.catalogue import Item

PAGE_SIZE = 50
PAUSE = 0.03  # seconds before each page


class Portal:
    """Serves the records that were offered last. `served` counts the pages since somebody began with the first."""

    def __init__(self) -> None:
        self.url = ""
        self.served = 0
        self._items: list[Item] = []
        self._files: dict[str, bytes] = {}

    @property
    def pages(self) -> int:
        return -(-len(self._items) // PAGE_SIZE)

    def offer(self, items: Iterable[Item]) -> None:
        """Hold these from now on."""
        self._items = list(items)
        self._files = {each.file: each.content for each in self._items if each.file}
        self.served = 0

    def page(self, number: int) -> bytes:
        """One page, from 1."""
        time.sleep(PAUSE)
        self.served = 1 if number == 1 else self.served + 1
        start = (number - 1) * PAGE_SIZE
        rows = [each.shown(f"{self.url}/files") for each in self._items[start : start + PAGE_SIZE]]
        return json.dumps({"data": {"total": len(self._items), "rows": rows}}, ensure_ascii=False).encode()

    def file(self, name: str) -> bytes | None:
        return self._files.get(name)


@contextmanager
def served() -> Generator[Portal]:
    """The portal on a free port of the loopback."""
    portal = Portal()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/catalogs":
                number = int(parse_qs(parts.query)["pageNum"][0])
                self._answer(portal.page(number), "application/json;charset=utf-8")
            else:
                self._answer(portal.file(PurePosixPath(parts.path).name), "text/csv;charset=utf-8")

        def _answer(self, body: bytes | None, media_type: str) -> None:
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            """Nothing per request."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A reader that was killed hangs up: that is what the drill is for."""

    with Quiet(("127.0.0.1", 0), Handler) as server:
        portal.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield portal
        finally:
            server.shutdown()
