"""Solr's jars from Maven Central, each checked against the sha256 in the lock.

`stack/lock/jars.txt` holds one line per jar: coordinate and sha256. The jars are downloaded by jgo's Maven client (run
in .venv); an own mirror is named by MAVEN_REPOSITORY.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from stack.environment import INSTALL_LOG, python
from stack.exceptions import InstallFailed, LockBroken
from stack.output import progress
from stack.project import CACHE, JARS, LOCK, require_space

SPACE_NEEDED = 300 * 2**20  # bytes: the jars twice, while they are copied
PARALLEL_DOWNLOADS = 8
STAMP = "complete"


@dataclass(frozen=True)
class Jar:
    """One line of the lock."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def filename(self) -> str:
        """Unique within the folder: two groups use the same artifact name."""
        return f"{self.group}.{self.artifact}-{self.version}.jar"


def locked_jars() -> list[Jar]:
    """The lock as it stands in the project."""
    lines = (LOCK / "jars.txt").read_text().splitlines()
    return [_jar(line) for line in lines if line and not line.startswith("#")]


def _jar(line: str) -> Jar:
    coordinate, sha256 = line.split()
    group, artifact, version = coordinate.split(":")
    return Jar(group, artifact, version, sha256)


def prepare() -> None:
    """Make `.cache/jars` hold exactly the locked jars. Raises DiskFull, InstallFailed, LockBroken."""
    wanted = hashlib.sha256(repr(locked_jars()).encode()).hexdigest()
    stamp = JARS / STAMP
    if stamp.exists() and stamp.read_text() == wanted:
        return
    require_space(CACHE, SPACE_NEEDED)
    progress("下载 Solr 组件", "Fetching Solr")
    unfinished = CACHE / f"jars-{os.getpid()}"
    try:
        with INSTALL_LOG.open("a") as log:
            command = [str(python()), "-m", "stack.jars", str(unfinished)]
            done = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, cwd=CACHE.parent, check=False)
        if done.returncode:
            raise InstallFailed(
                "下载 Solr 组件失败：Maven 仓库不可达或内容不符，请检查网络、代理或 MAVEN_REPOSITORY 后重试；"
                f"详情见 {INSTALL_LOG}。",
                "Solr could not be fetched: the Maven repository is unreachable or its content differs from the lock. "
                f"Check network, proxy or MAVEN_REPOSITORY and try again; details in {INSTALL_LOG}.",
                log=INSTALL_LOG,
            )
        (unfinished / STAMP).write_text(wanted)
        shutil.rmtree(JARS, ignore_errors=True)
        unfinished.replace(JARS)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def download(target: Path) -> None:
    """Fetch every locked jar into `target` and check it (runs in .venv)."""
    from jgo.maven import MavenContext  # pyright: ignore[reportMissingImports]

    repository = target / "repository"
    mirror = os.environ.get("MAVEN_REPOSITORY")
    context = MavenContext(repo_cache=repository, remote_repos={"central": mirror} if mirror else None, timeout=120)

    def fetch(jar: Jar) -> None:
        found = context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
        digest = hashlib.sha256(found.read_bytes()).hexdigest()
        if digest != jar.sha256:
            raise LockBroken(
                f"{jar.filename} 的校验和与锁定文件不符。",
                f"{jar.filename} differs from the lock.",
                name=jar.filename,
                expected=jar.sha256,
                found=digest,
            )
        found.replace(target / jar.filename)

    target.mkdir(parents=True)
    with ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
        list(pool.map(fetch, locked_jars()))
    shutil.rmtree(repository)


if __name__ == "__main__":
    import sys

    download(Path(sys.argv[1]))
