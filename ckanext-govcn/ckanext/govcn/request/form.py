"""What people write into requests, PURE: `forms.yaml` names the fields; what is wrong with an answer or with a step.

Drafts may lack anything, but what is there is in order; `complete` asks for everything that is not optional.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources
from typing import Any, cast

import yaml

from ckanext.govcn.catalog import codes
from ckanext.govcn.catalog.text import storable
from ckanext.govcn.request.kinds import CORRECTION, DEMAND
from ckanext.govcn.workflow.form import Fault, FormField, day_of, holds_identity_number, missing, too_long, unusable
from ckanext.govcn.workflow.table import Field, Named

_ONE_LINE = frozenset({"department", "public_title", "dataset"})
CYCLES = "update_cycle"


@dataclass(frozen=True, slots=True)
class Forms:
    """`forms.yaml`: the fields by kind, the kinds of errors, and the operator's limits."""

    fields: Mapping[str, Mapping[str, FormField]]
    error_kinds: Mapping[str, Named]
    promised_levels: tuple[str, ...]
    open_requests: int
    dispute_days: int
    longest_promise_days: int


@functools.cache
def forms() -> Forms:
    """The forms, read once."""
    text = resources.files(__package__ or "").joinpath("forms.yaml").read_text("utf-8")
    given = cast("dict[str, Any]", yaml.safe_load(text))
    return Forms(
        fields={
            kind: {name: FormField(name, **about) for name, about in given[kind].items()}
            for kind in (DEMAND, CORRECTION)
        },
        error_kinds={name: Named(name, **about) for name, about in given["error_kinds"].items()},
        promised_levels=tuple(given["promised_levels"]),
        open_requests=given["open_requests"],
        dispute_days=given["dispute_days"],
        longest_promise_days=given["longest_promise_days"],
    )


def choices(field: FormField) -> Mapping[str, tuple[str, str]]:
    """What may be chosen in a field, each in Chinese and in English; nothing for fields of text and of departments."""
    if field.type == "choice":
        return {each.name: (each.zh, each.en) for each in forms().error_kinds.values()}
    if field.type != "cycle":
        return {}
    return labels(CYCLES, codes.table(CYCLES).codes)


def labels(table: str, names: Any) -> dict[str, tuple[str, str]]:
    """Codes of a code table with their labels in Chinese and in English."""
    known = codes.table(table)
    return {name: (known.label(name), known.label_en(name)) for name in names}


def read(kind: str, given: Mapping[str, object]) -> dict[str, str]:
    """The form's fields as stored: text without blanks around it and with one kind of line end; others are left out.

    What is no text counts as empty.
    """
    return {name: _text(given.get(name)) for name in forms().fields[kind]}


def faults(kind: str, answers: Mapping[str, str], *, complete: bool) -> list[Fault]:
    """What is wrong with the answers, in the form's order; `complete`: nothing may be missing. Whether a department is
    one is the database's to say."""
    found: list[Fault] = []
    for field in forms().fields[kind].values():
        value = answers.get(field.name, "")
        if value:
            found += _wrong_with(field, value)
        elif complete and not field.optional:
            found.append(missing(field))
    return found


def step_faults(fields: Mapping[str, Field], given: Mapping[str, str], today: date) -> list[Fault]:
    """What is wrong with what a step was given, whatever the step needs."""
    found: list[Fault] = []
    for name, field in fields.items():
        value = given.get(name, "")
        if not value:
            continue
        found += _wrong_text(field, value, one_line=name in _ONE_LINE) or _wrong_promise(name, value, today)
    return found


def _text(value: object) -> str:
    return storable(value).replace("\r\n", "\n").strip() if isinstance(value, str) else ""


def _wrong_with(field: FormField, value: str) -> list[Fault]:
    """At most one fault: the first that applies."""
    wrong = _wrong_text(field, value, one_line=field.type == "line")
    offered = choices(field)
    if not wrong and offered and value not in offered:
        return [Fault(field.name, f"请选择：{field.zh}", f"Please choose: {field.en}")]
    return wrong


def _wrong_text(field: FormField | Field, value: str, *, one_line: bool) -> list[Fault]:
    if wrong := too_long(field, value) or unusable(field, value, one_line=one_line):
        return wrong
    if holds_identity_number(value):
        return [
            Fault(
                field.name,
                f"{field.zh}中有身份证号码，请删去；这里不需要身份证号码",
                f"{field.en} holds an identity number; please take it out, none is needed here",
            )
        ]
    return []


def _wrong_promise(name: str, value: str, today: date) -> list[Fault]:
    if name == "promised_level" and value not in forms().promised_levels:
        return [Fault(name, "请选择开放类型", "Please choose the level")]
    if name != "promised_on":
        return []
    promised = day_of(value)
    last = today + timedelta(days=forms().longest_promise_days)
    if promised is not None and today < promised <= last:
        return []
    return [
        Fault(
            name,
            f"开放日期应为今天之后、不晚于 {last.isoformat()} 的日期，如 2027-06-30",
            f"The day must be after today and not after {last.isoformat()}, like 2027-06-30",
        )
    ]
