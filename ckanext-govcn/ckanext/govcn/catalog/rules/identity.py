"""Name, code and provider: E01 to W07, W29, W34."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from ckanext.govcn.catalog import identifiers, sensitive
from ckanext.govcn.catalog.codes import is_blank
from ckanext.govcn.catalog.entry import CatalogEntry
from ckanext.govcn.catalog.registry import Context, Finding, NotRun, Outcome, parameter, rule
from ckanext.govcn.catalog.text import normalize


@rule("E01")
def title(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """信息资源名称 is there and not longer than 128 characters."""
    if is_blank(entry.title):
        yield Finding("missing", "title", entry.title)
    elif len(entry.title) > (limit := int(parameter("E01", "limit"))):
        facts = {"length": str(len(entry.title)), "limit": str(limit)}
        yield Finding("long", "title", entry.title, facts)


@rule("E02")
def code_shape(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """A source's own 信息资源代码 has the standard's shape and a known 类 and 项."""
    if not entry.source_code:
        return
    parsed = identifiers.parse_code(entry.source_code)
    if parsed is None:
        yield Finding("shape", "source_code", entry.source_code)
    elif not parsed.legacy and not identifiers.category_known(parsed.category):
        yield Finding("class", "source_code", entry.source_code)


@rule("W03")
def code_without_slash(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """Older codes do not separate 分类码 and 顺序码."""
    parsed = identifiers.parse_code(entry.source_code) if entry.source_code else None
    if parsed and parsed.legacy:
        yield Finding("legacy", "source_code", entry.source_code)


@rule("E04")
def code_unique(entry: CatalogEntry, context: Context) -> Iterator[Outcome]:
    """A code belongs to one title."""
    if not entry.source_code:
        return
    if context.title_of_code is None:
        yield NotRun("title_of_code", "source_code")
        return
    other = context.title_of_code(entry.source_code)
    if other is not None and normalize(other) != normalize(entry.title):
        yield Finding("duplicate", "source_code", entry.source_code, {"other": other})


@rule("E05")
def provider(entry: CatalogEntry, context: Context) -> Iterator[Outcome]:
    """信息资源提供方 is a department that is registered."""
    name = entry.provider.name
    if is_blank(name):
        yield Finding("missing", "provider", name)
    elif sensitive.is_role_name(name):
        yield Finding("role", "provider", name)
    elif context.provider_known is None:
        yield NotRun("provider_known", "provider")
    elif not context.provider_known(entry.provider):
        yield Finding("unknown", "provider", name)


_INVALID = frozenset({"length", "alphabet", "check"})


@rule("E06")
def uscc(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """统一社会信用代码: length, alphabet, check character (GB 32100-2015)."""
    for fault in _uscc_faults(entry):
        if fault in _INVALID:
            yield Finding(fault, "provider_uscc", entry.provider.uscc)


@rule("W07")
def uscc_unusual(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """A valid code that is old, or has an unexpected prefix, region or inner check digit."""
    for fault in _uscc_faults(entry):
        if fault not in _INVALID:
            region = identifiers.compact(entry.provider.uscc)[2:8]
            yield Finding(fault, "provider_uscc", entry.provider.uscc, {"region": region})


def _uscc_faults(entry: CatalogEntry) -> tuple[str, ...]:
    return cast("tuple[str, ...]", identifiers.uscc_faults(entry.provider.uscc)) if entry.provider.uscc else ()


@rule("W29")
def one_source(entry: CatalogEntry, context: Context) -> Iterator[Outcome]:
    """一数一源: no other department has an entry with this title."""
    if is_blank(entry.title):
        return
    if context.providers_of_title is None:
        yield NotRun("providers_of_title", "title")
        return
    own = normalize(entry.provider.name)
    others = [name for name in context.providers_of_title(entry.title) if normalize(name) != own]
    if others:
        yield Finding("duplicate", "title", entry.title, {"others": "、".join(dict.fromkeys(others[:3]))})


@rule("W34")
def yearly_series(entry: CatalogEntry, context: Context) -> Iterator[Outcome]:
    """One entry with yearly resources instead of one entry for each year."""
    if is_blank(entry.title):
        return
    if context.series_of is None:
        yield NotRun("series_of", "title")
        return
    others = context.series_of(entry)
    if others:
        yield Finding("series", "title", entry.title, {"count": str(len(others)), "other": others[0]})
