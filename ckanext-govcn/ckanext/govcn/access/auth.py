"""Authorization: entries by labels (CKAN's own `package_show`), data by `govcn_resource_data`, on every surface."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import authz, model
from ckan.types import AuthResult, Context, DataDict

from ckanext.govcn.access import people, rules
from ckanext.govcn.access.rules import Decision


def said(decision: Decision) -> AuthResult:
    """A decision as CKAN's answer, in the language of the page."""
    if decision.allowed:
        return {"success": True}
    return {"success": False, "msg": sentence(decision)}


def sentence(decision: Decision) -> str:
    """The reason of a decision in the visitor's language; Chinese unless the page is English."""
    try:
        english = str(tk.h.lang()).startswith("en")
    except (RuntimeError, AttributeError):
        english = False
    return decision.reason_en if english else decision.reason


def decide(context: Context, package: model.Package | None) -> Decision:
    """`may_get_data` for the person who asks and a stored dataset."""
    if package is None:
        return rules.NOT_PUBLISHED
    return rules.may_get_data(people.asking(context), people.what_of(package))


def hide(context: Context, package: model.Package | None) -> None:
    """Whoever may not see an entry is told what is said of one that does not exist: names are numbered, so that a
    refusal would tell which of them there are. Raises ObjectNotFound, as CKAN's own functions do for unknown ids."""
    if package is not None and not people.sees_everything(context):
        own = people.own_inactive_ids(people.asking(context), {package.id})
        if not own and not rules.may_see_entry(people.asking(context), people.what_of(package)):
            raise tk.ObjectNotFound


@tk.chained_auth_function
@tk.auth_allow_anonymous_access
def package_show(next_auth: Any, context: Context, data_dict: Any) -> AuthResult:
    """By labels; see `hide`. Everything that is asked about a resource comes here, too."""
    return _or_unknown(next_auth, context, data_dict)


@tk.chained_auth_function
def package_update(next_auth: Any, context: Context, data_dict: Any) -> AuthResult:
    """The owner's editors; see `hide`. All other ways of changing a dataset or its resources come here."""
    return _or_unknown(next_auth, context, data_dict)


def _or_unknown(next_auth: Any, context: Context, data_dict: Any) -> AuthResult:
    answer = next_auth(context, data_dict)
    if not answer.get("success"):
        hide(context, context.get("package") or model.Package.get((data_dict or {}).get("id")))
    return answer


@tk.chained_auth_function
def member_create(next_auth: Any, context: Context, data_dict: Any) -> AuthResult:
    """Whoever puts a dataset into a group may edit the dataset. Datasets belong to departments by `owner_org` alone."""
    return _member(next_auth, context, data_dict)


@tk.chained_auth_function
def member_delete(next_auth: Any, context: Context, data_dict: Any) -> AuthResult:
    """See `member_create`."""
    return _member(next_auth, context, data_dict)


def _member(next_auth: Any, context: Context, data_dict: Any) -> AuthResult:
    if data_dict.get("object_type") == "package":
        dataset = {"id": str(data_dict.get("object") or "")}
        editor = authz.is_authorized("package_update", tk.fresh_context(context), dataset)
        if not editor.get("success"):
            return editor
    return next_auth(context, data_dict)


@tk.chained_auth_function
def user_list(next_auth: Any, context: Context, data_dict: Any) -> AuthResult:
    """Accounts are nobody's business but the departments' admins', who name members, and the bureau's."""
    if not people.manages_accounts(context):
        return {"success": False, "msg": tk._("Not authorized")}
    return next_auth(context, data_dict)


@tk.chained_auth_function
def user_show(next_auth: Any, context: Context, data_dict: Any) -> AuthResult:
    """One's own account, and see `user_list`."""
    user = context.get("user_obj") or model.User.get(data_dict.get("id") or "")
    asking = context.get("auth_user_obj") or model.User.get(context.get("user") or "")  # also one not active yet
    own = user is not None and getattr(asking, "id", None) == user.id
    if not own and not people.manages_accounts(context):
        return {"success": False, "msg": tk._("Not authorized")}
    return next_auth(context, data_dict)


def _package_of(context: Context, data_dict: DataDict) -> model.Package | None:
    resource = context.get("resource")
    wanted = data_dict.get("resource_id") or data_dict.get("id")
    if resource is None or (wanted and resource.id != wanted):
        resource = model.Resource.get(wanted) if wanted else None
    return resource.package if resource is not None else None


