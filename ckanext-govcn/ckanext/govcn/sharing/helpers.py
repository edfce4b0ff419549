"""Template helpers: names of states and events in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.govcn.access import people
from ckanext.govcn.catalog import codes
from ckanext.govcn.dataset.language import say
from ckanext.govcn.department import acting
from ckanext.govcn.department import model as departments
from ckanext.govcn.sharing import cases, form, rules, switch


def govcn_sharing_open() -> bool:
    """Is there a ledger for this reader?"""
    if not switch.is_on() or not tk.current_user.is_authenticated:
        return False
    return cases.reader_of(tk.current_user).clerk  # type: ignore[arg-type]


def govcn_sharing_ask_url(dataset: Mapping[str, Any]) -> str:
    """Where this reader's department asks for the entry; empty when it cannot."""
    asked = dataset.get("share_type") in (rules.CONDITIONAL, rules.NOT_SHARED)
    if not asked or dataset.get("catalog_status") != "published" or not govcn_sharing_open():
        return ""
    own = set(cases.reader_of(tk.current_user).confirmed) - {dataset.get("owner_org")}  # type: ignore[arg-type]
    return tk.h.url_for("govcn_sharing.new", dataset=dataset["name"]) if own else ""


def govcn_sharing_name(kind: str, name: str) -> str:
    """The name of one of the table's `states`, `events`, `roles`, `fields` or `reason_classes`; the name itself when
    there is none."""
    found = rules.table().named(kind, name)
    return say(found.zh, found.en) if found else name


def govcn_sharing_state(name: str) -> Any:
    """A state of the table."""
    return rules.table().states[name]


def govcn_sharing_event(name: str) -> Any:
    """An event of the table, and the fields that it takes."""
    event = rules.table().events[name]
    return {"event": event, "fields": rules.taken_by(name), "text": say(event.text, event.text_en)}


def govcn_sharing_fields() -> list[Any]:
    """The fields of the form."""
    return list(form.form().fields.values())


def govcn_sharing_choices(kind: str) -> list[dict[str, str]]:
    """`reason_classes`, or `methods` (共享方式), for a select."""
    if kind == "reason_classes":
        return [{"value": each.name, "text": say(each.zh, each.en)} for each in rules.table().reason_classes.values()]
    known = codes.table(form.METHODS)
    return [{"value": code, "text": say(known.label(code), known.label_en(code))} for code in known]


def govcn_sharing_code(kind: str, code: str | None) -> str:
    """The label of a code of `share_type` or `share_method`."""
    known = codes.table(kind)
    return say(known.label(code), known.label_en(code)) if code and code in known else ""


def govcn_sharing_departments() -> list[dict[str, str]]:
    """Confirmed departments, in order of pinyin."""
    found = departments.in_order(model.Session)
    confirmed = people.confirmed_departments({each.id for each in found})
    return [{"value": each.url_name, "text": each.name} for each in found if each.id in confirmed]


def govcn_sharing_own_departments() -> list[dict[str, str]]:
    """The reader's own, which may ask."""
    own = cases.reader_of(tk.current_user).confirmed  # type: ignore[arg-type]
    return [{"value": name, "text": title} for name, title in cases.departments(own).values()]


def govcn_sharing_person(user_id: str | None) -> str:
    """A colleague's name."""
    return acting.name_of(user_id)
