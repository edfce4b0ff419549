"""The passwords by which the services know each other: random, made once, readable by their account alone."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Credentials:
    """None of these is ever shown; the administrator's password is not among them and is stored nowhere."""

    postgres: str
    ckan_database: str
    datastore_database: str
    solr: str
    session_key: str


def load_or_create(path: Path) -> Credentials:
    """Read the file, or make it (0600) with fresh values; a value that an older version lacked is added."""
    known = json.loads(path.read_text()) if path.exists() else {}
    values = {field.name: known.get(field.name) or secrets.token_urlsafe(32) for field in fields(Credentials)}
    credentials = Credentials(**values)
    if asdict(credentials) != known:
        unfinished = path.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            json.dump(asdict(credentials), handle, indent=2)
        unfinished.replace(path)
    return credentials
