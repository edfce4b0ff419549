"""The virtual environment: pinned packages with hashes, then the project itself in place.

`.venv` is a link to `.cache/venv/<key>`; the key is the lock's and the Python's. A new environment is complete before
the link points to it, so an interrupted installation leaves the old one working or none at all.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stack.exceptions import InstallFailed, PythonUnsuitable
from stack.output import progress
from stack.project import CACHE, LOCK, ROOT, VENV, require_space

SPACE_NEEDED = 1_500 * 2**20  # bytes: packages, jars and pip's temporary files
INSTALL_LOG = CACHE / "install.log"


def python() -> Path:
    """The environment's interpreter."""
    return VENV / "bin" / "python"


def prepare(*kinds: str) -> None:
    """Make the environment hold the locks of these kinds (`run`, `test`) and the project.

    Takes a fraction of a second when nothing changed. Raises DiskFull, PythonUnsuitable, InstallFailed.
    """
    CACHE.mkdir(exist_ok=True)
    with _one_at_a_time():
        folder = CACHE / "venv" / _key()
        if not (folder / "installed-run").exists():
            require_space(CACHE, SPACE_NEEDED)
            try:
                _create(folder)
                _install(folder, "run")
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
        _point_to(folder)
        for kind in kinds:
            if _stamp(folder, kind) != _digest(_lock(kind)):
                require_space(CACHE, SPACE_NEEDED)
                _install(folder, kind)
        _install_project(folder)


def beside(kind: str) -> Path:
    """An environment of its own below `.cache`, with nothing in it but the lock of this kind; returns its interpreter.

    For what must not share the platform's packages: a benchmark's opponents.
    """
    CACHE.mkdir(exist_ok=True)
    version = ".".join(map(str, sys.version_info[:3]))
    folder = CACHE / "beside" / f"{kind}-{version}-{_digest(_lock(kind), _lock('build'))}"
    with _one_at_a_time():
        if not (folder / f"installed-{kind}").exists():
            require_space(CACHE, SPACE_NEEDED)
            try:
                _create(folder)
                _install(folder, kind)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
        for other in folder.parent.glob(f"{kind}-*"):
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)
    return folder / "bin" / "python"


def _lock(kind: str) -> Path:
    return LOCK / f"{kind}.txt"


def _key() -> str:
    version = ".".join(map(str, sys.version_info[:3]))
    # the interpreter behind an activated environment: ./govcn must find the same one from inside its own .venv
    return f"{version}-{_digest(_lock('run'), extra=f'{sys.base_prefix}/bin/python3')}"


def _digest(*paths: Path, extra: str = "") -> str:
    digest = hashlib.sha256(extra.encode())
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _stamp(folder: Path, kind: str) -> str:
    stamp = folder / f"installed-{kind}"
    return stamp.read_text() if stamp.exists() else ""


def _write_stamp(folder: Path, kind: str, value: str) -> None:
    unfinished = folder / f"installed-{kind}.new"
    unfinished.write_text(value)
    unfinished.replace(folder / f"installed-{kind}")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with (CACHE / "install.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _create(folder: Path) -> None:
    progress("创建 Python 环境", "Creating the Python environment")
    shutil.rmtree(folder, ignore_errors=True)
    made = subprocess.run([_interpreter(), "-m", "venv", folder], capture_output=True, text=True, check=False)
    if made.returncode:
        raise PythonUnsuitable(
            "Python 缺少 venv 模块，请先安装（Debian：python3-venv）。",
            "This Python lacks venv; install it first (Debian: python3-venv).",
            version=sys.version,
        )


def _interpreter() -> str:
    """The machine's own Python, also when this one is an environment's."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    own = Path(sys.base_prefix) / "bin" / version
    return str(own) if own.exists() else sys.executable


def _install(folder: Path, kind: str) -> None:
    progress("安装锁定的依赖包", f"Installing the locked packages ({kind})")
    if kind != "test":  # a few packages are published as sources only and are built with the pinned tools
        _pip(folder, "--require-hashes", "--only-binary", ":all:", "-r", str(LOCK / "build.txt"))
    _pip(folder, "--require-hashes", "--no-build-isolation", "-r", str(_lock(kind)))
    _write_stamp(folder, kind, _digest(_lock(kind)))


def _install_project(folder: Path) -> None:
    state = _digest(ROOT / "pyproject.toml", ROOT / "setup.py", extra=str(ROOT))
    if _stamp(folder, "project") != state:
        progress("安装本项目", "Installing the project itself")
        _pip(folder, "--no-build-isolation", "--editable", str(ROOT))
        _write_stamp(folder, "project", state)


def _pip(folder: Path, *arguments: str) -> None:
    command = [
        str(folder / "bin" / "python"), "-m", "pip", "install",
        "--disable-pip-version-check", "--no-input", "--no-deps", *arguments,
    ]  # fmt: skip
    with INSTALL_LOG.open("a") as log:
        code = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT, check=False).returncode
    if code:
        raise InstallFailed(
            "安装依赖包失败：软件源不可达或缺少所需版本，请检查网络、代理或 PIP_INDEX_URL 后重试；"
            f"详情见 {INSTALL_LOG}。",
            "Packages could not be installed: the registry is unreachable or lacks a version. "
            f"Check network, proxy or PIP_INDEX_URL and try again; details in {INSTALL_LOG}.",
            log=INSTALL_LOG,
        )


def _point_to(folder: Path) -> None:
    if VENV.is_symlink() and VENV.resolve() == folder.resolve():
        return
    if VENV.exists() and not VENV.is_symlink():
        raise PythonUnsuitable(
            f"{VENV} 不是本程序创建的，请移走后重试。",
            f"{VENV} was not made by this program; move it away and try again.",
            version=sys.version,
        )
    before = VENV.resolve()
    new = VENV.with_name(f".venv-{os.getpid()}")
    new.symlink_to(folder.relative_to(ROOT))
    new.replace(VENV)
    for other in folder.parent.iterdir():
        if other not in (folder, before):  # a running platform may still live in the one before
            shutil.rmtree(other, ignore_errors=True)
