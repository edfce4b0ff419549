"""The portal's own download routes and the names files are delivered under. PURE.

A dataset's dict never holds another address than `route(...)`, whatever the dataset's level is: so closing it has
nothing to take back from search, activities or other people's copies of the dict (docs/adr/addresses-in-the-vault.md).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

MAX_URL = 2000
MAX_FILENAME_BYTES = 200
DIGESTS = ("sha256", "md5", "sha1", "checksum")
SCHEMES = ("http", "https", "ftp")

_ROUTE = re.compile(r"/dataset/([^/?#]+)/resource/([^/?#]+)/download(?:/([^/?#]*))?$")
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u202a-\u202e\u2066-\u2069]+')


@dataclass(frozen=True, slots=True)
class Route:
    """The portal's own download route of one resource."""

    package_id: str
    resource_id: str
    filename: str


def path_of(route: Route) -> str:
    """The route as a path, the file name percent-encoded."""
    return f"/dataset/{route.package_id}/resource/{route.resource_id}/download/{quote(route.filename)}"


def route_of(url: str) -> Route | None:
    """Read an own route from an address of any host (the site may have moved); None for any other address."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return None
    found = _ROUTE.search(path)
    return Route(found[1], found[2], unquote(found[3] or "")) if found else None


def problem_of(url: str) -> tuple[str, str] | None:
    """What is wrong with the address somebody gives for a resource, in both languages; None when it is sound."""
    if len(url) > MAX_URL:
        return (f"网址过长（上限 {MAX_URL} 个字符），请缩短", f"The address exceeds {MAX_URL} characters; shorten it")
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in SCHEMES or not host:
        return (
            "资源地址须是以 http://、https:// 或 ftp:// 开头的完整网址，或者上传文件",
            "Give a full address starting with http://, https:// or ftp://, or upload a file",
        )
    return None


def safe_filename(name: str, fallback: str = "data") -> str:
    """A file name that is safe on every system and keeps its Chinese; at most 200 bytes of UTF-8, extension kept."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    name = _NOT_IN_NAMES.sub("_", name).strip(" .")
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > 16:
        stem, dot, extension = name, "", ""
    room = MAX_FILENAME_BYTES - len(f"{dot}{extension}".encode())
    stem = stem.encode()[:room].decode(errors="ignore").strip(" .")
    return f"{stem or fallback}{dot}{extension}"


def without(text: str, url: str) -> str:
    """What is said about a resource, without its address."""
    return text.replace(url, "").strip() if url else text


def kept_extras(extras: Mapping[str, object]) -> dict[str, object]:
    """The further fields of a resource that may stand in the dict: none with an address, and no digest.

    A digest of closed content confirms a guess of it; who gets the data gets its digest.
    """
    return {key: value for key, value in extras.items() if key not in DIGESTS and "://" not in str(value)}


def link_filename(name: str, file_format: str) -> str:
    """A name for what stands behind a link, made from what is public of it: never from the address itself."""
    extension = re.sub(r"[^a-z0-9]", "", file_format.lower())[:8]
    name = "" if "://" in name else name
    if extension and not name.lower().endswith(f".{extension}"):
        return safe_filename(f"{name or 'data'}.{extension}")
    return safe_filename(name)
