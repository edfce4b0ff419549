"""Rules that need the whole dataset, applied on every way a dataset is written (create, update, patch, revise, bulk).

All ways end in the schema's validators, so this is the one place where the platform's own fields, the derived
`private`, the code and the checks are decided. Internal writers set `govcn_internal` in the context: they may give
platform fields, and have checked the entry themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.govcn.catalog import identifiers
from ckanext.govcn.dataset import assignment, checking, fields
from ckanext.govcn.dataset import model as register
from ckanext.govcn.dataset.language import say
from ckanext.govcn.department import model as departments
from ckanext.govcn.editorial import states, zone


def stored_package(data: Mapping[Any, Any], context: Mapping[str, Any]) -> model.Package | None:
    """The package being updated, or None on creation. A package left in the context by another call does not count."""
    package = context.get("package")
    return package if package is not None and package.id == data.get(("id",)) else None


def platform_value(key: Any, data: Mapping[Any, Any], context: Mapping[str, Any]) -> str:
    """The value a platform field gets, stored flat: the given one on internal writes, else the stored one."""
    given = data.get(key)
    if context.get("govcn_internal") and given is not tk.missing and given is not None:
        return fields.stored(given)
    package = stored_package(data, context)
    return (package.extras or {}).get(key[-1], "") if package else ""


def finish(data: Any, errors: Any, context: Any) -> None:
    """编目状态, `private`, zone, checks, codes and URL name of one validated dataset."""
    if any(errors.values()):
        return
    package = stored_package(data, context)
    entry = _collect(data)
    internal = bool(context.get("govcn_internal"))
    status = _status(package, entry, internal)
    if not internal:
        status = _judge(data, errors, package, _whole(package, entry) | {"catalog_status": status})
        if any(errors.values()):
            return
    _set_extra(data, "catalog_status", status)
    data[("private",)] = states.is_private(status, entry.get("open_type", ""))
    refusal = zone.refusal(context, status, entry.get("open_type", ""), entry.get("release_kind", ""))
    if refusal:
        _error(errors, "open_type", say(*refusal))
        return
    stated = internal and (package is None or bool(context.get("govcn_codes_given")))
    codes = _give_codes(data, package, entry, stated=stated)
    if package is None:
        _give_name(data, errors, codes[0])


def _judge(data: Any, errors: Any, package: model.Package | None, entry: dict[str, Any]) -> str:
    """What the rules say of a person's write: errors, clamped items, what is 待完善 still, the status."""
    if package is not None and data.get(("state",)) in ("deleted", "draft") and is_kept(package):
        _error(errors, "state", say(*KEPT))
    judgement = checking.judge(package, entry)
    for field, messages in judgement.errors.items():
        for message in messages:
            _error(errors, field, message)
    if entry.get("items"):
        _set_extra(data, "items", fields.stored(checking.clamped_items(entry)))
    missing = [field for field in entry.get("incomplete", []) if field in judgement.missing]
    _set_extra(data, "incomplete", fields.stored(missing))
    held = judgement.held and entry["catalog_status"] == states.Status.PUBLISHED
    # What a rule holds back waits for a second person.
    return str(states.Status.DRAFT if held else entry["catalog_status"])


KEPT = (
    "已发布或已下架的数据集不能删除，请用“下架”，网址和代码会保留",
    "A published or withdrawn dataset is not deleted; withdraw it, which keeps its address and code",
)


def is_kept(package: model.Package) -> bool:
    """Must the dataset stay (已发布, 已下架)? Its address, code and resource ids are known outside."""
    status = (package.extras or {}).get("catalog_status")
    return status in (states.Status.PUBLISHED, states.Status.WITHDRAWN)


def _status(package: model.Package | None, entry: Mapping[str, Any], internal: bool) -> str:
    status = entry.get("catalog_status") or states.Status.DRAFT
    open_type = entry.get("open_type", "")
    if internal or package is None:
        return str(states.settled(status, open_type))
    before = _opening(fields.read_extras(package.extras or {}) | {"owner_org": package.owner_org})
    # An update may leave the owner out: then it does not change.
    after = _opening({"owner_org": package.owner_org, **entry})
    return str(states.settled(states.status_after_edit(status, before, after), open_type))


def _whole(package: model.Package | None, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry with what an update may leave out because it does not change."""
    kept = {"owner_org": package.owner_org, "title": package.title} if package else {}
    return kept | {key: value for key, value in entry.items() if value is not None}


def _opening(entry: Mapping[str, Any]) -> states.Opening:
    return states.Opening(
        open_type=entry.get("open_type", ""),
        access_mode=entry.get("access_mode", ""),
        security_level=entry.get("security_level", ""),
        owner=entry.get("owner_org") or "",
    )


def _give_codes(data: Any, package: model.Package | None, entry: Mapping[str, Any], *, stated: bool) -> list[str]:
    present = entry.get("codes", [])
    if not (stated and present):  # a harvest has reserved the codes of its batch, or a release brings them along
        given = assignment.assign(
            entry.get("categories", []),
            departments.node_of(model.Session, str(entry.get("owner_org") or (package.owner_org if package else ""))),
            present,
            lambda nodes: register.reserve(model.Session, nodes),
        )
        present = list(given.codes)
        _set_extra(data, "codes", fields.stored(present))
        _set_extra(data, "code_provisional", fields.stored(given.provisional))
        related = list(dict.fromkeys([*entry.get("related_codes", []), *given.former]))
        _set_extra(data, "related_codes", fields.stored([code for code in related if code not in present]))
    return present


def _give_name(data: Any, errors: Any, code: str) -> None:
    """The URL name. CKAN would save a new dataset with a known name over the dataset that has it."""
    name = identifiers.dataset_name(code)
    if model.Session.query(model.Package.id).filter_by(name=name).first():
        _error(errors, "codes", say(f"信息资源代码已被使用：{code}", f"The resource code is taken: {code}"))
    data[("name",)] = name


def _collect(data: Mapping[Any, Any]) -> dict[str, Any]:
    """The dataset's own fields in the API's shape, from CKAN's flattened data."""
    plain = {key[0]: value for key, value in data.items() if len(key) == 1 and value is not tk.missing}
    numbers = [key[1] for key in data if len(key) == 3 and key[0] == "extras" and key[2] == "key"]
    extras = {data[("extras", n, "key")]: data.get(("extras", n, "value"), "") for n in numbers}
    names = sorted(key for key in data if len(key) == 3 and key[0] == "tags" and key[2] == "name")
    return plain | fields.read_extras(extras) | {"tags": [{"name": data[key]} for key in names]}


def _set_extra(data: Any, field: str, value: str) -> None:
    """Set or, for an empty value, remove one extra in CKAN's flattened data."""
    numbers = {key[1]: data[key] for key in data if len(key) == 3 and key[0] == "extras" and key[2] == "key"}
    number = next((n for n, name in numbers.items() if name == field), None)
    if not value:
        for key in [key for key in data if number is not None and key[:2] == ("extras", number)]:
            del data[key]
        data.pop((field,), None)
        return
    if number is None:
        number = max(numbers, default=-1) + 1
        data[("extras", number, "key")] = field
    data[("extras", number, "value")] = value


def _error(errors: Any, field: str, message: str) -> None:
    errors.setdefault((field,), []).append(message)
