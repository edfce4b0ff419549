"""Heading recognition: each heading → one field or None, from its name and from the values below it.

    score = name (0…1, see `headings`) + what the values add or take away (see `fits`)

A field that is single has one heading, the best; a heading has one field. Names alone can be wrong (机构分类 with
departments below it, 开放条件 with levels below it), values alone are enough for what cannot be mistaken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from ckanext.govcn.catalog import codes

from harvesters.normalize import headings
from harvesters.normalize.columns import Column, columns_of
from harvesters.normalize.headings import evidence
from harvesters.record import Records

THRESHOLD = 0.5
FEW = 30  # values; below it, how often they repeat says nothing
DATES = ("pub_date", "data_updated")


@dataclass(frozen=True, slots=True)
class Recognition:
    """`fields`: every heading met → field (with the helper names of headings.yaml) or None."""

    fields: Mapping[str, str | None]
    scores: Mapping[str, float] = field(default_factory=dict[str, float])

    def headings_of(self, name: str) -> list[str]:
        return [heading for heading, found in self.fields.items() if found == name]

    def shown(self) -> dict[str, str | None]:
        """As the preview prints it: helper names become the entry's field they end in, or None."""
        as_ = cast("dict[str, str | None]", evidence()["shown_as"])
        return {h: _shown(f, as_) for h, f in self.fields.items()}


def _shown(name: str | None, as_: Mapping[str, str | None]) -> str | None:
    if name is None:
        return None
    return "items" if name.startswith("items") else as_.get(name, name)


@dataclass(frozen=True, slots=True)
class _Candidate:
    score: float
    place: int
    heading: str
    field: str


def recognise(
    records: Records,
    fixed: Mapping[str, str | None] | None = None,
    without: Iterable[str] = (),
) -> Recognition:
    """Recognise the headings of these records. `fixed` are those a source states; `without` leaves synonyms out."""
    columns = columns_of(records)
    met = {column.heading for column in columns}
    fixed = {heading: name for heading, name in (fixed or {}).items() if heading in met}
    left_out = frozenset(headings.plain(name) for name in without)
    free = [column for column in columns if column.heading not in fixed]
    candidates = [c for column in free for c in _candidates(column, left_out)]
    candidates = _of_items_only_with_names(candidates, taken=fixed.values())
    chosen, scores = _choose(candidates, taken=[f for f in fixed.values() if f])
    _weak_themes(chosen, scores)
    _dates_by_order(free, chosen, scores)
    _notes_beside_title(free, chosen)
    _fall_back(free, chosen)
    _levels_in_conditions(free, chosen)
    _codes_are_no_flags(free, chosen)
    fields = {c.heading: fixed[c.heading] if c.heading in fixed else chosen.get(c.heading) for c in columns}
    return Recognition(fields, scores)


def guesses(records: Records) -> dict[str, dict[str, float]]:
    """Everything that each heading might be, best first, with its score: for people who decide what is unsure."""
    found: dict[str, dict[str, float]] = {}
    for column in columns_of(records):
        scored = sorted(_candidates(column, frozenset()), key=lambda c: (-c.score, c.place))
        found[column.heading] = {c.field: c.score for c in scored if c.score > 0 and c.field != "ignored"}
    return found


def _candidates(column: Column, left_out: frozenset[str]) -> Iterable[_Candidate]:
    by_name = headings.names(column.heading, left_out)
    for name, (score, place) in by_name.items():
        yield _Candidate(score + _added(name, column), place, column.heading, name)
    if "ignored" in by_name or not column.given:
        return
    for name, alone in ALONE.items():
        if name not in by_name and (score := alone(column)) > 0:
            yield _Candidate(score, 100, column.heading, name)


def _of_items_only_with_names(candidates: list[_Candidate], taken: Iterable[str | None]) -> list[_Candidate]:
    """数据类型, 类型, 长度 describe 数据项 only beside a column of their names; else they are the dataset's own."""
    if "items.name" in {*taken, *(c.field for c in candidates)}:
        return candidates
    return [c for c in candidates if not c.field.startswith("items.")]


