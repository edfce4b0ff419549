"""Solr's home: the cores on the shared configset, and a password for everything.

The embedded stack writes it on every start; in docker-compose.yml the service `solr-home` does so
(`python -m stack.solr_home FOLDER --owner 8983`, password in CKAN_SOLR_PASSWORD).
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import secrets
import shutil
from pathlib import Path

CONFIG = Path(__file__).resolve().parent.parent / "config"
USER = "ckan"
CORE = "ckan"
SHARED = "configSet=solr"  # how a core says that it is on the shared configset
SCHEMA = "schema"  # the schema that the indexes are of
FILLED = "filled"  # the schema that the index in use was filled under


def write(home: Path, password: str) -> None:
    """Make or renew solr.xml, the core and security.json (0600).

    An index that another schema wrote is dropped, since Lucene refuses documents whose fields are stored otherwise;
    `ckan govcn-index fill` fills the new one from the database. Which folder holds the core in use is Solr's to say:
    it notes in core.properties what was swapped (`./govcn index swap`).
    """
    home.mkdir(parents=True, exist_ok=True)
    _drop_outdated_indexes(home)
    properties = home / CORE / "core.properties"
    if not properties.exists():
        properties.parent.mkdir(exist_ok=True)
        properties.write_text(f"name={CORE}\n{SHARED}\n")
    shutil.copyfile(CONFIG / "stack" / "solr" / "solr.xml", home / "solr.xml")
    security = home / "security.json"
    security.touch(mode=0o600)
    security.write_text(security_json(password))


def _drop_outdated_indexes(home: Path) -> None:
    stamp, wanted = home / SCHEMA, _schema_fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    for properties in home.glob("*/core.properties"):
        if SHARED in properties.read_text().splitlines():  # a core with a schema of its own is not ours to drop
            shutil.rmtree(properties.parent)
    (home / FILLED).unlink(missing_ok=True)
    stamp.write_text(wanted)


def _schema_fingerprint() -> str:
    """Changes with every file of the configset."""
    digest = hashlib.sha256()
    folder = CONFIG / "solr" / "conf"
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def security_json(password: str) -> str:
    """Solr's BasicAuth: one account that may do everything, nothing for anybody else."""
    salt = secrets.token_bytes(32)
    digest = hashlib.sha256(hashlib.sha256(salt + password.encode()).digest()).digest()
    credential = f"{base64.b64encode(digest).decode()} {base64.b64encode(salt).decode()}"
    return json.dumps(
        {
            "authentication": {
                "class": "solr.BasicAuthPlugin",
                "blockUnknown": True,
                "forwardCredentials": False,
                "credentials": {USER: credential},
            },
            "authorization": {
                "class": "solr.RuleBasedAuthorizationPlugin",
                "permissions": [{"name": "all", "role": "platform"}],
                "user-role": {USER: "platform"},
            },
        }
    )


def main() -> None:
    """Command line for the container."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--owner", type=int, help="uid that runs Solr in its image")
    options = parser.parse_args()
    write(options.home, os.environ["CKAN_SOLR_PASSWORD"])
    if options.owner is not None:
        for path in (options.home.parent, *options.home.parent.rglob("*")):
            os.chown(path, options.owner, options.owner)


if __name__ == "__main__":
    main()
