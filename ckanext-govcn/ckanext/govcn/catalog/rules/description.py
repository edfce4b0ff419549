"""Abstract, format, cycle, dates, relations, contact: E08 to W09, E22 to W25, W31, W35, W36."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from ckanext.govcn.catalog import codes
from ckanext.govcn.catalog.codes import is_blank
from ckanext.govcn.catalog.dates import is_iso_date
from ckanext.govcn.catalog.entry import CatalogEntry
from ckanext.govcn.catalog.registry import Context, Finding, NotRun, Outcome, parameter, rule
from ckanext.govcn.catalog.text import normalize


@rule("E08")
def notes(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """信息资源摘要 is there."""
    if is_blank(entry.notes):
        yield Finding("missing", "notes", entry.notes)


@rule("W08")
def notes_quality(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """Neither too short nor too long, and not just the title again."""
    if is_blank(entry.notes):
        return
    length = len(entry.notes.strip())
    shortest, longest = int(parameter("W08", "shortest")), int(parameter("W08", "longest"))
    facts = {"length": str(length), "limit": str(longest)}
    if normalize(entry.notes) == normalize(entry.title):
        yield Finding("same", "notes", entry.notes)
    elif length < shortest:
        yield Finding("short", "notes", entry.notes, facts)
    elif length > longest:
        yield Finding("long", "notes", entry.notes, facts)


@rule("E09")
def format_class(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """格式分类 is one of the table; a known 类型 says it too."""
    if "format_class" in entry.unread:
        yield Finding("unknown", "format_class", entry.unread["format_class"])
    elif entry.format_class:
        if entry.format_class not in codes.table("format_class"):
            yield Finding("unknown", "format_class", entry.format_class)
    elif not entry.formats and "formats" not in entry.unread:
        yield Finding("missing", "format_class")


@rule("W09")
def format_types(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """Each 格式类型 is known and belongs to the 格式分类."""
    types, classes = codes.table("format_type"), codes.table("format_class")
    if "formats" in entry.unread:
        yield Finding("unknown", "formats", entry.unread["formats"])
    for kind in entry.formats:
        if kind not in types:
            yield Finding("unknown", "formats", kind)
        elif entry.format_class in classes and entry.format_class not in types.values(kind, "classes"):
            facts = {"format_class": classes.label(entry.format_class)}
            yield Finding("mismatch", "formats", types.label(kind), facts)


@rule("E22")
def update_cycle(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """更新周期 is one of the table."""
    given = entry.unread.get("update_cycle", entry.update_cycle)
    if is_blank(given):
        yield Finding("missing", "update_cycle", given)
    elif "update_cycle" in entry.unread or given not in codes.table("update_cycle"):
        yield Finding("unknown", "update_cycle", given)


@rule("E23")
def pub_date(entry: CatalogEntry, context: Context) -> Iterator[Outcome]:
    """发布日期, when given, is a day between 1949 and today."""
    given = entry.unread.get("pub_date", entry.pub_date)
    if is_blank(given):
        return
    if "pub_date" in entry.unread or not is_iso_date(given):
        yield Finding("unread", "pub_date", given)
    elif given < (earliest := str(parameter("E23", "earliest"))):
        yield Finding("early", "pub_date", given, {"earliest": earliest})
    elif context.today is None:
        yield NotRun("today", "pub_date")
    elif given > context.today.isoformat():
        yield Finding("future", "pub_date", given)


@rule("W24")
def data_updated(entry: CatalogEntry, context: Context) -> Iterator[Outcome]:
    """The last update is a day, not in the future, and not longer ago than cycle and grace allow."""
    given = entry.unread.get("data_updated", entry.data_updated)
    if is_blank(given):
        return
    if "data_updated" in entry.unread or not is_iso_date(given):
        yield Finding("unread", "data_updated", given)
    elif context.today is None:
        yield NotRun("today", "data_updated")
    elif given > context.today.isoformat():
        yield Finding("future", "data_updated", given)
    elif _overdue(entry.update_cycle, date.fromisoformat(given), context.today):
        table = codes.table("update_cycle")
        facts = {"cycle": table.label(entry.update_cycle), "cycle_en": table.label_en(entry.update_cycle)}
        yield Finding("overdue", "data_updated", given, facts)


def _overdue(cycle: str, updated: date, today: date) -> bool:
    """Cycles without a period (不定期, 不更新) are not rated."""
    table = codes.table("update_cycle")
    days, grace = table.attribute(cycle, "days"), table.attribute(cycle, "grace_days")
    return bool(days) and today > updated + timedelta(days=int(days) + int(grace or 0))


@rule("W25")
def related_codes(entry: CatalogEntry, context: Context) -> Iterator[Outcome]:
    """Each 关联资源代码 is another entry's."""
    own = {entry.source_code, *entry.codes} - {""}
    others = [code for code in entry.related_codes if code not in own]
    for code in entry.related_codes:
        if code in own:
            yield Finding("self", "related_codes", code)
    if others and context.title_of_code is None:
        yield NotRun("title_of_code", "related_codes")
    elif context.title_of_code is not None:
        for code in others:
            if context.title_of_code(code) is None:
                yield Finding("unknown", "related_codes", code)


