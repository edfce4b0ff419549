"""A source's YAML as a proposal (来源配置建议): the best guess for each heading and each code, and how sure it is.

    ./govcn harvest propose 目录.xlsx --output config/sources/water.yaml
    ./govcn harvest propose https://data.example.gov.cn/api/list?pageNum=1 --json

Nothing is decided by a guess: what is likely is written down, what is unsure stands in a comment for a person, and a
code without a label is only listed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ckanext.govcn.catalog import codes, levels

from harvesters.exceptions import HarvestError, SourceRefused, UnreadableSource
from harvesters.extract import jsons, unpack
from harvesters.fetch import FILE_TYPES, Fetcher, Request
from harvesters.networks import target_of
from harvesters.normalize import readers
from harvesters.normalize.recognise import guesses
from harvesters.reading import Reading, read
from harvesters.record import Records
from harvesters.source import FIELD_TARGETS, ListCall, Paging, Source, source_of_file

LIKELY, UNSURE = 0.5, 0.25
CODES = 40  # unknown codes listed per field
FULL = 1.2  # a recognised name with values that fit
_PAGE = re.compile(r"(?i)page(num|no|index)?|current(page)?|pn|p")
_OFFSET = re.compile(r"(?i)offset|start|from|skip")
_SIZE = re.compile(r"(?i)(page)?size|limit|rows|length|per_?page")
_TOTAL = re.compile(r"(?i)total(count|num|size|rows|elements)?|count|records_?total")


@dataclass(frozen=True, slots=True)
class Guess:
    """A heading's best field, how sure it is (0…1), what else it might be, and how many records fill it.

    `role`: what it is used for although it is no field of the entry, such as remote_id.
    """

    heading: str
    field: str | None
    sure: float
    others: Mapping[str, float]
    filled: int
    role: str = ""


@dataclass(frozen=True, slots=True)
class UnknownCode:
    """A value that no table knows: `field`, the value, how often, and labels that are written much like it."""

    field: str
    value: str
    count: int
    like: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What `propose` found; `yaml` is the source's description, ready to be read and corrected by a person."""

    source: Source
    records: int
    guesses: tuple[Guess, ...]
    unknown_codes: tuple[UnknownCode, ...]
    yaml: str

    def to_json(self) -> dict[str, Any]:
        """Keys: name, protocol, records, fields, unknown_headings, unknown_codes, yaml."""
        return {
            "name": self.source.name,
            "protocol": self.source.protocol,
            "records": self.records,
            "fields": {g.heading: {k: v for k, v in asdict(g).items() if k != "heading"} for g in self.guesses},
            "unknown_headings": [g.heading for g in self.guesses if not (g.field or g.role)],
            "unknown_codes": [asdict(code) for code in self.unknown_codes],
            "yaml": self.yaml,
        }


def propose(given: str, fetcher_of: Callable[[Source], Fetcher] = Fetcher) -> Proposal:
    """Propose a source for a catalogue file or an address. Raises HarvestError when nothing can be read there."""
    source = _source_of_url(given, fetcher_of) if "://" in given else _source_of_path(given)
    reading = read(source, fetcher_of(source))
    if not reading.received:
        raise UnreadableSource(given, "没有读到任何记录，无从建议。", "No record was read there.")
    found = tuple(_guesses(reading))
    unknown = tuple(_unknown_codes(reading))
    text = "\n".join(_yaml(source, reading, found, unknown)) + "\n"
    return Proposal(source, reading.records, found, unknown, text)


def _source_of_path(given: str) -> Source:
    path = Path(given)
    if not path.is_file():
        raise SourceRefused(given, "不是文件，也不是网址。请核对。", "This is neither a file nor an address.")
    source = source_of_file(path)
    return replace(source, name=_name(source.name))


def _name(text: str) -> str:
    return re.sub(r"[^\w-]+", "-", text).strip("-")[:100] or "source"


def _source_of_url(url: str, fetcher_of: Callable[[Source], Fetcher]) -> Source:
    """What stands at the address: a CKAN, a JSON list with or without pages, or a catalogue file."""
    target_of(url)
    parts = urlsplit(url)
    name = _name(parts.hostname or "source")
    plain = Source(name, title=parts.hostname or "", profile="portal", providers="create", url=url)
    if "/api/3/action/" in parts.path:
        base = urlunsplit((parts.scheme, parts.netloc, parts.path.partition("/api/3/")[0], "", ""))
        return replace(plain, protocol="ckan", url=base)
    try:
        fetched = fetcher_of(plain).get(Request(url), FILE_TYPES)
    except SourceRefused:
        ckan = replace(plain, protocol="ckan")  # a portal's front page: maybe a CKAN's
        try:
            first = next(iter(read(_small(ckan), fetcher_of(ckan)).received), None)
        except HarvestError:
            first = None
        if first is None:
            raise
        return ckan
    if fetched.content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in {b"{", b"["}:
        return plain
    text, _ = unpack.decoded(unpack.unpacked(fetched.content, url, plain.limits), url)
    return _json_source(plain, jsons.parsed(text.lstrip("\ufeff"), url)) or plain


