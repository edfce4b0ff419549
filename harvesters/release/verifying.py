"""Looking at one package, without taking it."""

# pyright: basic
from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from ckanext.govcn.signing import site
from ckanext.govcn.signing.exceptions import KeyInvalid, KeyMissing
from ckanext.govcn.signing.keys import PublicKey

from harvesters.configured import config_folder, folders, names
from harvesters.exceptions import HarvestError
from harvesters.release.exceptions import FolderUnusable, KeyUnusable
from harvesters.release.manifest import Manifest
from harvesters.release.package import Trust, open_package
from harvesters.release.settings import load_settings
from harvesters.source import load_source


def verify(path: Path, keys: Sequence[str] = ()) -> Manifest:
    """The manifest of a package that is whole and signed by one of the keys, else of those trusted here.

    Every entry and listing is read once. Raises PackageError, KeyUnusable, FolderUnusable.
    """
    try:
        trusted = tuple(PublicKey.from_text(key) for key in keys) or tuple(_trusted())
    except KeyInvalid as error:
        raise KeyUnusable(why=error.message, why_en=error.message_en) from error
    try:
        with open_package(path, Trust(trusted), load_settings(config_folder()).limits) as package:
            for section in (package.entries(), package.withdrawals(), package.contents()):
                deque(section, maxlen=0)
            return package.manifest
    except OSError as error:
        raise FolderUnusable(folder=path, why=error.strerror or type(error).__name__) from error


def _trusted() -> Iterator[PublicKey]:
    """This site's own keys, and those of every configured source of release packages."""
    with suppress(KeyMissing):
        yield from site.key_folder().public_keys()
    for folder in folders():
        for name in names(folder):
            try:
                source = load_source(name, folder)
            except HarvestError:
                continue
            for key in source.sender.keys if source.sender else ():
                yield PublicKey.from_text(key)
