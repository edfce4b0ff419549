"""The ini that CKAN reads: config/ckan.ini plus this platform's addresses and secrets.

It lies in the runtime folder, whose path is short and plain: CKAN interpolates `%` in every value *and* in the path of
the file itself, so an ini below `--data '50%'` could not be read at all.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from stack import solr_home
from stack.credentials import Credentials
from stack.project import CONFIG, DataFolder

DATABASE = "ckan"
DATASTORE = "datastore"
# what runs on this machine is the operator's own; a visitor comes through a proxy, which names the address
LOOPBACK = "127.0.0.0/8 ::1/128"


@dataclass(frozen=True)
class Addresses:
    """Where the services of one running platform are reached."""

    runtime: Path  # 0700, holds the sockets
    solr_port: int
    web_port: int | None

    @property
    def site_url(self) -> str:
        return f"http://localhost:{self.web_port}" if self.web_port else "http://test.ckan.net"

    @property
    def solr_url(self) -> str:
        return f"http://127.0.0.1:{self.solr_port}/solr/ckan"

    @property
    def valkey_socket(self) -> Path:
        return self.runtime / "valkey.sock"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.valkey_socket}?db=0"

    def database_url(self, user: str, password: str, database: str) -> str:
        """A Unix socket address that psycopg2 and SQLAlchemy understand."""
        return f"postgresql://{user}:{quote(password, safe='')}@/{database}?host={quote(str(self.runtime))}"


def settings(data: DataFolder, addresses: Addresses, credentials: Credentials) -> dict[str, str]:
    """What config/ckan.ini leaves open."""
    return {
        "SECRET_KEY": credentials.session_key,
        "ckan.site_url": addresses.site_url,
        "sqlalchemy.url": addresses.database_url("ckan", credentials.ckan_database, DATABASE),
        "ckan.datastore.write_url": addresses.database_url("ckan", credentials.ckan_database, DATASTORE),
        "ckan.datastore.read_url": addresses.database_url(
            "datastore_reader", credentials.datastore_database, DATASTORE
        ),
        "ckan.redis.url": addresses.redis_url,
        "solr_url": addresses.solr_url,
        "solr_user": solr_home.USER,
        "solr_password": credentials.solr,
        "ckan.storage_path": str(data.files),
        "ckanext.govcn.signing.folder": str(data.keys),
        "ckanext.govcn.limit.exempt": LOOPBACK,
    }


def write_ini(runtime: Path, name: str, base: str, values: Mapping[str, str]) -> Path:
    """Write `<runtime>/<name>` (0600) that includes ckan.ini or test.ini and sets the values. Returns its path."""
    for shared in ("ckan.ini", "stack/test.ini"):
        link = runtime / f"shared-{Path(shared).name}"
        if not link.is_symlink():
            link.symlink_to(CONFIG / shared)
    path = runtime / name
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as handle:
        handle.write(ini_text(f"shared-{base}", values))
    return path


def ini_text(base: str, values: Mapping[str, str]) -> str:
    """The ini's text; `%` is doubled because CKAN's parser interpolates."""
    lines = [f"{key} = {value.replace('%', '%%')}" for key, value in values.items()]
    return "\n".join(["[app:main]", f"use = config:{base}", *lines, ""])