def _small(source: Source) -> Source:
    return replace(source, limits=replace(source.limits, seconds=min(source.limits.seconds, 30)))


def _json_source(plain: Source, answer: Any) -> Source | None:
    """A JSON API when the answer shows pages or the address asks for one; else None: the file as it is."""
    found = jsons.find_list(answer)
    path = _path_of(answer, found)
    if not found or path is None:
        return None
    asked = dict(parse_qsl(urlsplit(plain.url).query, keep_blank_values=True))
    page = next((n for n in asked if _PAGE.fullmatch(n)), "")
    offset = next((n for n in asked if _OFFSET.fullmatch(n)), "")
    if not page and not offset:
        return None
    size = next((n for n in asked if _SIZE.fullmatch(n)), "")
    start = readers.whole_number(asked[page or offset]) or 0
    paging = Paging(
        kind="page" if page else "offset",
        page=page or offset,
        size=size,
        page_size=(readers.whole_number(asked[size]) if size else None) or len(found),
        start=start if page else 0,
        total=_total(answer, path, len(found)),
    )
    rest = {n: v for n, v in asked.items() if n not in {page, offset, size}}
    url = urlunsplit(urlsplit(plain.url)._replace(query=urlencode(rest)))
    return replace(plain, protocol="rest_json", url="", list=ListCall(url, records=path), paging=paging)


def _path_of(value: Any, wanted: list[Any] | None, before: str = "", depth: int = 8) -> str | None:
    """The path at which a list lies in an answer; JSON inside a text is opened on the way."""
    value = jsons.dig({"v": value}, "v")
    if isinstance(value, list) and wanted is not None and value == wanted:
        return before
    if not isinstance(value, dict) or depth == 0:
        return None
    for key, part in cast("dict[str, Any]", value).items():
        found = _path_of(part, wanted, f"{before}.{key}" if before else key, depth - 1)
        if found is not None:
            return found
    return None


def _total(answer: Any, path: str, length: int) -> str:
    """The path of the number of all records: beside the list, or one step above it."""
    steps = path.split(".")
    for up in range(len(steps) - 1, -1, -1):
        above = jsons.dig(answer, ".".join(steps[:up]))
        for key, value in cast("dict[str, Any]", above).items() if isinstance(above, dict) else ():
            number = readers.whole_number(value) if not isinstance(value, (dict, list)) else None
            if _TOTAL.fullmatch(key) and number is not None and number >= length:
                return ".".join([*steps[:up], key])
    return ""


def _guesses(reading: Reading) -> Iterator[Guess]:
    candidates = guesses(reading.received)
    shown = reading.shown_fields()
    for heading, field in reading.recognition.fields.items():
        scores = {name: _sure(score) for name, score in candidates.get(heading, {}).items()}
        helper = reading.recognition.fields[heading]
        best = shown.get(heading, field)
        sure = scores.get(helper or "", 0.0) if best else 0.0
        others = {name: score for name, score in scores.items() if name not in {helper, best} and score >= UNSURE}
        filled = sum(bool(readers.given(record.raw.get(heading))) for record in reading.received)
        role = helper if best is None and helper and helper != "ignored" else ""
        yield Guess(heading, best, sure if best is None or sure else LIKELY, others, filled, role)


def _sure(score: float) -> float:
    return round(max(0.0, min(1.0, score / FULL)), 2)


def _known_level(text: str) -> bool:
    return levels.level_of(text) is not None or bool(levels.reason_of(text))


_KNOWN: Mapping[str, Callable[[str], bool]] = {
    "open_type": _known_level,
    "update_cycle": lambda text: bool(readers.update_cycle(text)),
    "share_type": lambda text: bool(readers.code("share_type", text)),
    "theme": lambda text: not readers.several_codes("theme", text)[1],
}


