"""A CKAN portal's API on the loopback: `package_search` with `fq`, `sort`, `rows` and `start`, and what else
harvesters ask for. Its state is set by `POST /state`: how many records it has, which edition of them, which are gone.

Runs as a process of its own (`python -m benchmarks.harvesting.server FILE`) and prints its port.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks.harvesting.records import CREATED, EDITION, ID, MODIFIED, NUMBER, RESOURCE, TAG

MOST = 1_000  # rows of one answer, as CKAN's `ckan.search.rows_max`
CHANGED_EVERY, GONE_EVERY = 5, 10
FIRST_TAG, SECOND_TAG = "基准首版", "基准二版"
SECOND_EDITION = "（第二版：补充了说明。）"
_SINCE = re.compile(r"\+?metadata_modified:\[(\S+?)Z? TO \*\]")
_WORD = re.compile(r"([+-]?)(id|name|organization|owner_org|type|dataset_type|state):\"?([\w-]+)\"?")


@dataclass
class Portal:
    """`count` records, copies of `lines`; `edition` 2 has every fifth one changed, `gone` every tenth one missing."""

    lines: list[bytes]
    count: int = 0
    edition: int = 1
    gone: bool = False
    changed_at: str = CREATED
    found: dict[str, list[int]] = field(default_factory=dict[str, list[int]])

    def set(self, state: dict[str, Any]) -> None:
        """Take a new state; what is changed is changed now."""
        self.count = state.get("count", self.count)
        self.gone = state.get("gone", self.gone)
        if state.get("edition", self.edition) != self.edition:
            self.edition = state["edition"]
            self.changed_at = datetime.now(UTC).replace(tzinfo=None).isoformat()
        self.found = {}

    def search(self, query: dict[str, list[str]]) -> bytes:
        """The body of a `package_search`. Raises ValueError for what this portal does not understand."""
        start, rows = (int(query.get(name, [default])[0]) for name, default in (("start", "0"), ("rows", "10")))
        if query.get("sort", ["id asc"])[0] not in {"id asc", "metadata_created asc, id asc"}:
            raise ValueError("sort")
        numbers = self._numbers(" ".join(query.get("fq", [])))
        page = b", ".join(self.record(number) for number in numbers[start : start + min(rows, MOST)])
        head = b'{"success": true, "result": {"count": %d, "sort": "id asc", "facets": {}, "results": [' % len(numbers)
        return head + page + b'], "search_facets": {}}}'

    def record(self, number: int) -> bytes:
        """One dataset. Ids rise with the numbers, so that both orders that are asked for are the same."""
        second = self._is_changed(number)
        line = self.lines[number % len(self.lines)]
        for mark, text in (
            (ID, identifier(number)),
            (RESOURCE, identifier(number, of_resource=True)),
            (NUMBER, f"{number:07d}"),
            (MODIFIED, self.changed_at if second else CREATED),
            (EDITION, SECOND_EDITION if second else ""),
            (TAG, SECOND_TAG if second else FIRST_TAG),
        ):
            line = line.replace(mark.encode(), text.encode())
        return line

    def _is_changed(self, number: int) -> bool:
        return self.edition > 1 and number % CHANGED_EVERY == 0

    def _numbers(self, fq: str) -> list[int]:
        found = self.found.get(fq)
        if found is None:
            tests = list(self._tests(fq))
            numbers = (n for n in range(self.count) if not (self.gone and n % GONE_EVERY == GONE_EVERY - 1))
            found = self.found[fq] = [n for n in numbers if all(test(n) for test in tests)]
        return found

    def _tests(self, fq: str) -> list[Callable[[int], bool]]:
        tests: list[Callable[[int], bool]] = []
        rest = fq
        if since := _SINCE.search(rest):
            tests.append(lambda n: (self.changed_at if self._is_changed(n) else CREATED) >= since[1])
            rest = rest.replace(since[0], " ")
        for sign, name, value in _WORD.findall(rest):
            tests.append(lambda n, s=sign, k=name, v=value: _is(k, v, n) != (s == "-"))
        if _WORD.sub("", rest).strip():
            raise ValueError("fq")
        return tests


def _is(name: str, value: str, number: int) -> bool:
    own = {"id": identifier(number), "name": f"record-{number:07d}", "state": "active"}
    return own.get(name, {"organization": "organization", "owner_org": "organization"}.get(name, "dataset")) == value


def identifier(number: int, *, of_resource: bool = False) -> str:
    """The id of a record, or of its resource: a UUID that rises with its number. CKAN takes no other ids."""
    return f"{number:08x}-0000-4000-{'9' if of_resource else '8'}000-{number:012x}"


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with connections that stay open."""

    protocol_version = "HTTP/1.1"
    portal: Portal

    def do_GET(self) -> None:
        """CKAN's actions."""
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        action = parts.path.rpartition("/")[2]
        try:
            if action == "package_search":
                self._answer(self.portal.search(query))
            elif action == "package_show" and (number := int(query["id"][0][:8], 16)) < self.portal.count:
                self._answer(b'{"success": true, "result": ' + self.portal.record(number) + b"}")
            else:
                self._answer(b'{"success": false, "error": {"message": "Not found"}}', 404)
        except (ValueError, KeyError, IndexError) as error:
            said = {"success": False, "error": {"message": f"Search error: {error}"}}
            self._answer(json.dumps(said).encode(), 409)

    def do_POST(self) -> None:
        """The benchmark says what the portal holds from now on."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.portal.set(json.loads(body))
        self._answer(b"{}")

    def _answer(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json;charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing per request."""


def main() -> None:
    """Serve the lines of a file until ended."""
    Handler.portal = Portal(Path(sys.argv[1]).read_bytes().splitlines())
    Handler.wbufsize = -1  # head and body in one packet
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