def _choose(candidates: list[_Candidate], taken: list[str]) -> tuple[dict[str, str | None], dict[str, float]]:
    several = frozenset(cast("list[str]", evidence()["several"])) | {"ignored"}
    used = set(taken) - several
    chosen: dict[str, str | None] = {}
    scores: dict[str, float] = {}
    for candidate in sorted(candidates, key=lambda c: (-c.score, c.place)):
        if candidate.score < THRESHOLD or candidate.heading in chosen or candidate.field in used:
            continue
        chosen[candidate.heading] = candidate.field
        scores[candidate.heading] = round(candidate.score, 3)
        if candidate.field not in several:
            used.add(candidate.field)
    return chosen, scores


def _weak_themes(chosen: dict[str, str | None], scores: Mapping[str, float]) -> None:
    """基础分类 and 二级分类 with words of their own are themes only where nothing better is."""
    themes = [heading for heading, name in chosen.items() if name == "theme"]
    best = max((scores[heading] for heading in themes), default=0.0)
    for heading in themes:
        if scores[heading] < THRESHOLD + 0.05 < best:
            chosen[heading] = None


def _dates_by_order(columns: Sequence[Column], chosen: dict[str, str | None], scores: dict[str, float]) -> None:
    """Dates under headings that say nothing: the earlier column is the publication, the later one the update."""
    nameless = [c for c in columns if c.heading not in chosen and c.given and c.share("day") >= 0.9 and _is_date(c)]
    free = [name for name in DATES if name not in chosen.values()]
    if not free or len(nameless) > len(free) + 1:
        return
    nameless.sort(key=lambda c: c.mean_day)
    if len(free) == 1 and nameless and _has_no_name(nameless[0].heading):
        chosen[nameless[0].heading] = free[0]
    elif len(free) == len(DATES) and nameless:
        for column, name in zip(nameless, DATES, strict=False):
            if _has_no_name(column.heading):
                chosen[column.heading] = name
                scores[column.heading] = THRESHOLD


def _notes_beside_title(columns: Sequence[Column], chosen: dict[str, str | None]) -> None:
    """Texts under a heading that says nothing, beside a title: of the two the longer one describes."""
    title = next((c for c in columns if chosen.get(c.heading) == "title"), None)
    if title is None or "notes" in chosen.values():
        return
    texts = [c for c in columns if c.heading not in chosen and not headings.names(c.heading) and _is_prose(c, title)]
    if not texts:
        return
    notes = max(texts, key=lambda c: c.length)
    chosen[notes.heading] = "notes"
    if not headings.names(title.heading) and title.length > 1.2 * notes.length:
        chosen[title.heading], chosen[notes.heading] = "notes", "title"


def _is_prose(column: Column, title: Column) -> bool:
    others = ("day", "url", "count", "department", "theme", "label", "format", "words")
    other = max(column.share(name) for name in others)
    long_enough = column.length >= 0.6 * title.length and column.distinct > 0.3
    return long_enough and column.share("chinese") > 0.8 and other < 0.5


def _is_date(column: Column) -> bool:
    return column.share("count") < 0.5 or column.mean_day > "1990" and column.length in {8.0, 10.0, 13.0}


def _has_no_name(heading: str) -> bool:
    return not any(f not in {*DATES, "remote_id"} for f in headings.names(heading))


def _fall_back(columns: Sequence[Column], chosen: dict[str, str | None]) -> None:
    """No heading of its own for a field: read the one that the table names instead (open_type from 开放条件)."""
    rules = cast("dict[str, str]", codes.data("headings")["fallback"])
    by_heading = {c.heading: c for c in columns}
    for name, instead in rules.items():
        if name in chosen.values() or (name == "open_type" and "open_flag" in chosen.values()):
            continue
        for heading, found in list(chosen.items()):
            if found == instead and not (name == "open_type" and _is_free_text(by_heading[heading])):
                chosen[heading] = name


def _levels_in_conditions(columns: Sequence[Column], chosen: dict[str, str | None]) -> None:
    """开放方式 with places below it and 开放条件 with levels below it: the levels win. So do levels below 获取方式."""
    by_heading = {c.heading: c for c in columns}
    of = {found: by_heading[heading] for heading, found in chosen.items() if heading in by_heading}
    type_, condition = of.get("open_type"), of.get("open_condition")
    if type_ and condition and type_.share("level") < 0.2 and condition.share("level") >= 0.5:
        chosen[type_.heading], chosen[condition.heading] = "open_method", "open_type"
    method = of.get("open_method")
    if not type_ and method and "open_flag" not in of and method.share("level") >= 0.5:
        chosen[method.heading] = "open_type"


