"""Actions on departments and on proposals of unknown providers."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from ckan import model
from ckan.lib import search
from ckan.plugins import toolkit as tk

from ckanext.govcn.dataset import fields
from ckanext.govcn.dataset.language import say
from ckanext.govcn.department import model as departments
from ckanext.govcn.department.bureau import is_bureau, user_of

REINDEX_AT_ONCE = 100  # more datasets than this are reindexed by the worker


@tk.side_effect_free
def govcn_department_list(context: Any, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """Departments in pinyin order. `region_code` limits them to one region."""
    tk.check_access("govcn_department_list", context, data_dict)
    region = data_dict.get("region_code")
    rows = departments.in_order(model.Session)
    return [asdict(row) for row in rows if not region or row.region_code == region]


def govcn_department_confirm(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Confirm (`confirmed`: true, the default) that an organization (`id`: id or name) is a department, or undo it."""
    tk.check_access("govcn_department_confirm", context, data_dict)
    department = departments.get(model.Session, tk.get_or_bust(data_dict, "id"))
    if department is None:
        raise tk.ObjectNotFound(say("没有这个部门", "There is no such department"))
    confirmed = tk.asbool(data_dict.get("confirmed", True))
    departments.confirm(model.Session, department.id, _user_id(context), is_confirmed=confirmed)
    model.repo.commit()
    return asdict(department) | {"confirmed": confirmed}


@tk.side_effect_free
def govcn_provider_proposal_list(context: Any, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """Unknown providers in `state` pending (default), accepted, mapped or refused."""
    tk.check_access("govcn_provider_proposal_list", context, data_dict)
    rows = departments.proposals(model.Session, data_dict.get("state") or "pending")
    return [row | {key: row[key].isoformat() for key in ("first_seen", "last_seen")} | _decided(row) for row in rows]


def _decided(row: dict[str, Any]) -> dict[str, Any]:
    return {"decided_at": row["decided_at"].isoformat() if row["decided_at"] else None}


def govcn_provider_proposal_decide(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Decide on a proposal: `id`, `decision` = accept (a new department), map (with `department`) or refuse (`reason`).

    An accepted or mapped department is found by the provider's name from the next harvest on.
    """
    tk.check_access("govcn_provider_proposal_decide", context, data_dict)
    identifier, word = tk.get_or_bust(data_dict, ["id", "decision"])
    found = departments.proposal(model.Session, int(identifier)) if str(identifier).isdigit() else None
    if found is None:
        raise tk.ObjectNotFound(say("没有这条提供方建议", "There is no such proposal"))
    if found["state"] != "pending":
        raise tk.ValidationError({"id": [say("这条建议已经办理", "This proposal is already decided")]})
    decide = {"accept": _accept, "map": _map, "refuse": _refuse}.get(word)
    if decide is None:
        raise tk.ValidationError({"decision": [say("请选择接收、对应或退回", "Please choose accept, map or refuse")]})
    decision = decide(context, found, data_dict)
    departments.decide(model.Session, found["id"], decision)
    model.repo.commit()
    return {"id": found["id"], "state": decision.state, "group_id": decision.group_id}


def _accept(context: Any, found: dict[str, Any], data_dict: dict[str, Any]) -> departments.Decision:
    group = create_department(context, found["region_code"], found["name"], found["uscc"], defer_commit=True)
    departments.confirm(model.Session, group["id"], _user_id(context))
    return departments.Decision("accepted", _user_id(context), group["id"])


def _map(context: Any, found: dict[str, Any], data_dict: dict[str, Any]) -> departments.Decision:
    group = model.Group.get(data_dict.get("department") or "")
    if group is None or not group.is_organization or group.state != "active":
        raise tk.ValidationError({"department": [say("请选择已有部门", "Please choose an existing department")]})
    departments.add_former_name(model.Session, group, found["region_code"], found["name"])
    return departments.Decision("mapped", _user_id(context), group.id)


def _refuse(context: Any, found: dict[str, Any], data_dict: dict[str, Any]) -> departments.Decision:
    reason = (data_dict.get("reason") or "").strip()
    if not reason:
        raise tk.ValidationError({"reason": [say("请填写退回理由", "Please give a reason")]})
    return departments.Decision("refused", _user_id(context), reason=reason[:1000])


def create_department(
    context: Any, region_code: str, name: str, uscc: str = "", *, defer_commit: bool = False
) -> dict[str, Any]:
    """A new organization for a department, for internal writers. Not confirmed by itself.

    Raises ValidationError when the name is a role's or the region has a department of this name.
    """
    inner = tk.fresh_context(context) | {"ignore_auth": True, "defer_commit": defer_commit}
    data = {"title": name, "region_code": region_code, "uscc": uscc, "type": "organization"}
    return tk.get_action("organization_create")(inner, {key: value for key, value in data.items() if value})


@tk.chained_action
def organization_update(next_action: Any, context: Any, data_dict: dict[str, Any]) -> Any:
    """Only the bureau changes what a department is. Renaming reindexes its datasets: CKAN leaves the old name there."""
    group: Any = model.Group.get(data_dict.get("id") or "")
    before = group.title if group else None
    if group is not None and not context.get("ignore_auth") and not is_bureau(user_of(context)):
        tk.check_access("organization_update", context, data_dict)
        _refuse_another_identity(group, data_dict)
    result = next_action(context, data_dict)
    if group is not None and group.title != before:
        reindex_datasets(group.id)
    return result


IDENTITY = ("state", "title", "region_code", "uscc", "former_names", "successor", "valid_from", "valid_to")


def _refuse_another_identity(group: Any, data_dict: dict[str, Any]) -> None:
    """A department's own admin edits how to reach it, not what it is: harvests give datasets to names and codes."""
    stored = {**(group.extras or {}), "title": group.title, "state": group.state}
    given = {"state": group.state, **data_dict}  # a form does not send it
    changed = [f for f in IDENTITY if _words(given.get(f)) != _words(stored.get(f))]
    if changed:
        message = say(
            "部门的名称、行政区划、代码和沿革由数据主管部门修改，请联系数据主管部门",
            "A department's name, region, code and history are changed by the bureau; please ask it",
        )
        raise tk.ValidationError({field: [message] for field in changed})


def _words(value: Any) -> list[str]:
    return [word for item in fields.read_list(value) for word in re.split("[,，、;；]", str(item).strip()) if word]


def reindex_datasets(group_id: str) -> None:
    """Index the department's datasets anew: at once when they are few, by the worker when they are many."""
    departments.outdate_datasets(model.Session, group_id)
    model.repo.commit()
    ids = departments.dataset_ids(model.Session, group_id)
    if len(ids) <= REINDEX_AT_ONCE:
        index_datasets(ids)
    else:
        tk.enqueue_job(index_datasets, [ids], title=f"reindex {len(ids)} datasets of {group_id}")


def index_datasets(ids: list[str]) -> None:
    """Index these datasets with one commit at the end."""
    if ids:
        search.rebuild(package_ids=ids, force=True, defer_commit=True, quiet=True)
        search.commit()


def _user_id(context: Any) -> str:
    user = user_of(context)
    return user.id if user else ""
