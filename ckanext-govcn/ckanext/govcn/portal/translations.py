"""Compiled message catalogues: `.po` files are the source, `.mo` files are made from them when CKAN starts.

No `.mo` is kept in the repository, so a translation can never be older than its source. They are written beside the
`.po`; where the package is read-only (an image run as another user) a folder under CKAN's storage path is used.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

log = logging.getLogger(__name__)

DOMAIN = "ckanext-govcn"


def locales(source: Path) -> list[str]:
    """Names of the locales that have a catalogue under `source`, such as `["en", "zh_Hans_CN"]`."""
    return sorted(path.parts[-3] for path in source.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def compiled(source: Path, fallback: Path | None = None) -> Path:
    """The folder with compiled catalogues: `source` itself, or `fallback` if `source` cannot be written.

    Without a fallback it is a new folder with a random name: one that can be foretold could be laid by somebody else.
    """
    try:
        _compile(source, source)
    except OSError:
        target = fallback or Path(tempfile.mkdtemp(prefix="govcn-i18n-"))
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        if target.stat().st_uid != os.getuid():
            raise
        _compile(source, target)
        return target
    return source


def build_for_scripts() -> None:
    """Write the texts of CKAN's scripts, which CKAN does only in its development server."""
    from ckan.lib.i18n import build_js_translations

    try:
        build_js_translations()
    except OSError:
        log.warning("the translations of scripts could not be written; they stay English", exc_info=True)


def _compile(source: Path, target: Path) -> None:
    for locale in locales(source):
        po = source / locale / "LC_MESSAGES" / f"{DOMAIN}.po"
        mo = (target / po.relative_to(source)).with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        mo.parent.mkdir(parents=True, exist_ok=True)
        if target != source:
            shutil.copyfile(po, mo.with_suffix(".po"))  # CKAN builds the JavaScript catalogue from the .po
        with po.open("rb") as stream:
            catalog = read_po(stream, locale=locale, domain=DOMAIN)
        # several workers start at once: each writes its own file and renames it into place
        handle, name = tempfile.mkstemp(dir=mo.parent, suffix=".mo.part")
        with os.fdopen(handle, "wb") as stream:
            write_mo(stream, catalog)
        Path(name).chmod(0o644)
        Path(name).replace(mo)
