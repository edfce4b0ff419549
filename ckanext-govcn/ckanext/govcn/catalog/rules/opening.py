"""开放属性, 分级, 涉密, personal data, returned data: E19 to E21, E26, E27, E30, E32, W33."""

from __future__ import annotations

from collections.abc import Iterator

from ckanext.govcn.catalog import codes, levels, sensitive
from ckanext.govcn.catalog.codes import is_blank
from ckanext.govcn.catalog.entry import CatalogEntry
from ckanext.govcn.catalog.registry import Context, Finding, NotRun, Outcome, rule

_OPEN = frozenset({levels.UNCONDITIONAL, levels.CONDITIONAL})


@rule("E19")
def open_type(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """The level is decided: 是 or 否, or a label that is a level."""
    if "open_flag" in entry.unread:
        yield Finding("flag", "open_type", entry.unread["open_flag"])
    elif entry.open_type in codes.table("open_type"):
        return
    else:
        given = entry.unread.get("open_type") or entry.open_type or entry.open_label
        if is_blank(given):
            yield Finding("missing", "open_type", given)
        else:  # 是 without a condition is half an answer
            yield Finding("condition" if codes.flag_of(given) else "unknown", "open_type", given)


@rule("E20")
def not_shared_not_open(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """What is not even shared between departments is not open to everyone."""
    if entry.share_type == "3" and entry.open_type in _OPEN:
        yield Finding("conflict", "open_type", codes.table("open_type").label(entry.open_type))


@rule("E21")
def open_conditions(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """有条件开放 states condition, method, requirements and safeguards."""
    if entry.open_type != levels.CONDITIONAL:
        return
    stated = {
        "open_condition": entry.open_condition,
        "open_method": entry.open_method,
        "open_requirements": entry.open_requirements,
        "open_safeguards": entry.open_safeguards,
    }
    for field, given in stated.items():
        if is_blank(given):
            yield Finding(field, field, given)


@rule("E26")
def not_secret(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """No 涉密 mark anywhere. The value is repeated nowhere."""
    place = sensitive.secrecy_mark(_texts(entry))
    if place is not None:
        yield Finding("marked", place)


def _texts(entry: CatalogEntry) -> dict[str, str]:
    """Every text of the entry by a place that `secrecy_mark` knows how to read."""
    texts = {
        "secrecy": entry.secrecy,
        "title": entry.title,
        "title_en": entry.title_en,
        "notes": entry.notes,
        "open_label": entry.open_label,
        "security_level": entry.unread.get("security_level", ""),
        "open_condition": entry.open_condition,
        "open_basis": entry.open_basis,
        "share_condition": entry.share_condition,
        "share_basis": entry.share_basis,
        "url": entry.url,
        "tags": "\n".join(entry.tags),
        "items.name": "\n".join(item.name for item in entry.items),
        "items.description": "\n".join(item.description for item in entry.items),
    }
    for resource in entry.resources:
        texts["resources.name"] = resource.name
        if sensitive.secrecy_mark({"resources.name": resource.name, "resources.url": resource.url}):
            break
        texts["resources.url"] = resource.url
    return texts


@rule("E27")
def grade(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """数据分级 is the ceiling of the level."""
    if "security_level" in entry.unread:
        yield Finding("unread", "security_level", entry.unread["security_level"])
        return
    opens = codes.table("open_type")
    allowed = levels.ceiling(entry.security_level)
    if entry.open_type in opens and entry.open_type not in allowed:
        grades = codes.table("security_level")
        most = min(allowed, key=lambda code: int(opens.attribute(code, "rank")))
        facts = {
            "grade": grades.label(entry.security_level),
            "grade_en": grades.label_en(entry.security_level),
            "allowed": opens.label(most),
            "allowed_en": opens.label_en(most),
        }
        yield Finding("conflict", "security_level", opens.label(entry.open_type), facts)


@rule("E30")
def personal_data(entry: CatalogEntry, context: Context) -> Iterator[Outcome]:
    """No blocking finding of the personal-data scan without a release by a second reviewer."""
    if context.findings is None:
        yield NotRun("findings", "resources")
        return
    for found in context.findings(entry):
        if found.blocking and not found.released:
            yield Finding("blocked", "resources", "", {"kind": found.kind, "place": found.place})


@rule("E32")
def likely_personal(entry: CatalogEntry, context: Context) -> Iterator[Outcome]:
    """Titles, abstracts and items that speak of personal data never open by themselves.

    An entry that is 不予开放 needs no confirmation; a second person's confirmation with a basis ends the hold.
    """
    if entry.open_type == levels.NONE or _confirmed(entry, context):
        return
    names = [name for item in entry.items for name in (item.name, item.name_en) if name]
    described = [item.description for item in entry.items if item.description]
    words = sensitive.personal_words([entry.title, entry.notes, *names, *described])
    words = words or tuple(dict.fromkeys(sensitive.personal_columns(names)))
    if sensitive.is_query_title(entry.title):
        yield Finding("query", "title", entry.title)
    elif words:
        yield Finding("words", _place_of(words[0], entry), "", {"words": "、".join(words)})


def _confirmed(entry: CatalogEntry, context: Context) -> bool:
    confirmation = context.confirmation(entry) if context.confirmation else None
    return confirmation is not None and not is_blank(confirmation.person) and not is_blank(confirmation.basis)


def _place_of(word: str, entry: CatalogEntry) -> str:
    if word in entry.title:
        return "title"
    return "notes" if word in entry.notes else "items"


@rule("W33")
def returned_data(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """上级回流 belongs to the upper department and is not opened without its 同意文号."""
    texts = [entry.title, entry.source_system, entry.provider.name]
    returned = sensitive.is_upper_return(texts)
    if not returned and entry.data_source != "upper_return":
        return
    if entry.open_type != levels.NONE and is_blank(entry.upper_consent):
        yield Finding("consent", "upper_consent")
    elif entry.data_source != "upper_return":
        yield Finding("source", "data_source", entry.data_source)