def _codes_are_no_flags(columns: Sequence[Column], chosen: dict[str, str | None]) -> None:
    """0 and 1 below isOpen: at one portal 0 is 无条件开放, at another 不开放. Codes, so nothing is decided by them."""
    for column in columns:
        if chosen.get(column.heading) == "open_flag" and column.share("count") > 0.9 and column.heading.isascii():
            chosen[column.heading] = None if "open_type" in chosen.values() else "open_type"


def _is_free_text(column: Column) -> bool:
    """Conditions as sentences, not levels: long, and almost none of them a known label."""
    no_levels = column.length > 14 or column.share("level_words") < 0.1
    return column.given > 0 and column.share("level") < 0.1 and no_levels


def _added(name: str, column: Column) -> float:
    """What the values add to a name: up to +0.6, down to -1 when they cannot be values of that field."""
    fit = FITS.get(name)
    if fit is None or not column.given:
        return -0.05 if not column.given else 0.0
    return fit(column)


def _by_share(*names: str, gain: float = 0.5, loss: float = 0.4, low: float = 0.1) -> Callable[[Column], float]:
    """+gain × share when at least `low` of the values are readable, else -loss."""

    def fit(column: Column) -> float:
        share = max(column.share(name) for name in names)
        return gain * share if share >= low else -loss

    return fit


def _date(column: Column) -> float:
    """Months and years are dates of a column that its name calls so; no day is made up for them."""
    share = column.share("day") + column.share("month")
    return 0.5 * share if share >= 0.5 else -1.0


def _url(column: Column) -> float:
    return 0.5 if column.share("url") >= 0.6 else -0.8


def _download(column: Column) -> float:
    return 0.5 if max(column.share("url"), column.share("path")) >= 0.6 else -0.8


def _title(column: Column) -> float:
    if max(column.share("url"), column.share("day"), column.share("count")) > 0.3:
        return -0.8
    if column.share("chinese") < 0.3:  # an English catalogue; anything Chinese beside it is the better title
        return -0.4 if column.share("id") < 0.5 else -0.8
    penalty = 0.5 if column.share("department") > 0.8 and column.distinct < 0.3 else 0.0
    return min(column.distinct, 1.0) * 0.4 - penalty - (0.3 if column.length > 80 else 0.0)


def _notes(column: Column) -> float:
    if column.share("day") > 0.5 or column.share("url") > 0.5 or column.share("count") > 0.8:
        return -0.8
    return 0.2 if column.length > 8 else 0.0


def _provider(column: Column) -> float:
    share = column.share("department")
    if share >= 0.3:
        return 0.5 * share
    return -0.7 if column.share("chinese") < 0.3 else -0.3


def _cycle(column: Column) -> float:
    if column.share("cycle") >= 0.3:
        return 0.5 * column.share("cycle")
    return -0.8 if column.share("day") > 0.5 and column.length > 5 or column.length > 30 else -0.2


def _theme(column: Column) -> float:
    """Portals have themes of their own: a few short Chinese words are themes when the name says so."""
    known = 0.4 * column.share("theme") if column.share("theme") >= 0.1 else -0.2
    few = column.distinct < 0.4 and column.given >= 8 and column.length <= 12 and column.share("chinese") > 0.8
    other = max(column.share(name) for name in ("department", "label", "cycle", "sharing", "flag", "format"))
    return max(known, 0.1 if few and other < 0.3 else -0.2)


def _level(column: Column) -> float:
    share = max(column.share("level"), 0.8 * column.share("label"), 0.5 * column.share("level_words"))
    if column.share("sharing") > 0.5 and share < 0.2:
        return -0.3
    if (column.share("day") > 0.8 and column.length > 5) or column.share("cycle") > 0.8:
        return -0.8
    return 0.5 * share - (0.15 if share < 0.05 else 0.0)


def _count(column: Column) -> float:
    if column.share("count") < 0.6:
        return -0.8
    return 0.2 * column.share("count") + min(0.2, column.distinct)


def _id(column: Column) -> float:
    return 0.3 * column.distinct if column.share("id") > 0.9 and column.share("day") < 0.9 else -0.6


def _code(column: Column) -> float:
    return 0.3 * column.distinct if column.share("code") > 0.5 else -0.6


