"""The catalogue's rules on a dataset: which problems stop a write, and where in the form they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ckan import model

from ckanext.govcn.catalog import checks, levels
from ckanext.govcn.catalog.entry import Provider
from ckanext.govcn.catalog.problem import Problem, Profile, incomplete_fields
from ckanext.govcn.dataset import convert, fields, lookups
from ckanext.govcn.dataset.language import say

NEVER_SOFTENED = frozenset({"E26"})  # a secret is refused in a draft as well
CONFIRMED_TEXTS = ("title", "notes", "items")
_FORM_FIELDS = {"provider": "owner_org", "tags": "tag_string"}


def problems_of(dataset: Mapping[str, Any], profile: Profile = "guide", *, confirmed: bool = True) -> list[Problem]:
    """Every problem of a dataset dict (as the API shows it), by the rules of the profile.

    `confirmed`: does a second person's confirmation of the stored dataset count? Not for what is about to change it.
    """
    entry = convert.entry_from_dataset(dataset, _provider(dataset.get("owner_org") or ""))
    return list(checks.check(entry, profile, lookups.context_for(dataset.get("id"), confirmed=confirmed)))


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person's write meets: messages by form field that stop it, whether a rule holds its level back, and the
    fields that are 待完善."""

    errors: Mapping[str, list[str]]
    held: bool
    missing: tuple[str, ...]


def judge(package: model.Package | None, entry: Mapping[str, Any]) -> Judgement:
    """Judge a person's write.

    A draft may be unfinished; it is checked in full when it is submitted. A published entry may not get worse: what
    is wrong now and was not wrong before is refused, old shortcomings of a harvested entry do not lock it.
    """
    problems = problems_of(entry, confirmed=False)
    refused = [problem for problem in problems if problem.severity == "refuse"]
    if entry.get("catalog_status") != "published":
        refused = [problem for problem in refused if problem.rule in NEVER_SOFTENED]
    elif package is not None:
        known = {_place(problem) for problem in problems_of(_stored(package)) if problem.severity == "refuse"}
        refused = [problem for problem in refused if problem.rule in NEVER_SOFTENED or _place(problem) not in known]
    held = any(problem.severity == "hold" for problem in problems)
    held = held and (package is None or _says_something_else(package, entry))
    return Judgement(as_errors(refused), held, incomplete_fields(problems))


def clamped_items(dataset: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The items, each at most as open and as shared as the dataset."""
    entry = levels.clamp(convert.entry_from_dataset(dataset))
    return convert.rows_of(entry.items)


def _says_something_else(package: model.Package, entry: Mapping[str, Any]) -> bool:
    """Do the texts that rules hold a level by differ from what a second person confirmed?"""
    before = _stored(package)
    return any((entry.get(field) or None) != (before.get(field) or None) for field in CONFIRMED_TEXTS)


def as_errors(problems: Iterable[Problem]) -> dict[str, list[str]]:
    """Problems by the form field that shows them, each with its rule id, in the reader's language."""
    errors: dict[str, list[str]] = {}
    for problem in problems:
        message = say(problem.message, problem.message_en)
        errors.setdefault(form_field(problem), []).append(f"[{problem.rule}] {message}")
    return errors


def form_field(problem: Problem) -> str:
    """The form field of a problem: `items.3.name` is shown at `items`, `provider.uscc` at the owner."""
    name = problem.field.split(".", 1)[0]
    return _FORM_FIELDS.get(name, name)


def _place(problem: Problem) -> tuple[str, str]:
    return problem.rule, problem.field.split(".", 1)[0]


def _stored(package: model.Package) -> dict[str, Any]:
    extras = fields.read_extras(package.extras or {})
    plain = {"id": package.id, "title": package.title, "notes": package.notes, "url": package.url}
    tags = [{"name": tag.name} for tag in package.get_tags()]
    return plain | extras | {"owner_org": package.owner_org, "tags": tags}


def _provider(owner: str) -> Provider:
    from ckanext.govcn.department import model as departments

    department = departments.get(model.Session, owner) if owner else None
    if department is None:
        group = model.Group.get(owner) if owner else None
        return Provider(name=group.title or group.name if group else "")
    return Provider(name=department.name, region_code=department.region_code, uscc=department.uscc)
