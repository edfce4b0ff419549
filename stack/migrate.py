"""Brings the database to the state the installed code expects."""

from __future__ import annotations

import hashlib
from pathlib import Path

from stack.project import LOCK, ROOT
from stack.services import Platform, ckan_command, ckan_environment, run


def when_needed(platform: Platform) -> None:
    """Run CKAN's and the plugins' migrations, unless the same ones already ran on this data folder."""
    stamp = platform.data.path / "migrated"
    wanted = _fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    run(ckan_command(platform.ini, "db", "upgrade"), ckan_environment(platform.ini))
    stamp.write_text(wanted)


def _fingerprint() -> str:
    """Changes with the lock (so with CKAN), with the list of plugins and with every migration of ours."""
    digest = hashlib.sha256()
    for path in [LOCK / "run.txt", ROOT / "config" / "ckan.ini", *_own_migrations()]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _own_migrations() -> list[Path]:
    folders = [ROOT / "ckanext-govcn" / "ckanext" / "govcn" / "migration"]
    return sorted(path for folder in folders for path in folder.glob("**/versions/*.py"))
