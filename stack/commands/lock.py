"""./govcn lock: resolve pyproject.toml and jars.in again, for x86_64 and aarch64, Python 3.11 to 3.13 (developers).

uv resolves for every platform at once; it lives in an environment of its own and the platform never installs it.
The lock names versions and hashes, never the address of a registry.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from stack import environment
from stack.exceptions import InstallFailed
from stack.output import progress
from stack.project import CACHE, LOCK, ROOT

UV = CACHE / "uv"
PROJECT = ["pyproject.toml", "--extra", "serve"]
LISTS = {
    "run": [*PROJECT, "--extra", "stack"],
    "build": ["stack/lock/build.in"],
    "test": [*PROJECT, "--extra", "stack", "--extra", "test"],
    "benchmark": ["stack/lock/benchmark.in"],
    "container": PROJECT,  # what the image of docker-compose.yml holds
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to renew."""
    parser.add_argument("--upgrade", action="store_true", help="取最新版本 / take the newest versions allowed")
    parser.add_argument("--jars", action="store_true", help="同时解析 Solr 组件 / resolve Solr's jars, too")


def run(options: argparse.Namespace) -> int:
    """Write stack/lock/*.txt."""
    _install_uv()
    for name, wanted in LISTS.items():
        progress(f"锁定 {name}", f"Locking {name}")
        _compile(name, wanted, upgrade=options.upgrade)
    if options.jars:
        progress("锁定 Solr 组件", "Locking Solr's jars")
        environment.prepare("run")
        (LOCK / "jars.txt").write_text(_resolve_jars())
    return 0


def jar_lock(resolved: str) -> str:
    """jgo's own lock (TOML) as lines of coordinate and sha256; native variants of other platforms are left out."""
    dependencies = tomllib.loads(resolved)["dependencies"]
    lines = sorted(
        f"{jar['groupId']}:{jar['artifactId']}:{jar['version']} {jar['sha256']}"
        for jar in dependencies
        if not jar.get("classifier")
    )
    return "\n".join(["# Made by ./govcn lock --jars from jars.in: coordinate and sha256", *lines, ""])


def _install_uv() -> None:
    if (UV / "bin" / "uv").exists():
        return
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["lock"]
    _run([sys.executable, "-m", "venv", str(UV)])
    _run([str(UV / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", *wanted])


def _compile(name: str, wanted: list[str], *, upgrade: bool) -> None:
    command = [
        str(UV / "bin" / "uv"), "pip", "compile", *wanted, "--quiet", "--universal", "--generate-hashes",
        "--python-version", "3.11", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links",
        "--override", str(LOCK / "overrides.txt"), "--output-file", str(LOCK / f"{name}.txt"),
    ]  # fmt: skip
    if name != "run":
        command += ["--constraint", str(LOCK / "run.txt")]
    if upgrade:
        command.append("--upgrade")
    _run(command)


def _resolve_jars() -> str:
    with tempfile.TemporaryDirectory() as folder:
        program = [str(environment.python()), "-m", "jgo", "--resolver", "python", "--ignore-config", "--quiet"]
        places = ["--repo-cache", f"{folder}/repository", "--cache-dir", f"{folder}/cache"]
        _run([*program, *places, "init", "-r", str(LOCK / "jars.in")], Path(folder))
        _run([*program, *places, "lock"], Path(folder))
        return jar_lock((Path(folder) / "jgo.lock.toml").read_text())


def _run(command: list[str], folder: Path = ROOT) -> None:
    done = subprocess.run(command, cwd=folder, stdout=2, check=False)
    if done.returncode:
        raise InstallFailed(
            f"{Path(command[0]).name} 没有完成，详情见上方输出。",
            f"{Path(command[0]).name} did not finish; see the output above.",
            log=None,
        )
