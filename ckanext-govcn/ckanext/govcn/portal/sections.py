"""The sections of a dataset page, read from the scheming schema: what stands in each and how it is shown. PURE.

Order, labels and code tables are the schema's; only the way a field is shown is said here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# shown elsewhere on the page, part of another fact, or the platform's own and nobody else's business
_ELSEWHERE = frozenset({"title", "name", "temporal_end", "open_label", "items", "code_provisional"})
_INTERNAL = frozenset({"catalog_status", "incomplete", "release_kind", "source_name", "source_remote_id"})
_KINDS = {
    "notes": "prose",
    "tag_string": "tags",
    "temporal_start": "period",
    "pub_date": "date",
    "data_updated": "date",
    "record_count": "number",
    "related_codes": "related",
    "url": "link",
    "codes": "codes",
    "source_code": "codes",
    "owner_org": "provider",
    "open_type": "level",
}
_OWN_TABLES = {"formats": "format_type"}  # the schema edits these as free lists


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a section. `label` maps language → text; `table` is the code table of its values.

    `kind`: text, code, prose, tags, period, date, number, related, link, codes, provider, level.
    """

    name: str
    label: Mapping[str, str] | str
    kind: str = "text"
    table: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """`key` is the anchor."""

    key: str
    label: Mapping[str, str] | str
    facts: tuple[Fact, ...]


def sections_of(schema: Mapping[str, Any]) -> tuple[Section, ...]:
    """All sections that hold facts, in the schema's order (基本信息 … 开放)."""
    fields: Sequence[Mapping[str, Any]] = schema.get("dataset_fields", ())
    found = (
        Section(
            section["name"],
            section["label"],
            tuple(
                _fact(field)
                for field in fields
                if field.get("section") == section["name"] and field["field_name"] not in _ELSEWHERE | _INTERNAL
            ),
        )
        for section in schema.get("sections", ())
    )
    return tuple(section for section in found if section.facts)


def _fact(field: Mapping[str, Any]) -> Fact:
    name = field["field_name"]
    table = field.get("code_table") or _OWN_TABLES.get(name, "")
    return Fact(name, field.get("label") or name, _KINDS.get(name, "code" if table else "text"), table)
