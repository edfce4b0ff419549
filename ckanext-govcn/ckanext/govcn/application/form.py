"""The application form, PURE: `form.yaml` names the fields; `faults` says what is wrong with an answer.

Drafts may lack anything, but what is there is in order; `complete` asks for everything.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Any, cast

import yaml

from ckanext.govcn.catalog.identifiers import compact, uscc_valid
from ckanext.govcn.workflow.form import (
    Fault,
    FormField,
    holds_identity_number,
    missing,
    too_long,
    unusable,
    wrong_end,
)
from ckanext.govcn.workflow.table import Named

LEGAL_ENTITY, PERSON = "legal_entity", "person"


@dataclass(frozen=True, slots=True)
class Form:
    """`form.yaml`. `open_applications` and `longest_use_days` are the operator's limits."""

    fields: Mapping[str, FormField]
    subject_kinds: Mapping[str, Named]
    longest_use_days: int
    open_applications: int


@functools.cache
def form() -> Form:
    """The form, read once."""
    text = resources.files("ckanext.govcn.application").joinpath("form.yaml").read_text("utf-8")
    given = cast("dict[str, Any]", yaml.safe_load(text))
    return Form(
        fields={name: FormField(name, **about) for name, about in given["fields"].items()},
        subject_kinds={name: Named(name, **about) for name, about in given["subject_kinds"].items()},
        longest_use_days=given["longest_use_days"],
        open_applications=given["open_applications"],
    )


def read(given: Mapping[str, object]) -> dict[str, str]:
    """The form's fields as stored: text without blanks around it and with one kind of line end; others are left out.

    What is no text counts as empty. A code is written as codes are compared.
    """
    answers: dict[str, str] = {}
    for name, field in form().fields.items():
        value = given.get(name)
        text = value.replace("\r\n", "\n").strip() if isinstance(value, str) else ""
        answers[name] = compact(text) if field.type == "uscc" and len(text) <= field.limit else text
    return answers


def faults(answers: Mapping[str, str], today: date, *, complete: bool) -> list[Fault]:
    """What is wrong with the answers, in the form's order; `complete`: nothing may be missing."""
    found: list[Fault] = []
    for field in form().fields.values():
        value = answers.get(field.name, "")
        if value:
            found += _wrong_with(field, value, today)
        elif complete and field.name != "subject_uscc":
            found.append(missing(field))
    kind, code = answers.get("subject_kind"), answers.get("subject_uscc", "")
    if complete and kind == LEGAL_ENTITY and not code:
        found.append(
            Fault("subject_uscc", "法人或其他组织请填写统一社会信用代码", "A legal entity has to give its code")
        )
    if kind == PERSON and code:
        found.append(
            Fault("subject_uscc", "自然人不填统一社会信用代码，请清空", "A person has no such code; please clear it")
        )
    return found


def _wrong_with(field: FormField, value: str, today: date) -> list[Fault]:
    """At most one fault: the first that applies."""
    if long := too_long(field, value):
        return long
    if field.type == "choice":
        wrong = value not in form().subject_kinds
        return [Fault(field.name, f"请选择：{field.zh}", f"Please choose: {field.en}")] if wrong else []
    if field.type == "uscc":
        return [] if uscc_valid(value) and not holds_identity_number(value) else [_wrong_code(field)]
    if field.type == "date":
        return wrong_end(field, value, today, form().longest_use_days)
    return _wrong_text(field, value)


def _wrong_code(field: FormField) -> Fault:
    return Fault(field.name, f"{field.zh}不正确，请核对 18 位代码", f"{field.en}: please check its 18 characters")


def _wrong_text(field: FormField, value: str) -> list[Fault]:
    if wrong := unusable(field, value, one_line=field.type == "line"):
        return wrong
    if holds_identity_number(value):
        return [
            Fault(
                field.name,
                f"{field.zh}中有身份证号码，请删去；申请不需要身份证号码",
                f"{field.en} holds an identity number; please take it out, an application needs none",
            )
        ]
    return []
