"""Data files of entries, by the source's policy: `link` keeps the address, `copy` fetches and stores the content.

A content is kept once per sha256 and never overwritten (`access.files`), so that a run that dies or is undone leaves
nothing half-written. A path without a scheme is a file beside the catalogue, for sources that are themselves files.
"""

# pyright: basic
from __future__ import annotations

import errno
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from ckanext.govcn.access import addresses, files
from ckanext.govcn.access.exceptions import FileTooLarge
from ckanext.govcn.catalog.entry import CatalogEntry, Resource

from harvesters.exceptions import HarvestError, SourceRefused, StorageFull
from harvesters.fetch import Fetcher, Request
from harvesters.plan import Trouble
from harvesters.source import Source

NOT_FETCHED = "H03"
PAGES = frozenset({"text/html", "application/xhtml+xml"})
LINKS_BY_NATURE = frozenset({"html", "url", "api", "wms"})
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
NEVER = frozenset({".yaml", ".yml"})
"""A source's own description may hold request headers with keys; no record can name it as a data file."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored content of one resource, and the name it is downloaded under."""

    sha256: str
    size: int
    filename: str


@dataclass(frozen=True, slots=True)
class Hung:
    """挂接: the resources of an entry, and for those that are stored here their content (None: a link)."""

    resources: tuple[Resource, ...]
    contents: tuple[Kept | None, ...]
    troubles: tuple[Trouble, ...] = ()

    @property
    def complete(self) -> bool:
        """False when a file could not be had: the next run tries again."""
        return not self.troubles


class _AnyFile:
    """Every media type may be a data file, but not a web page: that is a login or an error page."""

    def __contains__(self, media_type: object) -> bool:
        return media_type not in PAGES


class Files:
    """Fetches and stores the data files of one source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._fetcher = Fetcher(source)

    def hang(self, entry: CatalogEntry) -> Hung:
        """The entry's resources as the portal is to have them. A file that cannot be had is a warning, not an end.

        Raises StorageFull: without room for one there is none for the others, and they are wanted when there is.
        """
        resources: list[Resource] = []
        contents: list[Kept | None] = []
        troubles: list[Trouble] = []
        for resource in entry.resources:
            try:
                kept = self._kept(resource, entry)
            except StorageFull:
                raise
            except (HarvestError, FileTooLarge) as error:
                troubles.append(_trouble(resource, error))
                kept = None
            if kept is None and not _is_address(resource.url):
                continue
            resources.append(_described(resource, kept))
            contents.append(kept)
        return Hung(tuple(resources), tuple(contents), tuple(troubles))

    def _kept(self, resource: Resource, entry: CatalogEntry) -> Kept | None:
        if self._source.protocol == "release":  # the package's files are in the store before its entries are written
            return Kept(resource.sha256, resource.size or 0, addresses.safe_filename(resource.url))
        if not _is_address(resource.url):
            return self._store(self._beside(resource.url), PurePosixPath(resource.url).name)
        if self._source.files != "copy" or resource.format.lower() in LINKS_BY_NATURE:
            return None
        fetched = self._fetcher.get(Request(resource.url), _AnyFile())
        return self._store(fetched.content, _filename(fetched.url, resource, entry))

    def _beside(self, path: str) -> bytes:
        if not self._source.local or PurePosixPath(path).suffix.lower() in NEVER:
            raise SourceRefused(path, "资源地址须是完整网址。")
        return self._fetcher.file(path.removeprefix("file:"))

    def _store(self, content: bytes, filename: str) -> Kept:
        try:
            stored = files.store(io.BytesIO(content), self._source.limits.bytes)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            raise StorageFull(why=error.strerror) from error
        return Kept(stored.sha256, stored.size, addresses.safe_filename(filename))


def resource_dicts(hung: Hung, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The resources as the dataset dict has them; those with a content are own files, the others links."""
    for resource, kept, resource_id in zip(hung.resources, hung.contents, ids, strict=True):
        described: dict[str, Any] = {
            "id": resource_id,
            "name": resource.name,
            "format": resource.format,
            "description": resource.description,
            "remote_id": resource.remote_id,
        }
        if kept:
            described |= {"url": kept.filename, "url_type": "file", "size": kept.size, "sha256": kept.sha256}
        else:
            described |= {"url": resource.url, "url_type": "link"}
            described |= {"size": resource.size} if resource.size is not None else {}
        yield described


def _described(resource: Resource, kept: Kept | None) -> Resource:
    if kept is None:
        return resource if resource.name else replace(resource, name=resource.format.upper() or "链接")
    extension = PurePosixPath(kept.filename).suffix.removeprefix(".").lower()
    return replace(resource, name=resource.name or kept.filename, format=resource.format or extension)


def _filename(url: str, resource: Resource, entry: CatalogEntry) -> str:
    name = unquote(PurePosixPath(urlsplit(url).path).name)
    if PurePosixPath(name).suffix:
        return name
    extension = f".{resource.format.lower()}" if resource.format else ""
    return f"{resource.name or entry.title}{extension}"


def _is_address(url: str) -> bool:
    return "://" in url


def _trouble(resource: Resource, error: Exception) -> Trouble:
    message = error.message if isinstance(error, HarvestError) else str(error)
    return Trouble(NOT_FETCHED, "warn", f"数据文件未能归集：{message}", field="resources", given=resource.name)
