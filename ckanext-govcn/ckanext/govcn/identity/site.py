"""This instance's providers and the secret with which subjects are digested."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import stat
from pathlib import Path

from ckanext.govcn.deadline.site import config_folder
from ckanext.govcn.identity.exceptions import SecretExposed, SettingsInvalid
from ckanext.govcn.identity.identity import Identity
from ckanext.govcn.identity.settings import FILE, Settings, settings_of
from ckanext.govcn.signing import site
from ckanext.govcn.signing.suites import SUITES

logger = logging.getLogger(__name__)

SYSADMINS = "ckanext.govcn.identity.sysadmins"
SECRET_FILE = "identity.secret"  # noqa: S105 - its name
SECRET_BYTES = 32
LONGEST_FILE = 1_000_000


def settings() -> Settings:
    """The configured providers, read again when the file changes. Raises SettingsInvalid."""
    path = config_folder() / FILE
    try:
        status = path.stat()
    except FileNotFoundError:
        return Settings()
    return _read(path, status.st_mtime_ns, status.st_size)


def usable() -> Settings | None:
    """The same; None, with a line in the log, when the file is wrong. Local accounts go on working."""
    try:
        return settings()
    except SettingsInvalid as error:
        logger.error("%s (%s)", error.message, error.message_en)
        return None


def digests(identity: Identity) -> dict[str, str]:
    """The keyed digest of provider and subject in every suite, by the suite's name.

    A subject may be an identity number, whose plain digest anybody could find by trying them all.
    """
    secret = _secret(site.key_folder().folder / SECRET_FILE)
    content = f"{identity.provider}\0{identity.subject}".encode()
    return {name: suite.keyed_digest(secret, content) for name, suite in SUITES.items()}


@functools.lru_cache(maxsize=4)
def _read(path: Path, changed: int, size: int) -> Settings:
    if size > LONGEST_FILE:
        raise SettingsInvalid(place="文件", why="过大", why_en="the file is too large")
    try:
        return settings_of(path.read_text("utf-8"), os.environ)
    except ValueError:
        raise SettingsInvalid(place="文件", why="不是 UTF-8", why_en="the file is not UTF-8") from None


def _secret(path: Path) -> bytes:
    """The site's own secret, made once; without it nobody's account is found again. Raises SecretExposed."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{os.urandom(8).hex()}")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
            handle.write(os.urandom(SECRET_BYTES))
            handle.flush()
            os.fsync(handle.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(unfinished, path)  # never over one that another process made meanwhile
        unfinished.unlink()
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as handle:
        if os.fstat(descriptor).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SecretExposed(path=path)
        return handle.read(SECRET_BYTES)