def _unknown_codes(reading: Reading) -> Iterator[UnknownCode]:
    for field, known in _KNOWN.items():
        table = codes.table(field)
        labels = [table.label(code) for code in table.codes]
        met: Counter[str] = Counter()
        for heading in reading.recognition.headings_of(field):
            met.update(_values(reading.received, heading))
        listed = 0
        for value, count in met.most_common():
            # a bare number has no meaning of its own here: each portal numbers its levels otherwise
            if known(value) and not value.isdecimal():
                continue
            yield UnknownCode(field, value, count, tuple(get_close_matches(value, labels, 3, 0.5)))
            listed += 1
            if listed == CODES:
                break


def _values(records: Records, heading: str) -> Iterator[str]:
    for record in records:
        text = readers.given(record.raw.get(heading))
        if text and len(text) <= 40 and "\n" not in text:
            yield text


def _yaml(source: Source, reading: Reading, found: Sequence[Guess], unknown: Sequence[UnknownCode]) -> Iterator[str]:
    yield f"# 来源配置建议：读到 {reading.records} 条记录。请逐项核对后放入 config/sources/。"
    yield "# 各键的含义见 docs/harvesting.md。"
    yield "# 每个字段后的数字是把握程度（0 到 1）；没有把握的只写在注释里，需要时去掉“#”。"
    yield f"name: {_q(source.name)}"
    yield f"protocol: {source.protocol}"
    yield "profile: portal      # 本部门按编制指南编的目录改为 guide"
    yield "providers: create    # 只归集一个部门的目录改为 fixed，并写 provider"
    home = reading.regions.home
    if home:
        yield f"region: {_q(home)}     # 由部门和地区名称推断"
    yield from _where(source)
    key = reading.key
    if key.unique and key.kind in {"id", "code"}:
        yield f"key: {_q(key.heading)}"
    yield f"# 记录标识：{key.label}" + ("" if key.unique else "（不唯一，请写明 key）")
    yield "fields:"
    yield "  {}" if not any(_written(guess) for guess in found) else "  # 来源字段: 目录条目字段"
    for guess in found:
        yield _field_line(guess)
    if unknown:
        yield from _code_lines(unknown)


def with_networks(yaml: str, names: Sequence[str]) -> str:
    """The description of a source that needs these inside networks."""
    return yaml + (f"allow_networks: {_q(list(names))}\n" if names else "")


def _where(source: Source) -> Iterator[str]:
    if source.path:
        yield f"path: {_q(source.path)}"
    if source.url:
        yield f"url: {_q(source.url)}"
    if source.list.url:
        yield from ["list:", f"  url: {_q(source.list.url)}"]
        if source.list.records:
            yield f"  records: {_q(source.list.records)}"
        paging = source.paging
        pairs = {"kind": paging.kind, "page": paging.page, "size": paging.size, "page_size": paging.page_size}
        pairs |= {"start": paging.start, "total": paging.total}
        yield "paging: {" + ", ".join(f"{name}: {_q(value)}" for name, value in pairs.items()) + "}"


def _written(guess: Guess) -> bool:
    return guess.field in FIELD_TARGETS and guess.sure >= LIKELY


def _field_line(guess: Guess) -> str:
    others = "；也可能是 " + "、".join(f"{n} {s:g}" for n, s in guess.others.items()) if guess.others else ""
    if _written(guess):
        return f"  {_q(guess.heading)}: {guess.field}    # {guess.sure:g}{others}"
    if guess.field:
        own = "由程序自动识别" if guess.field not in FIELD_TARGETS else "没有把握"
        return f"  # {_q(guess.heading)}: {guess.field}    # {guess.sure:g}，{own}{others}"
    if guess.role:
        return f"  # {_q(guess.heading)}: 由程序自动识别为 {guess.role}"
    return f"  # {_q(guess.heading)}: null    # 未识别，{guess.filled} 条有值{others}"


def _code_lines(unknown: Sequence[UnknownCode]) -> Iterator[str]:
    yield "# 下面的代码没有公认的含义，请向来源单位核实后填写，并去掉“#”："
    yield "# code_maps:"
    for field in dict.fromkeys(code.field for code in unknown):
        yield f"#   {field}:"
        for code in unknown:
            if code.field == field:
                like = f"，写法接近 {'、'.join(code.like)}" if code.like else ""
                yield f"#     {_q(code.value)}:     # {code.count} 条{like}"


def _q(value: Any) -> str:
    """A YAML scalar on one line; JSON's texts are YAML's."""
    text = json.dumps(value, ensure_ascii=False)
    return re.sub(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]", lambda m: f"\\u{ord(m[0]):04x}", text)
