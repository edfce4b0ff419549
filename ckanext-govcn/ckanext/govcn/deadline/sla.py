"""The table of 办理时限, PURE: `sla.yaml` beside this file, then `sla.yaml` of the operator's configuration.

>>> load_sla().term("share_request", "conditional").days
10
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any, NoReturn, cast

import yaml

from ckanext.govcn.deadline.exceptions import SettingsInvalid, UnknownTerm

FILE = "sla.yaml"
RECIPIENTS = ("handler", "authority")
MOST_DAYS = 1000


@dataclass(frozen=True, slots=True)
class Term:
    """One row: `days` and `extension` are working days; `verified` says that the days were read in a published copy.

    `extension` is the most that the one extension may add, 0 for none, and `consent` whose consent it needs. What
    `article` leaves empty was not found in the copy that was read.
    """

    process: str
    type: str
    title: str
    title_en: str
    days: int
    extension: int
    consent: str
    regulation: str
    article: str
    edition: str
    verified: bool
    origin: str

    @property
    def basis(self) -> str:
        """The legal basis as a sentence names it."""
        return f"{self.regulation}{self.article}"


@dataclass(frozen=True, slots=True)
class Offset:
    """When to remind and whom: `at` working days from the due day; `to` handler (承办人) or authority (主管部门)."""

    at: int
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sla:
    """The whole table, in the order of the files."""

    terms: tuple[Term, ...]
    reminders: tuple[Offset, ...]

    def term(self, process: str, type_: str = "") -> Term:
        """The row of a process and type; the type may be left out where there is one only. Raises UnknownTerm."""
        rows = [row for row in self.terms if row.process == process and type_ in (row.type, "")]
        if len(rows) == 1:
            return rows[0]
        known = ", ".join(f"{row.process} {row.type}".strip() for row in self.terms)
        raise UnknownTerm(wanted=f"{process} {type_}".strip(), known=known)


def load_sla(folder: Path | None = None) -> Sla:
    """The shipped table, with the rows of `folder`/sla.yaml in place of its own. Raises SettingsInvalid."""
    shipped = sla_of(resources.files(__package__ or "").joinpath(FILE).read_text("utf-8"), FILE)
    own = folder / FILE if folder else None
    if own is None or not own.is_file():
        return shipped
    try:
        local = sla_of(own.read_text("utf-8"), str(own))
    except UnicodeError as error:
        raise SettingsInvalid(file=own, why="不是 UTF-8 文本", why_en="it is not UTF-8") from error
    rows = {(row.process, row.type): row for row in (*shipped.terms, *local.terms)}
    return Sla(tuple(rows.values()), local.reminders or shipped.reminders)


def sla_of(text: str, file: str) -> Sla:
    """The table that a text states. Raises SettingsInvalid, with the place."""
    try:
        given: Any = yaml.safe_load(text) or {}
    except (yaml.YAMLError, RecursionError) as error:
        raise SettingsInvalid(file=file, why="不是有效的 YAML", why_en="it is not YAML") from error
    top = _mapping(given, {"terms", "reminders"}, file, "文件")
    terms = tuple(
        _term(row, file, f"terms {number}") for number, row in enumerate(_list(top.get("terms"), file, "terms"), 1)
    )
    twice = _first_twice((row.process, row.type) for row in terms)
    if twice:
        _fault(file, " ".join(twice), "写了两次", "is there twice")
    offsets = (
        _offset(each, file, f"reminders {number}")
        for number, each in enumerate(_list(top.get("reminders"), file, "reminders"), 1)
    )
    return Sla(terms, tuple(sorted(offsets, key=lambda each: each.at)))


def _term(row: Any, file: str, place: str) -> Term:
    values = _mapping(row, {each.name for each in fields(Term)}, file, place)
    for each in fields(Term):
        value = values.get(each.name)
        if type(value).__name__ != each.type:
            _fault(file, f"{place} {each.name}", f"应为 {each.type}", f"must be {each.type}")
    term = Term(**values)
    if not (term.process and term.title and term.regulation and term.origin):
        _fault(file, place, "process、title、regulation、origin 必填", "needs process, title, regulation and origin")
    if not 1 <= term.days <= MOST_DAYS or not 0 <= term.extension <= MOST_DAYS:
        _fault(file, place, f"天数应在 1 到 {MOST_DAYS} 之间", f"days must be 1 to {MOST_DAYS}")
    return term


def _offset(row: Any, file: str, place: str) -> Offset:
    values = _mapping(row, {"at", "to"}, file, place)
    at, to = values.get("at"), _list(values.get("to"), file, place)
    if type(at) is not int or abs(at) > MOST_DAYS or not to or any(each not in RECIPIENTS for each in to):
        _fault(file, place, f"at 应为整数，to 应取自 {'、'.join(RECIPIENTS)}", f"needs a whole number and {RECIPIENTS}")
    return Offset(at, tuple(map(str, to)))


def _mapping(value: Any, known: set[str], file: str, place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        _fault(file, place, "应为键和值", "must be keys and values")
    given = cast("dict[Any, Any]", value)
    unknown = sorted(str(key) for key in given if key not in known)
    if unknown:
        _fault(file, place, f"没有 {'、'.join(unknown)} 这样的键", f"takes no {', '.join(unknown)}")
    return given


def _list(value: Any, file: str, place: str) -> list[Any]:
    if value is not None and not isinstance(value, list):
        _fault(file, place, "应为列表", "must be a list")
    return cast("list[Any]", value or [])


def _first_twice(keys: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    seen: set[tuple[str, str]] = set()
    for key in keys:
        if key in seen:
            return key
        seen.add(key)
    return None


def _fault(file: str, place: str, why: str, why_en: str) -> NoReturn:
    raise SettingsInvalid(file=file, why=f"{place} {why}", why_en=f"{place} {why_en}")
