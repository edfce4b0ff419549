"""Editorial steps as actions: submit, approve, return, withdraw, restore; each by name or id of the dataset."""

from __future__ import annotations

import datetime
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.govcn.catalog.entry import Release
from ckanext.govcn.dataset import checking
from ckanext.govcn.dataset.language import say
from ckanext.govcn.department.bureau import capacities, is_bureau, user_of
from ckanext.govcn.editorial import model as records
from ckanext.govcn.editorial import states
from ckanext.govcn.editorial.states import Role, Status, Step

MAX_REASON = 2000
MAX_LIST = 500


def govcn_submit(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """提交: from 草稿 to 待部门审核, after every rule was asked."""
    return _take(context, data_dict, Step.SUBMIT)


def govcn_approve(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """审核通过: the department's reviewer, then the bureau. What a rule holds back needs `reason` as its basis.

    The bureau may give `number` and `date` of the 保密审查; the approver is the user.
    """
    return _take(context, data_dict, Step.APPROVE)


def govcn_return(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """退回: back to 草稿, with `reason`."""
    return _take(context, data_dict, Step.RETURN)


def govcn_withdraw(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """下架, with `reason`: id, name, code, groups and resource ids are kept, the address answers 410."""
    return _take(context, data_dict, Step.WITHDRAW)


def govcn_restore(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """恢复: a withdrawn dataset goes to 待部门审核 again."""
    return _take(context, data_dict, Step.RESTORE)


@tk.side_effect_free
def govcn_editorial_list(context: Any, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """What waits for this user: of the own departments for a reviewer, of all for the bureau."""
    tk.check_access("govcn_editorial_list", context, data_dict)
    user = user_of(context)
    if user is None:
        return []
    reviewer_of = None if user.sysadmin else records.reviewed_organizations(model.Session, user.id)
    rows = records.waiting(model.Session, [Status.DEPARTMENT_REVIEW], reviewer_of, MAX_LIST)
    if is_bureau(user):
        rows += records.waiting(model.Session, [Status.BUREAU_REVIEW], None, MAX_LIST)
    return [dict(row) | {"metadata_modified": row["metadata_modified"].isoformat()} for row in rows]


@tk.side_effect_free
def govcn_editorial_log(context: Any, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """The editorial log of dataset `id`, newest first; for those who may edit it."""
    tk.check_access("govcn_editorial_log", context, data_dict)
    return records.history(model.Session, _package(data_dict).id)


def steps_for(user: model.User | None, package: model.Package) -> list[Step]:
    """The steps that this user could take now, for buttons on pages (a reason may still be asked for)."""
    if user is None:
        return []
    roles, is_writer = roles_of(user, package), _is_writer(user, package)
    status = Status(_status(package))
    taken = {step: states.step(status, step, roles, is_writer=is_writer, reason="?") for step in Step}
    return [step for step, result in taken.items() if isinstance(result, Status)]


def roles_of(user: model.User, package: model.Package) -> set[Role]:
    """The user's roles towards one entry. A system administrator can stand in for either reviewer."""
    roles: set[Role] = set()
    in_owner = capacities(user, [package.owner_org]) if package.owner_org else set()
    if in_owner & {"admin", "editor"}:
        roles.add(Role.EDITOR)
    if "admin" in in_owner or user.sysadmin:
        roles.add(Role.REVIEWER)
    if is_bureau(user):
        roles.add(Role.BUREAU)
    return roles


def _take(context: Any, data_dict: dict[str, Any], step: Step) -> dict[str, Any]:
    package = _package(data_dict)
    user = user_of(context)
    tk.check_access(f"govcn_{step.value}", context, {"id": package.id})
    if user is None:
        raise tk.NotAuthorized(say("请先登录", "Please log in first"))
    reason = str(data_dict.get("reason") or "")[:MAX_REASON]
    status = Status(_status(package))
    to = states.step(status, step, roles_of(user, package), is_writer=_is_writer(user, package), reason=reason)
    if isinstance(to, states.Refusal):
        _refuse(to)
    else:
        _write(context, package, user, {"step": step, "from": status, "to": to, "reason": reason}, data_dict)
    return tk.get_action("package_show")(tk.fresh_context(context), {"id": package.id})


def _refuse(refusal: states.Refusal) -> None:
    message = say(refusal.message, refusal.message_en)
    if refusal.rule in ("role", "four_eyes"):
        raise tk.NotAuthorized(message)
    raise tk.ValidationError({"reason" if refusal.rule == "reason" else "catalog_status": [message]})


def _write(
    context: Any, package: model.Package, user: model.User, taken: dict[str, Any], data_dict: dict[str, Any]
) -> None:
    """Checks, release, log and the dataset itself, in one transaction: package_patch commits it."""
    session = model.Session
    dataset = tk.get_action("package_show")(
        tk.fresh_context(context, ignore_auth=True, use_cache=False), {"id": package.id}
    )
    change: dict[str, Any] = {"id": package.id, "catalog_status": taken["to"].value}
    if taken["step"] in (Step.SUBMIT, Step.APPROVE):
        dataset["url"] = package.url or ""  # shown to whoever gets the data; the platform reads it here to check it
        held = _ask_every_rule(dataset, approving=taken["to"] is Status.PUBLISHED, basis=taken["reason"])
        if held and taken["to"] is Status.PUBLISHED:
            records.log(session, package.id, "confirm_level", user_id=user.id, reason=taken["reason"])
    if taken["to"] is Status.PUBLISHED:
        release = _release(user, data_dict)
        records.set_release(session, package.id, release)
        change |= {"release_kind": release.kind, "pub_date": dataset.get("pub_date") or release.date}
    records.log(
        session, package.id, taken["step"].value, from_status=taken["from"].value, to_status=taken["to"].value,
        user_id=user.id, reason=taken["reason"],
    )  # fmt: skip
    inner: Any = {**tk.fresh_context(context), "ignore_auth": True, "govcn_internal": True, "govcn_release": True}
    tk.get_action("package_patch")(inner, change)


def _ask_every_rule(dataset: dict[str, Any], *, approving: bool, basis: str) -> bool:
    """Nothing that a rule refuses is submitted; what a rule holds is published only with a second person's basis.

    Returns whether a rule holds the level.
    """
    problems = checking.problems_of(dataset)
    refused: Any = checking.as_errors([p for p in problems if p.severity == "refuse"])
    if not dataset.get("open_type"):
        refused.setdefault("open_type", []).append(
            say("开放属性待核定，请先选择开放属性", "The opening is undecided; please choose it first")
        )
    if refused:
        model.Session.rollback()
        raise tk.ValidationError(refused)
    held = checking.as_errors([p for p in problems if p.severity == "hold"])
    if approving and held and not basis.strip():
        model.Session.rollback()
        reasons = "；".join(message for messages in held.values() for message in messages)
        raise tk.ValidationError(
            {"reason": [say(f"请填写核定依据：{reasons}", f"Please give the basis of your decision: {reasons}")]}
        )
    return bool(held)


def _release(user: model.User, data_dict: dict[str, Any]) -> Release:
    today = datetime.date.today().isoformat()  # noqa: DTZ011 - an official date is the local one
    return Release(
        kind="reviewed",
        number=str(data_dict.get("number") or "")[:200],
        approver=user.fullname or user.name,
        date=str(data_dict.get("date") or today)[:10],
        basis=str(data_dict.get("reason") or "")[:MAX_REASON],
    )


def _package(data_dict: dict[str, Any]) -> model.Package:
    package = model.Package.get(tk.get_or_bust(data_dict, "id"))
    if package is None or package.type != "dataset":
        raise tk.ObjectNotFound(say("没有这个数据集", "There is no such dataset"))
    return package


def _status(package: model.Package) -> str:
    return (package.extras or {}).get("catalog_status") or Status.DRAFT.value


def _is_writer(user: model.User, package: model.Package) -> bool:
    return user.id in records.writers(model.Session, package.id)
