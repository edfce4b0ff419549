"""Who somebody is, and how a provider's answer says it. PURE.

>>> answer = {"data": {"uid": "u-1", "name": "示例公司", "type": 2, "level": "3"}}
>>> reading = Reading(("data", "uid"), ("data", "name"), Choice(("data", "type"), {"2": "legal_person"}),
...     Choice(("data", "level"), {"3": "strong"}))
>>> identity_of("province", reading, answer, datetime(2026, 1, 5)).kind
'legal_person'
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, cast

from stdnum.cn import ric

from ckanext.govcn.identity.exceptions import AnswerInvalid

Kind = Literal["person", "legal_person"]
PERSON: Kind = "person"
LEGAL_PERSON: Kind = "legal_person"
KINDS: dict[str, Kind] = {"person": PERSON, "legal_person": LEGAL_PERSON}
UNTRUSTED = ""
"""The trust of an identity whose level the provider does not say, or says in a word that nobody explained."""

Path = tuple[str, ...]

LONGEST_SUBJECT = 512
LONGEST_NAME = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_IDENTITY_NUMBER = re.compile(r"(?<![0-9A-Za-z])[0-9]{17}[0-9Xx](?![0-9A-Za-z])")


@dataclass(frozen=True, slots=True)
class Level:
    """One step of the operator's scale of trust (实名等级)."""

    name: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that the provider gives at `at` and that `values` explains; `default` for what it does not."""

    at: Path = ()
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    default: str = ""

    def of(self, answer: object) -> str:
        """What the answer says, in our words."""
        return self.values.get(text_at(answer, self.at), self.default) if self.at else self.default


@dataclass(frozen=True, slots=True)
class Reading:
    """Where an answer says what."""

    subject: Path
    name: Path
    kind: Choice
    trust: Choice


@dataclass(frozen=True, slots=True)
class Identity:
    """What is left of a provider's answer. `subject` is the provider's own name for the person: it is digested before
    it is stored, and neither it nor the name is shown by `repr`. `verified_at`: when the answer was verified."""

    provider: str
    subject: str = field(repr=False)
    name: str = field(repr=False)
    kind: Kind
    trust: str
    verified_at: datetime


def identity_of(provider: str, reading: Reading, answer: object, now: datetime) -> Identity:
    """The identity in a verified answer. Raises AnswerInvalid (subject, kind)."""
    subject = text_at(answer, reading.subject)
    if not subject or len(subject) > LONGEST_SUBJECT or _CONTROL.search(subject):
        raise AnswerInvalid(rule="subject")
    kind = KINDS.get(reading.kind.of(answer))
    if kind is None:
        raise AnswerInvalid(rule="kind")
    return Identity(provider, subject, shown_name(text_at(answer, reading.name)), kind, reading.trust.of(answer), now)


def shown_name(given: str) -> str:
    """The name as pages may show it: one line, and none at all when it holds an identity number."""
    name = _CONTROL.sub(" ", given).strip()[:LONGEST_NAME]
    return "" if any(ric.is_valid(found.upper()) for found in _IDENTITY_NUMBER.findall(name)) else name


def text_at(answer: object, path: Path) -> str:
    """The text or whole number at this place of parsed JSON (a list's places are numbers from 0), else nothing."""
    for step in path:
        if isinstance(answer, dict):
            answer = cast("dict[str, object]", answer).get(step)
        elif isinstance(answer, list) and step.isdecimal() and len(step) < 5:
            items = cast("list[object]", answer)
            answer = items[int(step)] if int(step) < len(items) else None
        else:
            return ""
    if isinstance(answer, bool) or not isinstance(answer, str | int):
        return ""
    return answer.strip() if isinstance(answer, str) else str(answer) if abs(answer) < 10**30 else ""


def trusted_enough(trust: str, least: str, levels: Mapping[str, Level]) -> bool:
    """Does `trust` reach `least`? Any level of the scale does where `least` is empty; one outside it never does."""
    order = list(levels)
    if trust not in order or (least and least not in order):
        return False
    return not least or order.index(trust) >= order.index(least)
