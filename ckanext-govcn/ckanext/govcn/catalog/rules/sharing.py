"""共享属性: E14 to W18."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ckanext.govcn.catalog import codes, identifiers
from ckanext.govcn.catalog.codes import is_blank
from ckanext.govcn.catalog.entry import CatalogEntry
from ckanext.govcn.catalog.registry import Context, Finding, Outcome, parameter, rule

UNCONDITIONAL, CONDITIONAL, CLOSED = "1", "2", "3"


@rule("E14")
def share_type(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """共享类型 is one of three."""
    given = entry.unread.get("share_type", entry.share_type)
    if is_blank(given):
        yield Finding("missing", "share_type", given)
    elif "share_type" in entry.unread or given not in codes.table("share_type"):
        yield Finding("unknown", "share_type", given)


@rule("E15")
def share_condition(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """有条件共享 says on what condition."""
    if entry.share_type == CONDITIONAL and is_blank(entry.share_condition):
        yield Finding("missing", "share_condition", entry.share_condition)


@rule("W15")
def share_scope(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """有条件共享 lists scope and use."""
    if entry.share_type != CONDITIONAL:
        return
    if is_blank(entry.share_scope):
        yield Finding("scope", "share_scope", entry.share_scope)
    if is_blank(entry.share_use):
        yield Finding("use", "share_use", entry.share_use)


@rule("E16")
def share_basis(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """不予共享 has a basis."""
    if entry.share_type == CLOSED and is_blank(entry.share_basis):
        yield Finding("missing", "share_basis", entry.share_basis)


@rule("W16")
def share_basis_rank(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """The basis names a law, an administrative regulation or a document of the centre."""
    if entry.share_type != CLOSED or is_blank(entry.share_basis):
        return
    if not re.search(str(parameter("W16", "central")), entry.share_basis):
        yield Finding("weak", "share_basis", entry.share_basis)


@rule("E17")
def no_share_method(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """不予共享 has no 共享方式."""
    if entry.share_type != CLOSED:
        return
    for field, table, code in (
        ("share_method_class", "share_method_class", entry.share_method_class),
        ("share_method", "share_method", entry.share_method),
    ):
        if not is_blank(code):
            yield Finding("given", field, codes.table(table).label(code))
            return


@rule("E18")
def basic_information_is_shared(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """类 1 基础信息资源 is never 不予共享."""
    if entry.share_type == CLOSED and _is_basic(entry):
        yield Finding("closed", "share_type", codes.table("share_type").label(entry.share_type))


@rule("W18")
def basic_information_on_conditions(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """类 1 基础信息资源 is 有条件 only for its business items."""
    if entry.share_type == CONDITIONAL and _is_basic(entry):
        yield Finding("conditional", "share_type", codes.table("share_type").label(entry.share_type))


def _is_basic(entry: CatalogEntry) -> bool:
    parsed = identifiers.parse_code(entry.source_code) if entry.source_code else None
    nodes = (*entry.categories, *entry.codes, parsed.category if parsed else "")
    return any(node.startswith("1") for node in nodes)
