"""Identity of a record: source + remote id. Which column is the id is found once per run and said in the report.

Asked in this order: the protocol's id, the key a source states, an id column, a code column, the id inside the
address, the address. The first that never stands for two different records is taken. (提供方, title) is never one:
it would merge 3,019 of 杭州's 6,590 rows. Where nothing is unique, the record's content is its identity, the run says
`key_unique: false`, and removes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from harvesters.normalize import readers
from harvesters.normalize.recognise import Recognition
from harvesters.record import Record, Records, canonical_hash, digest, sample

COVERED = 0.99  # an id that is missing on more than one record in a hundred is no id
_ID_NAME = re.compile(r".*(?:id|code|no|key|num|guid|uuid|bh)$", re.I)
_VOLATILE = re.compile(r".*(?:page|size|index|orderby|sort|token|time|rand|_t|ispage|format|keyword)$", re.I)


@dataclass(frozen=True, slots=True)
class Key:
    """`kind`: protocol, stated, id, code, url_id, url or content. `heading`: the column(s), "" for none.

    `unique` is false when the key that should have told records apart did not; `kind` and `heading` then name it.
    """

    kind: str
    heading: str
    unique: bool

    @property
    def label(self) -> str:
        """For reports: the column, or what stands in for one."""
        return self.heading or ("编号" if self.kind == "protocol" else "整条记录的内容")


@dataclass(frozen=True, slots=True)
class _Try:
    kind: str
    heading: str
    of: Callable[[Record], str]


@dataclass(frozen=True, slots=True)
class Identity:
    """The key of a source, and how a record's remote id follows from it."""

    key: Key
    _of: Callable[[Record], str]

    def identified(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records with their remote ids; one that has none is known by its content."""
        return (record.with_id(self._of(record) or f"content-{record.hash[:32]}") for record in records)


def identity_of(records: Records, recognition: Recognition, stated: Sequence[str]) -> Identity:
    """Find the key that tells the records apart."""
    first: Key | None = None
    for attempt in _attempts(records, recognition, stated):
        certain = attempt.kind in {"protocol", "stated"}
        given, unique = _tried(attempt, records)
        if not certain and given < COVERED * len(records):
            continue
        key = Key(attempt.kind, attempt.heading, unique)
        if unique or certain:
            return Identity(key, attempt.of)
        first = first or key
    return Identity(first or Key("content", "", True), lambda _: "")


def _tried(attempt: _Try, records: Records) -> tuple[int, bool]:
    """How many records have such an id, and whether none of them stands for two different records."""
    met: dict[bytes, bytes] = {}
    given, unique = 0, True
    for record in records:
        if id_ := attempt.of(record):
            given += 1
            if unique:
                content = digest(record.hash)
                unique = met.setdefault(digest(id_), content) == content
    return given, unique


def _attempts(records: Records, recognition: Recognition, stated: Sequence[str]) -> Iterator[_Try]:
    if records and all(record.remote_id for record in records):
        yield _Try("protocol", "", lambda record: readers.text_of(record.remote_id))
        return
    if stated:
        yield _Try("stated", "、".join(stated), lambda record: joined(record, stated))
        return
    for kind, name in (("id", "remote_id"), ("code", "source_code")):
        for heading in recognition.headings_of(name):
            yield _Try(kind, heading, lambda record, h=heading: _text(record, h))
    for name in ("url", "download_url"):
        for heading in recognition.headings_of(name):
            if parameter := _id_parameter(records, heading):
                yield _Try("url_id", heading, lambda record, h=heading, p=parameter: _inside(_text(record, h), p))
            yield _Try("url", heading, lambda record, h=heading: _text(record, h)[:500])


def _text(record: Record, heading: str) -> str:
    return readers.given(record.raw.get(heading))


def joined(record: Record, headings: Sequence[str]) -> str:
    """The id that a record has by the stated columns, or ""."""
    parts = [_text(record, heading) for heading in headings]
    if not any(parts):
        return ""
    id_ = "|".join(parts)
    return id_ if len(id_) <= 200 else canonical_hash(id_)


def _id_parameter(records: Records, heading: str) -> str:
    """The part of the address that differs from record to record: a parameter's name, or "/" for the last step."""
    values: dict[str, set[str]] = {}
    looked_at = 0
    for record in sample(records, 500):
        looked_at += 1
        for name, value in _parts(_text(record, heading)):
            values.setdefault(name, set()).add(value)
    likely = {n: v for n, v in values.items() if (_ID_NAME.match(n) or n == "/") and not _VOLATILE.match(n)}
    if not likely:
        return ""
    best = max(likely, key=lambda n: (len(likely[n]), n != "/"))
    return best if len(likely[best]) > 0.5 * looked_at or len(likely) == 1 else ""


def _parts(url: str) -> Iterator[tuple[str, str]]:
    try:
        split = urlsplit(url)
    except ValueError:
        return
    fragment_path, _, fragment_query = split.fragment.partition("?")
    yield from parse_qsl(split.query)
    yield from parse_qsl(fragment_query)
    last = unquote((fragment_path or split.path).rstrip("/").rpartition("/")[2])
    last = last.removesuffix(".html").removesuffix(".htm")
    if any(c.isdigit() for c in last):
        yield "/", last


def _inside(url: str, parameter: str) -> str:
    return next((value[:200] for name, value in _parts(url) if name == parameter), "")


def repeats(records: Iterable[Record]) -> set[int]:
    """Places, from 0, of records that are word-by-word repeats of an earlier one of the same id."""
    met: set[bytes] = set()
    repeated: set[int] = set()
    for place, record in enumerate(records):
        key = digest(f"{record.remote_id}\0{record.hash}")
        if key in met:
            repeated.add(place)
        met.add(key)
    return repeated