def _tags(column: Column) -> float:
    if column.share("day") > 0.5 or column.share("url") > 0.3 or column.share("count") > 0.8:
        return -0.8
    return 0.1 + 0.3 * column.share("several")


def _unit(column: Column) -> float:
    return -0.6 if column.share("day") > 0.5 or column.share("count") > 0.8 else 0.1


def _objects(column: Column) -> float:
    return 0.4 if column.share("objects") > 0 else -1.0


FITS: Mapping[str, Callable[[Column], float]] = {
    "items": _objects,
    "resources": _objects,
    "title": _title,
    "notes": _notes,
    "provider": _provider,
    "provider_unit": _unit,
    "provider_uscc": _by_share("uscc", "code", gain=0.2, loss=0.5),
    "provider_region": _by_share("region", gain=0.4, loss=0.5, low=0.3),
    "theme": _theme,
    "industry": _by_share("industry", "theme", "chinese", gain=0.1, loss=0.2),
    "open_type": _level,
    "open_flag": _by_share("flag", "level", gain=0.3, loss=0.6, low=0.5),
    "update_cycle": _cycle,
    "pub_date": _date,
    "data_updated": _date,
    "tags": _tags,
    "formats": _by_share("format", gain=0.4, loss=0.2),
    "format_class": _by_share("format", gain=0.2, loss=0.3),
    "url": _url,
    "download_url": _download,
    "record_count": _count,
    "remote_id": _id,
    "source_code": _code,
    "contact_phone": _by_share("phone", gain=0.2, loss=0.3),
    "contact_email": _by_share("email", "phone", gain=0.2, loss=0.5),
    "share_type": _by_share("sharing", gain=0.4, loss=0.3),
}
"""How well the values fit a field that the name already suggests."""


def _known_values(share: str, base: float, *, most: float = 1.0) -> Callable[[Column], float]:
    """Values that only one field has: enough without a name."""

    def alone(column: Column) -> float:
        value = column.share(share)
        repeats = column.distinct <= most or column.given < FEW
        return base * value if value >= 0.6 and repeats and column.length <= 40 else 0.0

    return alone


def _title_alone(column: Column) -> float:
    fits = column.share("chinese") > 0.8 and 4 <= column.length <= 45 and column.distinct > 0.4
    other = max(column.share("department"), column.share("day"), column.share("url"), column.share("several"))
    return 0.5 + 0.1 * column.distinct if fits and other < 0.4 else 0.0


def _notes_alone(column: Column) -> float:
    return 0.52 if column.share("chinese") > 0.8 and column.length > 25 and column.share("sentence") > 0.5 else 0.0


def _provider_alone(column: Column) -> float:
    share = column.share("department")
    most = 0.95 if share > 0.95 and column.given < 10 * FEW else 0.7  # a short list hardly repeats a department
    return 0.7 * share if share > 0.75 and (column.distinct < most or column.given < FEW) else 0.0


def _level_alone(column: Column) -> float:
    if column.length > 20 or (column.distinct > 0.5 and column.given >= FEW) or column.share("sharing") > 0.5:
        return 0.0
    return 0.75 * column.share("label") if column.share("label") >= 0.5 else 0.0


def _url_alone(column: Column) -> float:
    return 0.6 if column.share("url") > 0.9 and column.length > 12 else 0.0


def _tags_alone(column: Column) -> float:
    other = max(column.share("theme"), column.share("format"), column.share("department"))
    words = column.share("words") > 0.7 and column.share("chinese") > 0.8 and column.length < 40
    return 0.55 if words and other < 0.5 else 0.0


ALONE: Mapping[str, Callable[[Column], float]] = {
    "update_cycle": _known_values("cycle", 0.75, most=0.5),
    "open_type": _level_alone,
    "share_type": _known_values("sharing", 0.6, most=0.5),
    "theme": _known_values("theme", 0.65, most=0.6),
    "industry": _known_values("industry", 0.6, most=0.6),
    "formats": _known_values("format", 0.65, most=0.7),
    "provider": _provider_alone,
    "provider_region": _known_values("region", 0.6, most=0.4),
    "contact_email": _known_values("email", 0.7),
    "url": _url_alone,
    "title": _title_alone,
    "notes": _notes_alone,
    "tags": _tags_alone,
}
"""What values say without any help from the name; always weaker than a name that fits."""
