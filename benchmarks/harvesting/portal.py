"""The portal that is harvested from: a process of its own that serves the records, and its source's description."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from stack.project import ROOT

_direct = build_opener(ProxyHandler({}))
SOURCE = """\
name: bench-harvest
title: 性能测试
protocol: ckan
url: {url}
profile: portal
providers: create
region: "990100"
level: 无条件开放
allow_private: true
limits: {{rate: 0}}
release:
  kind: already_public
  basis: 性能测试
"""


class Portal:
    """The portal that all read from."""

    def __init__(self, url: str, pid: int) -> None:
        self.url, self.pid = url, pid

    def set(self, **state: Any) -> None:
        """What it holds from now on: `count`, `edition`, `gone`."""
        with _direct.open(Request(f"{self.url}/state", json.dumps(state).encode())) as answer:  # noqa: S310 (ours)
            answer.read()


@contextmanager
def served(lines: Sequence[bytes]) -> Iterator[Portal]:
    """Start and end a portal with these records (`records.lines`)."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # noqa: S108
        path = Path(folder) / "records.jsonl"
        path.write_bytes(b"\n".join(lines))
        server = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.harvesting.server", str(path)],
            stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        try:
            port = server.stdout.readline().strip() if server.stdout else ""
            yield Portal(f"http://127.0.0.1:{port}", server.pid)
        finally:
            server.terminate()
            server.wait()


@contextmanager
def described(portal: Portal) -> Iterator[str]:
    """The source's description, readable for the platform's account."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # noqa: S108
        Path(folder).chmod(0o755)
        path = Path(folder) / "bench-harvest.yaml"
        path.write_text(SOURCE.format(url=portal.url), encoding="utf-8")
        yield str(path)
