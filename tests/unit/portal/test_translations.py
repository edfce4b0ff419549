"""The catalogues are whole: nothing empty, every placeholder kept, compiled from what is in the repository."""

from __future__ import annotations

import gettext
import os
import re
import shutil
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from ckanext.govcn import application, harvest, portal, request
from ckanext.govcn.portal import levels, translations

I18N = Path(portal.__file__).parent / "i18n"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sdr]|\{\w*[^}]*\}")


def catalog_of(locale: str) -> Catalog:
    path = I18N / locale / "LC_MESSAGES" / f"{translations.DOMAIN}.po"
    with path.open("rb") as stream:
        return read_po(stream, locale=locale, abort_invalid=True)


@pytest.mark.parametrize("locale", ["en", "zh_Hans_CN"])
def test_every_message_has_a_text_and_keeps_its_placeholders(locale: str) -> None:
    for message in catalog_of(locale):
        if not message.id:
            continue
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(texts), message.id
        expected = set(PLACEHOLDER.findall(sources[-1]))
        for text in texts:
            assert set(PLACEHOLDER.findall(text)) == expected, message.id


def test_compiled_beside_the_source_and_again_when_it_changes(tmp_path: Path) -> None:
    source = tmp_path / "i18n"
    shutil.copytree(I18N, source, ignore=shutil.ignore_patterns("*.mo"))
    assert translations.compiled(source) == source
    mo = source / "en" / "LC_MESSAGES" / f"{translations.DOMAIN}.mo"
    with mo.open("rb") as stream:
        assert gettext.GNUTranslations(stream).gettext("搜索") == "Search"
    os.utime(mo, (0, 0))
    translations.compiled(source)
    assert mo.stat().st_mtime > 0
    assert not list(source.rglob("*.part"))


@pytest.mark.skipif(os.geteuid() == 0, reason="以 root 运行时没有只读的目录 (root can write everywhere)")
def test_a_read_only_package_compiles_elsewhere(tmp_path: Path) -> None:
    source = tmp_path / "i18n"
    shutil.copytree(I18N, source, ignore=shutil.ignore_patterns("*.mo"))
    folders = [source, *(path for path in source.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        target = translations.compiled(source, tmp_path / "elsewhere")
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert target == tmp_path / "elsewhere"
    assert sorted(path.suffix for path in target.rglob("ckanext-govcn.*")) == [".mo", ".mo", ".po", ".po"]


TEXT = re.compile(r"""\b_\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def own_texts() -> set[str]:
    """Every Chinese text that templates and modules of portal, desk, applications and requests mark for translation."""
    folders = [Path(package.__file__).parent for package in (portal, harvest, application, request)]
    files = [file for each in folders for file in [*(each / "templates").rglob("*.html"), *each.glob("*.py")]]
    found = {text[1:-1] for path in files for text in TEXT.findall(path.read_text("utf-8"))}
    badges = {text for badge in levels.BADGES.values() for text in (badge.label, badge.note)}
    return {text for text in found | badges if CHINESE.search(text)}


def test_every_own_text_can_be_read_in_english() -> None:
    known = {message.id for message in catalog_of("en")}
    assert own_texts() - known == set()


def test_english_texts_are_english() -> None:
    for message in catalog_of("en"):
        if message.id and message.id not in ("输入关键词，例如：公交站点、空气质量、学校名录",):
            words = CHINESE.sub("", message.string)
            assert re.search("[A-Za-z]", words), message.id