@tk.auth_sysadmins_check
@tk.auth_allow_anonymous_access
def govcn_resource_data(context: Context, data_dict: DataDict) -> AuthResult:
    """Whether the person gets the data of a resource, and any address of it. Administrators are asked like anybody."""
    return said(decide(context, _package_of(context, data_dict)))


@tk.auth_sysadmins_check
@tk.auth_allow_anonymous_access
def govcn_resource_source_show(context: Context, data_dict: DataDict) -> AuthResult:
    """The real address goes to whoever gets the data and is logged in: an address is the data."""
    if not people.asking(context).user_id:
        return said(rules.NEEDS_LOGIN)
    return govcn_resource_data(context, data_dict)


@tk.auth_sysadmins_check
def govcn_resource_source_update(context: Context, data_dict: DataDict) -> AuthResult:
    """Changing the address: an editor of the dataset who may also know it."""
    editor = authz.is_authorized("resource_update", context, {"id": data_dict.get("id")})
    return govcn_resource_source_show(context, data_dict) if editor.get("success") else editor


@tk.chained_auth_function
@tk.auth_sysadmins_check
@tk.auth_allow_anonymous_access
def resource_view_show(next_auth: Any, context: Context, data_dict: Any) -> AuthResult:
    """A view shows data, and its settings quote it."""
    view = context.get("resource_view") or model.ResourceView.get(data_dict.get("id"))
    resource = model.Resource.get(view.resource_id) if view else None
    if resource is None:
        return said(rules.NOT_PUBLISHED)
    data = said(decide(context, resource.package))
    if not data["success"]:
        return data
    return {"success": True} if people.asking(context).sysadmin else next_auth(context, data_dict)


@tk.chained_auth_function
@tk.auth_sysadmins_check
def task_status_show(_next_auth: Any, context: Context, data_dict: Any) -> AuthResult:
    """Messages of background tasks quote addresses and rows: for editors of the dataset who also get its data."""
    task = context.get("task_status")
    kind = getattr(task, "entity_type", "")
    if task is None or kind not in ("resource", "package"):
        return {"success": False, "msg": tk._("Not authorized")}
    entity = (model.Resource if kind == "resource" else model.Package).get(task.entity_id)
    package = entity.package if isinstance(entity, model.Resource) else entity
    data = said(decide(context, package))
    return authz.is_authorized(f"{kind}_update", context, {"id": task.entity_id}) if data["success"] else data


def _datastore(context: Context, resource_id: str) -> AuthResult:
    resource = model.Resource.get(resource_id)
    return said(decide(context, resource.package if resource else None))


@tk.chained_auth_function
@tk.auth_sysadmins_check
@tk.auth_allow_anonymous_access
def datastore_search(next_auth: Any, context: Context, data_dict: Any) -> AuthResult:
    """Rows of a table (search, dump and the table views)."""
    data = _datastore(context, data_dict.get("resource_id") or data_dict.get("id") or "")
    if not data["success"]:
        return data
    return {"success": True} if people.asking(context).sysadmin else next_auth(context, data_dict)


@tk.chained_auth_function
@tk.auth_sysadmins_check
@tk.auth_allow_anonymous_access
def datastore_info(next_auth: Any, context: Context, data_dict: Any) -> AuthResult:
    """Columns and number of rows of a table: taken for data."""
    return datastore_search(next_auth, context, data_dict)


@tk.chained_auth_function
@tk.auth_sysadmins_check
@tk.auth_allow_anonymous_access
def datastore_search_sql(next_auth: Any, context: Context, data_dict: Any) -> AuthResult:
    """Every table of the statement. CKAN hands over an iterator: it is read once and put back as a list."""
    names = list(context.get("table_names") or [])
    context["table_names"] = names
    if not names:
        return said(rules.NOT_PUBLISHED)
    for name in names:
        data = _datastore(context, name)
        if not data["success"]:
            return data
    return next_auth(context, data_dict)


def functions() -> dict[str, Any]:
    """Auth functions of the plugins that are on."""
    always = [
        govcn_resource_data, govcn_resource_source_show, govcn_resource_source_update,
        resource_view_show, task_status_show, package_show, package_update, member_create, member_delete,
        user_list, user_show,
    ]  # fmt: skip
    datastore = [datastore_search, datastore_info, datastore_search_sql] if p.plugin_loaded("datastore") else []
    return {function.__name__: function for function in [*always, *datastore]}
