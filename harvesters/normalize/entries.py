"""entry_from_record: one record of a recognised dialect → one CatalogEntry. What cannot be read stays in `unread`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from ckanext.govcn.catalog import codes, levels
from ckanext.govcn.catalog.datatypes import data_type_of
from ckanext.govcn.catalog.entry import CatalogEntry, Item, Provider, Resource

from harvesters.normalize import headings, readers
from harvesters.normalize.columns import is_department
from harvesters.normalize.providers import Providers
from harvesters.normalize.recognise import Recognition
from harvesters.normalize.regions import Regions
from harvesters.record import Record, Value
from harvesters.source import Source

TEXTS = (
    "title_en", "source_system", "source_code", "contact_name", "contact_phone", "contact_email", "share_condition",
    "share_scope", "share_use", "share_basis", "open_method", "open_requirements", "open_safeguards", "open_basis",
    "upper_consent",
)  # fmt: skip
CODED = {
    "share_type": "share_type",
    "share_method_class": "share_method_class",
    "share_method": "share_method",
    "security_level": "security_level",
    "data_source": "data_source",
}
MANY = ("theme", "industry")
DATES = ("pub_date", "data_updated")
UNREAD = 200  # characters kept of what could not be read
_BLANKS = re.compile(r"\s+")
_YEARS = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class _Opening:
    open_type: str = ""
    access_mode: str = ""
    label: str = ""
    unread: str = ""


_BESIDE = re.compile(r"(?!/)(?:(?!\.\.|://|\\).)+\.\w{2,8}")
"""A data file beside the catalogue: a relative path with an ending, that leads nowhere else."""


class Normalizer:
    """Makes entries of one source's records. Built once per run; what it looks up it remembers."""

    def __init__(self, source: Source, recognition: Recognition, regions: Regions | None = None) -> None:
        self._source = source
        self._headings: dict[str, list[str]] = {}
        for heading, field in recognition.fields.items():
            if field:
                self._headings.setdefault(field, []).append(heading)
        self._regions = regions or Regions(source.region)
        self._providers = Providers(self._regions, source.provider_map, source.provider)
        self._levels: dict[tuple[str, str, str], _Opening] = {}
        self._item_fields: dict[str, str] = {}

    def entry_from_record(self, record: Record) -> CatalogEntry:
        """The entry a record describes. Never raises for a value: what cannot be read goes to `unread`."""
        unread: dict[str, str] = {}
        values: dict[str, object] = {name: self._text(record, name) for name in TEXTS if name in self._headings}
        for field, table in CODED.items():
            values[field] = self._coded(record, field, table, unread)
        for field in MANY:
            values[field] = self._many(record, field, unread)
        for field in DATES:
            values[field] = self._day(record, field, unread)
        values |= self._formats(record, unread)
        values |= self._sharing(record, values["share_type"])
        opening = self._opening(record)
        if opening.unread:
            unread["open_type"] = opening.unread[:UNREAD]
        region = self._region(record, unread)
        start, end = self._temporal(record)
        return CatalogEntry(
            **values,  # pyright: ignore[reportArgumentType]
            title=self._title(record),
            notes=readers.prose(self._text(record, "notes")),
            tags=self._tags(record),
            region_codes=region,
            update_cycle=self._cycle(record, unread),
            record_count=self._count(record),
            url=self._text(record, "url"),
            temporal_start=start,
            temporal_end=end,
            related_codes=self._related(record),
            categories=self._categories(record, unread),
            provider=self._provider(record),
            open_type=opening.open_type,
            access_mode=opening.access_mode,
            open_label=opening.label,
            open_condition=self._text(record, "open_condition"),
            items=tuple(self._items(record, unread)),
            resources=tuple(self._resources(record)),
            unread=unread,
            secrecy=self._text(record, "secrecy"),
        )

    def named(self, record: Record) -> CatalogEntry:
        """As much of the entry as the other entries of its source are compared with: title, provider, code."""
        return CatalogEntry(
            title=self._title(record), provider=self._provider(record), source_code=self._text(record, "source_code")
        )

    def _title(self, record: Record) -> str:
        return _BLANKS.sub(" ", readers.prose(self._text(record, "title")))

    def _text(self, record: Record, field: str) -> str:
        for heading in self._headings.get(field, ()):
            if text := readers.given(record.raw.get(heading)):
                return text
        return ""

    def _written(self, record: Record, field: str) -> str:
        """As `_text`, but 无 and 暂无 are kept: sometimes they are the answer."""
        texts = (readers.text_of(record.raw.get(heading)) for heading in self._headings.get(field, ()))
        return next((text for text in texts if text), "")

    def _mapped(self, field: str, text: str) -> str:
        """The source's own meaning of its codes, when it states one."""
        map_ = self._source.code_maps.get(field)
        return map_.get(text, text) if map_ else text

    def _coded(self, record: Record, field: str, table: str, unread: dict[str, str]) -> str:
        text = self._mapped(field, self._text(record, field))
        code = readers.code(table, text) if text else ""
        if text and not code:
            unread[field] = text[:UNREAD]
        return code

    def _many(self, record: Record, field: str, unread: dict[str, str]) -> tuple[str, ...]:
        codes_: dict[str, None] = {}
        missed: list[str] = []
        for heading in self._headings.get(field, ()):
            for text in readers.as_text_list(record.raw.get(heading)):
                found, rest = readers.several_codes(field, self._mapped(field, text))
                codes_.update(dict.fromkeys(found))
                missed.extend(rest)
        if missed:
            unread[field] = "、".join(missed)[:UNREAD]
        return tuple(codes_)

    def _day(self, record: Record, field: str, unread: dict[str, str]) -> str:
        missed = ""
        for heading in self._headings.get(field, ()):
            value = record.raw.get(heading)
            if day := readers.day(value):
                if readers.mended(written := readers.text_of(value)):
                    unread[f"{field}.mended"] = written[:UNREAD]
                return day
            missed = missed or readers.given(value)
        if missed:
            unread[field] = missed[:UNREAD]
        return ""

    def _cycle(self, record: Record, unread: dict[str, str]) -> str:
        text = self._mapped("update_cycle", self._text(record, "update_cycle"))
        code = readers.update_cycle(text) if text else ""
        if text and not code:
            unread["update_cycle"] = text[:UNREAD]
        return code

    def _count(self, record: Record) -> int | None:
        for heading in self._headings.get("record_count", ()):
            if (found := readers.whole_number(record.raw.get(heading))) is not None:
                return found
        return None

    def _tags(self, record: Record) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for heading in self._headings.get("tags", ()):
            for text in readers.as_text_list(record.raw.get(heading)):
                found.update(dict.fromkeys(readers.tags(text)))
        return tuple(found)

    def _formats(self, record: Record, unread: dict[str, str]) -> dict[str, object]:
        class_ = self._coded(record, "format_class", "format_class", unread)
        types: dict[str, None] = {}
        missed: list[str] = []
        for heading in self._headings.get("formats", ()):
            for text in readers.as_text_list(record.raw.get(heading)):
                own, listed, rest = readers.formats(self._mapped("formats", text))
                class_ = class_ or own
                types.update(dict.fromkeys(filter(None, listed.split(","))))
                missed.extend(rest)
        if missed and not types:
            unread["formats"] = "、".join(missed)[:UNREAD]
        return {"format_class": class_ or _class_of(types), "formats": tuple(types)}

    def _opening(self, record: Record) -> _Opening:
        label, flag = self._text(record, "open_type"), self._text(record, "open_flag")
        condition = self._written(record, "open_condition")  # 无 beside 是 says unconditional; silence says nothing
        key = label, flag, condition
        found = self._levels.get(key)
        if found is None:
            found = self._levels[key] = self._level(*(self._mapped("open_type", text) for text in key))
        return found

    def _level(self, label: str, flag: str, condition: str) -> _Opening:
        """是否开放 decides what is not open; a label beats a flag and a code; silence is 待核定."""
        if not label and not flag and self._source.level:
            label = self._source.level
        if label and codes.flag_of(label) is not None and not label.isdigit():
            label, flag = "", flag or label
        level = levels.level_from_form(flag, label or condition) if flag else levels.level_of(label)
        written = label or " ".join(filter(None, (flag, condition if flag else "")))
        if level is None:
            return _Opening(label=written, unread=written)
        return _Opening(level.open_type, level.access_mode, written)

    def _region(self, record: Record, unread: dict[str, str]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for field in ("region_codes", "provider_region"):
            for heading in self._headings.get(field, ()):
                for text in readers.as_text_list(record.raw.get(heading)):
                    for part in codes.parts_of(text):
                        if code := self._regions.code(part):
                            found[code] = None
                        else:
                            unread["region_codes"] = part[:UNREAD]
        return tuple(found)

    def _provider(self, record: Record) -> Provider:
        given = self._text(record, "provider") or self._department_in_tree(record)
        read = self._providers.read(given, self._text(record, "provider_region"), record.defaults.get("provider", ""))
        unit, uscc = self._text(record, "provider_unit"), self._text(record, "provider_uscc")
        if not unit and not uscc:
            return read
        return Provider(read.name, read.region_code, uscc, unit)

    def _department_in_tree(self, record: Record) -> str:
        """部门类 files the catalogue by department: without a column of its own, the 项 (or 目) names the provider."""
        if not self._text(record, "category_level_1").startswith("部门"):
            return ""
        steps = (self._text(record, f"category_level_{n}") for n in (2, 3, 4))
        return next((step for step in steps if is_department(step)), "")

    def _sharing(self, record: Record, share_type: object) -> dict[str, str]:
        """共享条件/不予共享依据 is one column in a national template; the share type says which of the two it holds."""
        condition, basis = self._text(record, "share_condition"), self._text(record, "share_basis")
        both = any("依据" in heading or "理由" in heading for heading in self._headings.get("share_condition", ()))
        if both and share_type == "3" and not basis:
            condition, basis = "", condition
        return {"share_condition": condition, "share_basis": basis}

    def _related(self, record: Record) -> tuple[str, ...]:
        return tuple(codes.parts_of(self._text(record, "related_codes")))

    def _categories(self, record: Record, unread: dict[str, str]) -> tuple[str, ...]:
        text = self._text(record, "categories")
        found = tuple(c for part in codes.parts_of(text) if (c := readers.code("classification", part)))
        steps = [self._text(record, f"category_level_{n}") for n in range(1, 5)]
        written = "/".join(filter(None, steps)) or text
        deepest = next((c for step in reversed(steps) if step and (c := readers.code("classification", step))), "")
        if written and not found and not deepest:
            unread["categories"] = written[:UNREAD]
        hanging = found or ((deepest,) if deepest else ())
        return tuple(node for node in hanging if node != "3")  # 部门类 alone: the department's own node says more

    def _temporal(self, record: Record) -> tuple[str, str]:
        start = self._day(record, "temporal_start", {})
        end = self._day(record, "temporal_end", {})
        if not start and (years := _YEARS.findall(self._text(record, "temporal"))):
            return f"{min(years)}-01-01", f"{max(years)}-12-31"
        return start, end

    def _items(self, record: Record, unread: dict[str, str]) -> Iterable[Item]:
        rows = record.items or self._listed(record, "items", "items.name")
        index = 0
        for row in rows:
            item, missed = self._item(row)
            if item.name or item.data_type or item.length:
                yield item
                unread.update({f"items.{index}.{field}": text[:UNREAD] for field, text in missed.items()})
                index += 1

    def _listed(self, record: Record, *fields: str) -> list[Mapping[str, Value]]:
        for field in fields:
            for heading in self._headings.get(field, ()):
                value = record.raw.get(heading)
                if isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
                    return cast("list[Mapping[str, Value]]", value)
        return []

    def _item(self, row: Mapping[str, Value]) -> tuple[Item, dict[str, str]]:
        """The item of one row, and what of its own levels could not be read: its silence would mean the entry's."""
        values: dict[str, str] = {}
        for heading, value in row.items():
            field = self._item_fields.get(heading)
            if field is None:
                field = self._item_fields[heading] = headings.item_field(heading)
            if field and (text := readers.given(value)):
                values.setdefault(field, _turned(text) if headings.is_negated(heading) else text)
        written = values.get("data_type", "")
        type_ = data_type_of(written)
        opening = _Opening()
        if "open_type" in values:
            opening = self._level("", values["open_type"], values.get("open_condition", ""))
        share_type = readers.code("share_type", values.get("share_type", ""))
        missed = {
            "share_type": "" if share_type else values.get("share_type", ""),
            "open_type": "" if opening.open_type or codes.flag_of(opening.unread) else opening.unread,
        }
        item = Item(
            name=values.get("name", "") or values.get("name_en", ""),
            name_en=values.get("name_en", ""),
            data_type=type_.letter if type_ else written,
            length=values.get("length", "") or (type_.length if type_ else ""),
            description=values.get("description", ""),
            primary_key=readers.flag(values.get("primary_key", "")),
            nullable=readers.flag(values.get("nullable", "")),
            dictionary=readers.flag(values.get("dictionary", "")),
            share_type=share_type,
            share_condition=values.get("share_condition", ""),
            open_type=opening.open_type,
            open_condition=values.get("open_condition", ""),
        )
        return item, {field: text for field, text in missed.items() if text}

    def _resources(self, record: Record) -> Iterable[Resource]:
        for part in self._listed(record, "resources"):
            if url := readers.given(part.get("url")):
                yield Resource(
                    url=url,
                    name=readers.given(part.get("name")),
                    format=readers.given(part.get("format")),
                    description=readers.given(part.get("description")),
                    remote_id=readers.given(part.get("id")),
                    size=readers.whole_number(part.get("size")),
                )
        beside = self._source.local and self._source.files == "copy"
        for heading in self._headings.get("download_url", ()):
            for url in readers.as_text_list(record.raw.get(heading)):
                for part in _addresses(url):
                    if re.match(r"https?://", part) or (beside and _BESIDE.fullmatch(part)):
                        yield Resource(url=part)


def _turned(text: str) -> str:
    """必选 says the opposite of 可为空: 是 → 否, 非必选 → 是; anything else stays."""
    flag = {"必选": True, "必填": True, "非必选": False, "非必填": False, "可选": False, "选填": False}.get(text)
    flag = readers.flag(text) if flag is None else flag
    return text if flag is None else ("否" if flag else "是")


def _class_of(types: Iterable[str]) -> str:
    """The class when all types are of one: xlsx → 电子表格."""
    table = codes.table("format_type")
    found = {table.values(type_, "classes")[:1] for type_ in types}
    return found.pop()[0] if len(found) == 1 and all(found) else ""


def _addresses(text: str) -> list[str]:
    """Several addresses in one cell, cut where no address goes on: at blanks, ； and before another http."""
    return [part for part in re.split(r"[；\s]+|[;,，](?=https?://)", text) if part]
