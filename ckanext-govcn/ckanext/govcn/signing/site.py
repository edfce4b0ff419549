"""This instance's own keys, where its configuration says they are."""

# pyright: basic
from __future__ import annotations

from pathlib import Path

from ckan.plugins import toolkit as tk

from ckanext.govcn.signing.keys import KeyFolder, PrivateKey
from ckanext.govcn.signing.suites import Suite, suite_of

FOLDER = "ckanext.govcn.signing.folder"
SUITE = "ckanext.govcn.signing.suite"


def key_folder() -> KeyFolder:
    """The folder of the site's keys, which may not exist yet."""
    configured = tk.config.get(FOLDER)
    return KeyFolder(Path(configured) if configured else Path(tk.config["ckan.storage_path"]) / "govcn-keys")


def suite() -> Suite:
    """The suite in which this instance signs. Raises UnknownSuite."""
    return suite_of(tk.config.get(SUITE) or "international")


def signing_key() -> PrivateKey:
    """The key that signs now, made on the first call. Raises SigningError."""
    return key_folder().ensure(suite())
