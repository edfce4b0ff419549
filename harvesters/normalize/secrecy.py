"""Rows that must not be here (E26): marked 涉密, 工作秘密 or with a 密级 word.

Judged before anything of a record is kept. What a mark is, is `catalog.sensitive`'s business; here it is asked for
every cell of a record, with the meaning of its heading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ckanext.govcn.catalog import sensitive

from harvesters.normalize import headings, readers
from harvesters.record import Record, Value


def marked_line(texts: Iterable[str]) -> bool:
    """Does a line around a table carry a 密级?"""
    return any(_is_mark("title", text) for text in texts)


def _is_mark(place: str, text: str) -> bool:
    return sensitive.may_be_marked(text) and sensitive.secrecy_mark({place: text}) is not None


class Guard:
    """Judges records by their cells; the meaning of each heading is looked up once."""

    def __init__(self, stated: Mapping[str, str | None] | None = None) -> None:
        self._fields = {heading: field or heading for heading, field in (stated or {}).items()}

    def column(self, record: Record) -> str | None:
        """The heading under which the record is marked ("" for a mark around the table), or None: not marked."""
        if record.secret:
            return ""
        for part in (record.raw, *record.items):
            for heading, value in part.items():
                if value is not None and value != "" and self._marked(heading, value):
                    return heading
        return None

    def _marked(self, heading: str, value: Value) -> bool:
        field = self._fields.get(heading)
        if field is None:
            field = self._fields[heading] = _field(heading)
        if field == "secrecy":
            return sensitive.secrecy_mark({"secrecy": readers.text_of(value)}) is not None
        if isinstance(value, str):
            return _is_mark(field, value)
        return any(_is_mark(field, text) for text in _texts(value))


def _field(heading: str) -> str:
    names = headings.names(heading)
    return "secrecy" if "secrecy" in names else max(names, key=lambda f: names[f][0], default=heading)


def _texts(value: Value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
