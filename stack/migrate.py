"""Brings the database and the search index to the state the installed code expects."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from stack import solr_home
from stack.exceptions import CommandFailed
from stack.project import LOCK, ROOT
from stack.services import Platform, ckan_command, ckan_environment, run

log = logging.getLogger(__name__)


def when_needed(platform: Platform) -> None:
    """Run CKAN's and the plugins' migrations, unless the same ones already ran on this data folder."""
    stamp = platform.data.path / "migrated"
    wanted = _fingerprint()
    fresh = not stamp.exists()
    if fresh or stamp.read_text() != wanted:
        run(ckan_command(platform.ini, "db", "upgrade"), ckan_environment(platform.ini))
        stamp.write_text(wanted)
    _fill_index(platform, fresh=fresh)


def _fill_index(platform: Platform, *, fresh: bool) -> None:
    """Index all datasets anew where the schema has changed since the index was filled; a new platform has none.

    An index that cannot be filled does not keep the portal from starting: the next start tries again.
    """
    home = platform.data.solr
    filled, wanted = home / solr_home.FILLED, (home / solr_home.SCHEMA).read_text()
    if filled.exists() and filled.read_text() == wanted:
        return
    if not fresh:
        try:
            run(ckan_command(platform.ini, "govcn-index", "fill"), ckan_environment(platform.ini))
        except CommandFailed as error:
            log.warning("the search index is not complete, see ./govcn check: %s", error.english)
            return
    filled.write_text(wanted)


def _fingerprint() -> str:
    """Changes with the lock (so with CKAN), with the list of plugins and with every migration of ours."""
    digest = hashlib.sha256()
    for path in [LOCK / "run.txt", ROOT / "config" / "ckan.ini", *_own_migrations()]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _own_migrations() -> list[Path]:
    folders = [ROOT / "ckanext-govcn" / "ckanext" / "govcn" / "migration"]
    return sorted(path for folder in folders for path in folder.glob("**/versions/*.py"))
