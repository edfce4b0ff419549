"""Where things lie: the project's own folders and the folder an operator names with --data."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from stack.exceptions import DataFolderUnusable, DiskFull
from stack.identity import service_owner

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "config"
CACHE = ROOT / ".cache"
LOCK = ROOT / "stack" / "lock"
VENV = ROOT / ".venv"
JARS = CACHE / "jars"

MARK = "govcn-data"  # names a folder as ours, so that --data never takes over somebody's files


@dataclass(frozen=True)
class DataFolder:
    """Everything that one platform keeps; a copy of the stopped folder is a backup."""

    path: Path

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def valkey(self) -> Path:
        return self.path / "valkey"

    @property
    def solr(self) -> Path:
        return self.path / "solr"

    @property
    def files(self) -> Path:
        return self.path / "files"

    @property
    def keys(self) -> Path:
        return self.path / "keys"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def secrets(self) -> Path:
        return self.path / "secrets.json"

    @property
    def state(self) -> Path:
        return self.path / "state.json"

    @property
    def lock(self) -> Path:
        return self.path / "supervisor.lock"

    def create(self) -> None:
        """Make the folder and its parts, owned by the account that runs the services.

        Raises DataFolderUnusable where the folder holds something else or belongs to another account.
        """
        owner = service_owner()
        fresh = not self.path.exists()
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            names = set(os.listdir(self.path))
        except OSError as error:
            raise DataFolderUnusable(
                f"无法使用数据目录 {self.path}：{error.strerror}，请换一个目录。",
                f"The data folder {self.path} cannot be used ({error.strerror}); choose another.",
                path=self.path,
            ) from error
        if names and MARK not in names:
            raise DataFolderUnusable(
                f"目录 {self.path} 不是空的，也不是本平台的数据目录，请换一个目录。",
                f"{self.path} is neither empty nor a data folder of this platform; choose another.",
                path=self.path,
            )
        if not fresh and names and self.path.stat().st_uid != owner.uid:
            raise DataFolderUnusable(
                f"数据目录 {self.path} 属于另一个账户，请用创建它的账户运行。",
                f"The data folder {self.path} belongs to another account; run with the account that made it.",
                path=self.path,
            )
        (self.path / MARK).touch(mode=0o600)
        for part in (self.path, self.path / MARK, self.postgres, self.valkey, self.solr, self.files, self.logs):
            if part.suffix == "" and part.name != MARK:
                part.mkdir(exist_ok=True, mode=0o700)
            owner.take(part)
        self.path.chmod(0o700)


def require_space(path: Path, needed: int) -> None:
    """Raise DiskFull unless `needed` bytes are free where `path` is or will be."""
    place = path
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < needed:
        raise DiskFull(
            f"磁盘空间不足：{place} 剩余 {free // 2**20} MB，至少需要 {needed // 2**20} MB，请清理后重试。",
            f"Not enough disk space: {place} has {free // 2**20} MB left, {needed // 2**20} MB are needed.",
            path=place,
            needed=needed,
            free=free,
        )
