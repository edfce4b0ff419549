"""Stacks that exist for one run of tests or measurements, and leave nothing behind."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stack import lifecycle, ports, state
from stack.commands.up import bring_up
from stack.environment import python
from stack.output import progress
from stack.project import CACHE, CONFIG, ROOT, DataFolder
from stack.services import child_environment

KEPT = CACHE / "test-stack"
END_LIMIT = 30.0  # seconds a child gets to end after an interruption


@contextlib.contextmanager
def data_folder() -> Iterator[DataFolder]:
    """A fresh data folder; on the way out its platform is stopped and it is removed, whatever happened."""
    parent = Path(tempfile.mkdtemp(prefix="govcn-test-", dir="/var/tmp"))  # noqa: S108 (random name, 0700)
    parent.chmod(0o711)  # the services' account passes through; what lies below is 0700
    data = DataFolder(parent / "data")
    try:
        yield data
    finally:
        with _uninterrupted():
            lifecycle.stop(data)
            shutil.rmtree(parent, ignore_errors=True)


@contextlib.contextmanager
def portal(*, demo: bool) -> Iterator[dict[str, Any]]:
    """A whole platform on a free port: what `./govcn up --json` prints (url, data, admin, services, harvest)."""
    with data_folder() as data:
        yield bring_up(data, ports.free_port(), demo=demo, bound=True)


@contextlib.contextmanager
def kept_folder() -> Iterator[DataFolder]:
    """The folder of the stack that stays between runs (`./govcn test … --keep`), one run at a time.

    It is made afresh when the configuration of the services changed.
    """
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "test-stack.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("等待另一次测试结束", "Waiting for another test run to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = CACHE / "test-stack.configuration"
        wanted = _configuration()
        if not stamp.exists() or stamp.read_text() != wanted:
            discard_kept()
            stamp.write_text(wanted)
        yield DataFolder(KEPT)


def discard_kept() -> bool:
    """Stop and remove the stack that stays between runs."""
    stopped = lifecycle.stop(DataFolder(KEPT)) if state.running(DataFolder(KEPT)) else False
    shutil.rmtree(KEPT, ignore_errors=True)
    return stopped


def run_python(arguments: list[str], environment: Mapping[str, str] | None = None, *, quiet: bool = False) -> int:
    """Run .venv's Python in the project's folder; on an interruption end it before going on.

    `quiet` sends its output to standard error, so that standard output stays free for JSON.
    """
    process = subprocess.Popen(
        [str(python()), *arguments],
        cwd=ROOT,
        env=child_environment(environment),
        stdout=2 if quiet else None,
    )
    try:
        return process.wait()
    except BaseException:
        with _uninterrupted():
            process.send_signal(signal.SIGINT)
            try:
                process.wait(END_LIMIT)
            except subprocess.TimeoutExpired:
                process.kill()
        raise


def _configuration() -> str:
    digest = hashlib.sha256()
    for folder in (CONFIG / "solr", CONFIG / "stack", ROOT / "stack"):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.read_bytes())
    digest.update((CONFIG / "ckan.ini").read_bytes())
    return digest.hexdigest()


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """A second Ctrl-C does not stop the tidying up."""
    previous = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
