"""What a request for sharing states, PURE: `form.yaml` names the fields; `faults` says what is wrong with an answer.

Drafts may lack anything, but what is there is in order; `complete` asks for everything.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Any, cast

import yaml

from ckanext.govcn.catalog import codes
from ckanext.govcn.catalog.text import storable
from ckanext.govcn.workflow.form import (
    Fault,
    FormField,
    holds_identity_number,
    missing,
    too_long,
    unusable,
    wrong_end,
)

METHODS = "share_method"
"""The code table of 共享方式: 接口, 库表, 文件."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Form:
    """`form.yaml`."""

    fields: Mapping[str, FormField]
    longest_use_days: int


@functools.cache
def form() -> Form:
    """The form, read once."""
    text = resources.files("ckanext.govcn.sharing").joinpath("form.yaml").read_text("utf-8")
    given = cast("dict[str, Any]", yaml.safe_load(text))
    return Form({name: FormField(name, **about) for name, about in given["fields"].items()}, given["longest_use_days"])


def read(given: Mapping[str, object]) -> dict[str, str]:
    """The form's fields as stored: text without blanks around it and with one kind of line end; others are left out.

    What is no text counts as empty. A way of sharing may be named by its code or its label.
    """
    answers: dict[str, str] = {}
    for name, field in form().fields.items():
        value = given.get(name)
        text = storable(value).replace("\r\n", "\n").replace("\r", "\n").strip() if isinstance(value, str) else ""
        answers[name] = codes.table(METHODS).code_of(text) or text if field.type == "choice" else text
    return answers


def faults(answers: Mapping[str, str], today: date, *, complete: bool) -> list[Fault]:
    """What is wrong with the answers, in the form's order; `complete`: nothing may be missing."""
    found: list[Fault] = []
    for field in form().fields.values():
        value = answers.get(field.name, "")
        if value:
            found += _wrong_with(field, value, today)
        elif complete or field.name == "title":
            found.append(missing(field))
    return found


def _wrong_with(field: FormField, value: str, today: date) -> list[Fault]:
    """At most one fault: the first that applies."""
    if long := too_long(field, value):
        return long
    if field.type == "choice":
        known = codes.table(METHODS)
        labels = "、".join(known.label(code) for code in known)
        wrong = Fault(field.name, f"{field.zh}应为：{labels}", f"{field.en} must be one of: {', '.join(known)}")
        return [] if value in known else [wrong]
    if field.type == "date":
        return wrong_end(field, value, today, form().longest_use_days)
    return _wrong_text(field, value)


def _wrong_text(field: FormField, value: str) -> list[Fault]:
    if wrong := unusable(field, value, one_line=field.type == "line", control=_CONTROL):
        return wrong
    if holds_identity_number(value):
        return [Fault(field.name, f"{field.zh}中有身份证号码，请删去", f"{field.en}: take the identity number out")]
    return []
