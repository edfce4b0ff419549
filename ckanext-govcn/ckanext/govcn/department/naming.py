"""Names of departments, PURE: how they are compared, sorted by pinyin and turned into URL names."""

from __future__ import annotations

import hashlib
import re

from pypinyin import Style, lazy_pinyin

from ckanext.govcn.catalog import sensitive

_NOT_URL = re.compile(r"[^a-z0-9]+")
_MAX_URL_NAME = 100


def is_role(name: str) -> bool:
    """Is this the name of an account's role (地区管理员)? Such a name never becomes an organization."""
    return sensitive.is_role_name(name)


def tidy(name: str) -> str:
    """The name as it is stored: one blank where there were several, none around it."""
    return " ".join(name.split())


def sort_key(name: str) -> str:
    """Pinyin order as plain text, since the database has no Chinese collation. Tones and the name itself break ties."""
    syllables = lazy_pinyin(name, style=Style.TONE3, neutral_tone_with_five=True)
    return " ".join(syllable.lower() for syllable in syllables) + "\t" + name


def url_name(region_code: str, name: str) -> str:
    """`330100-shi-gong-an-ju-1f3c`: readable, and distinct for names that sound alike."""
    spoken = _NOT_URL.sub("-", "-".join(lazy_pinyin(name)).lower()).strip("-")
    mark = hashlib.sha256(f"{region_code}\0{name}".encode()).hexdigest()[:6]
    head = "-".join(part for part in (region_code or "org", spoken) if part)
    return f"{head[: _MAX_URL_NAME - len(mark) - 1].rstrip('-')}-{mark}"
