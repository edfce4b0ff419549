"""This instance's own part in a release: the key it signs with."""

# pyright: basic
from __future__ import annotations

from ckanext.govcn.signing import site
from ckanext.govcn.signing.exceptions import SigningError
from ckanext.govcn.signing.keys import PrivateKey

from harvesters.release.exceptions import FolderUnusable, KeyUnusable


def signing_key() -> PrivateKey:
    """The key that signs now, made on the first call. Raises ReleaseError."""
    try:
        return site.signing_key()
    except SigningError as error:
        raise KeyUnusable(why=error.message, why_en=error.message_en) from error
    except OSError as error:
        folder = site.key_folder().folder
        raise FolderUnusable(folder=folder, why=error.strerror or type(error).__name__) from error