_PHONE = re.compile(
    r"(?:\(?(?:\+?86[- ]?)?0\d{2,3}\)?[-— ]?)?[2-9]\d{6,7}(?:(?:[-—*#转 ]|转|ext)\d{1,6})?"  # office line
    r"|(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}|1\d{4}|[48]00[- ]?\d{3}[- ]?\d{4}|12\d{3,6}|9\d{4,7}",
    re.ASCII,
)
_PHONES_APART = re.compile(r"[,，、;；/|\s]+(?!转)")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_CONTACT_LIMIT = 200


@rule("W31")
def contact(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """Telephones and the e-mail address have the shape of one."""
    phone = entry.contact_phone.strip()
    if not is_blank(phone) and not _phones(phone):
        yield Finding("phone", "contact_phone", phone)
    email = entry.contact_email.strip()
    if not is_blank(email) and not (len(email) <= _CONTACT_LIMIT and _EMAIL.fullmatch(email)):
        yield Finding("email", "contact_email", email)


def _phones(text: str) -> bool:
    if len(text) > _CONTACT_LIMIT:
        return False
    written = text.replace("（", "(").replace("）", ")").replace("－", "-")
    return bool(_PHONE.fullmatch(written)) or all(_PHONE.fullmatch(p) for p in _PHONES_APART.split(written) if p)


@rule("W35")
def period(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """时间范围 does not end before it starts."""
    start, end = entry.temporal_start, entry.temporal_end
    if is_iso_date(start) and is_iso_date(end) and end < start:
        yield Finding("reversed", "temporal_end", end, {"start": start})


_OWN_RULE = frozenset(
    {
        "format_class", "formats", "update_cycle", "pub_date", "data_updated", "share_type", "open_type", "open_flag",
        "security_level",
    }
)  # fmt: skip
"""Fields whose unread values another rule reports."""


@rule("W36")
def unread(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """Whatever else a source wrote that has no canonical reading."""
    for name, given in entry.unread.items():
        if name not in _OWN_RULE and not name.endswith(MENDED) and not re.fullmatch(r"items\.\d+\.data_type", name):
            yield Finding("unread", name, given, {"name": _heading(name), "name_en": name})


MENDED = ".mended"
"""Behind a field's name in `unread`: the value was read, but something had to be mended."""


@rule("W37")
def mended_dates(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """A date that could only be read with a blank put in (2022/8/1018:10)."""
    for name, given in entry.unread.items():
        field = name.removesuffix(MENDED)
        if field != name:
            yield Finding("mended", field, given, {"read": str(getattr(entry, field, ""))})


def _heading(name: str) -> str:
    """The field's first heading, which is how a clerk knows it."""
    fields = codes.data("headings")["fields"]
    listed = fields.get(re.sub(r"\.\d+\.", ".", name)) or [name]
    return str(listed[0])
