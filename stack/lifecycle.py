"""Starting, stopping and asking a platform, as the commands do it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from stack import environment, jars, ports, state
from stack.exceptions import NotRunning, ServiceFailed
from stack.identity import bound_to_parent, unprivileged
from stack.output import progress
from stack.project import ROOT, DataFolder, require_space
from stack.services import child_environment, ckan_command, ckan_environment
from stack.state import State

SPACE_NEEDED = 500 * 2**20  # bytes in the data folder: database, index and their logs
START_LIMIT = 400.0  # seconds until the platform is ready, migrations of the first start included
STOP_LIMIT = 150.0


def start(data: DataFolder, port: int | None, *, bound: bool = False) -> State:
    """Set up what is missing, start the supervisor and wait until everything is ready.

    Without a port only PostgreSQL, Valkey and Solr are started. `bound`: all end with this process, however it ends.
    Raises StackError.
    """
    if port and not state.running(data):
        ports.require_free(port)
    environment.prepare("run")
    jars.prepare()
    if state.running(data):
        return _await_ready(data)
    require_space(data.path, SPACE_NEEDED)
    data.create()
    data.state.unlink(missing_ok=True)
    progress("启动服务", "Starting the services")
    command = [str(environment.python()), "-m", "stack.supervisor", "--data", str(data.path)]
    if port:
        command += ["--port", str(port)]
    if bound:
        command = bound_to_parent(command, "TERM")
    log_path = data.logs / "supervisor.log"
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            unprivileged(command, reaching=[environment.python(), ROOT / "govcn", data.path]),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=child_environment(),
            start_new_session=True,
        )
    try:
        return _await_ready(data, process)
    except BaseException:
        if process.poll() is None:
            process.terminate()
            process.wait(STOP_LIMIT)
        raise


def stop(data: DataFolder) -> bool:
    """Stop the platform of this folder; False when it was not running."""
    known = state.read(data)
    if not state.running(data) or known is None:
        return False
    os.kill(known.pid, signal.SIGTERM)
    limit = time.monotonic() + STOP_LIMIT
    while state.running(data):
        if time.monotonic() > limit:
            raise ServiceFailed(
                f"平台在 {STOP_LIMIT:.0f} 秒内没有停止，请查看 {data.logs}。",
                f"The platform did not stop within {STOP_LIMIT:.0f} s; see {data.logs}.",
                service="supervisor",
                log=data.logs,
            )
        time.sleep(0.1)
    return True


def require_running(data: DataFolder) -> State:
    """The state of the running platform. Raises NotRunning."""
    known = state.read(data)
    if known is None or not state.running(data):
        raise NotRunning(data.path)
    return known


def ckan(data: DataFolder, *arguments: str) -> int:
    """Run CKAN's command line against the running platform; returns its exit code."""
    ini = Path(require_running(data).ini)
    return subprocess.run(
        unprivileged(ckan_command(ini, *arguments)), env=child_environment(ckan_environment(ini)), check=False
    ).returncode


def _await_ready(data: DataFolder, process: subprocess.Popen[bytes] | None = None) -> State:
    limit = time.monotonic() + START_LIMIT
    phase = ""
    while time.monotonic() < limit:
        known = state.read(data)
        if known and known.phase != phase:
            phase = known.phase
            if phase == "ready":
                return known
            if phase == "migrating":
                progress("更新数据库结构", "Migrating the database")
        if process and process.poll() is not None:
            break
        time.sleep(0.1)
    known = state.read(data)
    error = (known and known.error) or {
        "zh": f"平台启动失败，详情见 {data.logs}。",
        "en": f"The platform did not start; see {data.logs}.",
    }
    raise ServiceFailed(error["zh"], error["en"], service="supervisor", log=data.logs)
