"""The policy allows nothing from another host and no script in a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ckanext.govcn import harvest, portal
from ckanext.govcn.portal.security import CONTENT_SECURITY_POLICY, HEADERS

FOLDER = Path(portal.__file__).parent
FOLDERS = (FOLDER, Path(harvest.__file__).parent)
TEMPLATES = sorted(path for each in FOLDERS for path in (each / "templates").rglob("*.html"))
STYLES = sorted(path for each in FOLDERS for path in (each / "assets").glob("*.css"))
INLINE = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\son[a-z]+=|javascript:|hx-on", re.I)
FOREIGN = re.compile(r"""(?:src|href|url\()\s*=?\s*["']?(?:https?:)?//""", re.I)


def test_no_host_and_no_inline_script_in_the_policy() -> None:
    directives = dict(part.split(" ", 1) for part in CONTENT_SECURITY_POLICY.split("; "))
    assert directives["script-src"] == "'self'"
    assert directives["object-src"] == "'none'"
    assert directives["style-src"] == "'self'"
    assert directives["frame-ancestors"] == "'self'"
    assert "http" not in CONTENT_SECURITY_POLICY
    assert HEADERS["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(FOLDER.parent)))
def test_templates_hold_no_script_and_load_nothing_foreign(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.S)
    assert not INLINE.search(text)
    assert not FOREIGN.search(text)


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_styles_load_nothing_foreign(path: Path) -> None:
    assert not FOREIGN.search(path.read_text("utf-8"))
