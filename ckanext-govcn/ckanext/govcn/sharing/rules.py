"""Steps of a request for sharing, PURE: `states.yaml` is the table, `workflow` reads and asks it.

Three rules are not the table's, because they ask what is requested or what was done before:

- 不予共享 (share type 3) is refused with a legal basis only, whatever the class of the reason
  (《政务数据共享条例》第十五条). So is what the asking department could not see in the catalogue and described in
  words, unless there is no such data.
- Incomplete papers are no reason before they could be completed once (第二十二条).
- What was provided is not withdrawn: after a dispute the use goes on, or is ended.

>>> step("submitted", "refuse", Asker("u", {"provider"}), {"reason": "…", "reason_class": "purpose"}, share_type="2")
'refused'
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from datetime import date

from ckanext.govcn.sharing.exceptions import NotToldYet, OtherwiseSince
from ckanext.govcn.workflow import machine
from ckanext.govcn.workflow.exceptions import FieldMissing
from ckanext.govcn.workflow.form import day_of, holds_identity_number
from ckanext.govcn.workflow.machine import BASIS, REASON_CLASS, Asker
from ckanext.govcn.workflow.table import Event, Field, Table, load

REQUESTER, PROVIDER, BUREAU, CLOCK = "requester", "provider", "bureau", "clock"
CONDITIONAL, NOT_SHARED, IN_WORDS = "2", "3", ""
"""What is asked for: 有条件共享, 不予共享 (table share_type), or data that is described in words."""
ASKED_FOR = (CONDITIONAL, NOT_SHARED, IN_WORDS)
MOST_DAYS = 250  # working days of an extension or a level of a dispute: about a year
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
ABSENT, MATERIAL = "absent", "material"
PROVIDE = "provide"


@functools.cache
def table() -> Table:
    """The table, read once. Raises TableError."""
    return load("ckanext.govcn.sharing")


def step(state: str, event: str, asker: Asker, given: Mapping[str, str], *, share_type: str) -> str:
    """The state after the step. Raises StepRefused."""
    to = machine.step(table(), state, event, asker, given)
    if not fits_provision(state, event, asker):
        raise OtherwiseSince(provided=PROVIDE in asker.took)
    if event == "refuse":
        chosen = given[REASON_CLASS]
        if chosen == MATERIAL and state != "completed":
            raise NotToldYet
        if needs_basis(share_type, chosen) and not given.get(BASIS, "").strip():
            about = table().fields[BASIS]
            raise FieldMissing(BASIS, about.zh, about.en)
    return to


def roles_of(*, requester: bool, provider: bool, bureau: bool) -> set[str]:
    """The roles of somebody who is a clerk of these, towards one request. Who is of the department that provides is not
    of the bureau, too: nobody decides on two sides of a case.

    >>> roles_of(requester=False, provider=True, bureau=True)
    {'provider'}
    """
    held = {REQUESTER: requester, PROVIDER: provider, BUREAU: bureau and not provider}
    return {name for name, holds in held.items() if holds}


def steps_for(state: str, asker: Asker) -> list[Event]:
    """The events that this person could take now."""
    return [each for each in machine.steps_for(table(), state, asker) if fits_provision(state, each.name, asker)]


def fits_provision(state: str, event: str, asker: Asker) -> bool:
    """Is the step one that is still, or already, taken? Once the data was provided the request is not withdrawn, and
    closed as 不提供 only where the data authority came to that; before, there is no use to go on with.

    >>> fits_provision("negotiation", "withdraw", Asker("u", {"requester"}, {"provide": "v"}))
    False
    """
    if PROVIDE in asker.took:
        return event != "withdraw" and (event != "accept" or state == "coordinated")
    return event != "resume"


def needs_basis(share_type: str, reason_class: str) -> bool:
    """Does a refusal of this class have to name its legal basis?"""
    known = table().reason_classes.get(reason_class)
    if known is not None and known.needs_basis:
        return True
    return share_type == NOT_SHARED or (share_type == IN_WORDS and reason_class != ABSENT)


def faults(event: str, given: Mapping[str, str], today: date) -> dict[str, tuple[str, str]]:
    """What is wrong with the fields of a step, by field, in both languages. Not whether they are there."""
    found: dict[str, tuple[str, str]] = {}
    for name, field in table().fields.items():
        value = given.get(name, "")
        if len(value) > field.limit:
            found[name] = f"{field.zh}最多 {field.limit} 字", f"{field.en}: at most {field.limit} characters"
        elif _CONTROL.search(value):
            found[name] = f"{field.zh}含有不能使用的字符", f"{field.en} has characters that cannot be used"
        elif holds_identity_number(value):
            found[name] = "请删去身份证号码", "Please take the identity number out"
        elif value.strip() and name not in taken_by(event):
            found[name] = f"这一步不填：{field.zh}", f"This step takes no such field: {field.en}"
    if "days" not in found and given.get("days", "").strip() and _days(given["days"]) is None:
        found["days"] = f"应为 1 至 {MOST_DAYS} 的整数", f"Must be a whole number, 1 to {MOST_DAYS}"
    if "delivered_on" not in found and given.get("delivered_on", "").strip():
        day = day_of(given["delivered_on"].strip())
        if day is None or day > today:
            found["delivered_on"] = (
                "应为日期，如 2026-06-30，不晚于今天",
                "Must be a date like 2026-06-30, not after today",
            )
    return found


def taken_by(event: str) -> set[str]:
    """The fields that a step may have."""
    needs = set(table().events[event].needs) | set(table().events[event].offers)
    return needs | {BASIS} if REASON_CLASS in needs else needs


def days_of(text: str) -> int | None:
    """The days of a step without faults; None where it gives none."""
    return _days(text) if text.strip() else None


def _days(text: str) -> int | None:
    written = text.strip()
    number = int(written) if written.isascii() and written.isdecimal() and len(written) < 4 else 0
    return number if 1 <= number <= MOST_DAYS else None


def field(name: str) -> Field:
    """A field that steps ask for."""
    return table().fields[name]
