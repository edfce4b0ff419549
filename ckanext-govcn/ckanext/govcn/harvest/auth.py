"""Who may see sources and runs and ask for jobs: the bureau, and editors and admins of the source's department."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan import authz, model
from ckan.types import AuthResult, Context, DataDict

from ckanext.govcn.dataset.language import say
from ckanext.govcn.department.bureau import capacities, is_bureau, organizations_of, user_of
from ckanext.govcn.harvest import deciding, jobs, source_record

CAPACITIES = frozenset({"admin", "editor"})


def owners_of(context: Context) -> list[str] | None:
    """Ids of the organizations whose sources one looks after; None: of all, for the bureau and the platform itself."""
    user = user_of(context)
    if context.get("ignore_auth") or authz.is_sysadmin(context.get("user", "")) or is_bureau(user):
        return None
    return organizations_of(user, CAPACITIES) if user else []


def _of_source(context: Context, source: str) -> AuthResult:
    user = user_of(context)
    _known, owner = jobs.owner_of(model.Session, source)
    if is_bureau(user) or (user is not None and owner and CAPACITIES & capacities(user, [owner])):
        return {"success": True}
    return _refused()


def _refused() -> AuthResult:
    return {
        "success": False,
        "msg": say(
            "只有该来源所属部门的编目人员和数据主管部门可以办理，请联系他们",
            "Only editors of the source's department and the bureau may do this; please ask them",
        ),
    }


def _of_job(context: Context, data_dict: DataDict) -> AuthResult:
    job = jobs.find(model.Session, data_dict.get("id"))
    return _of_source(context, job["source"] if job else "")


def govcn_harvest_job_create(context: Context, data_dict: DataDict) -> AuthResult:
    """Editors of the source's department; for a plan with nothing but what others have to decide, those others.

    Which of the changes are carried out is asked again, change by change, when the worker does it.
    """
    allowed = _of_source(context, str(data_dict.get("source") or ""))
    user, arguments = user_of(context), data_dict.get("arguments")
    if not allowed["success"] or data_dict.get("kind") != "apply" or user is None:
        return allowed
    run = arguments.get("run") if isinstance(arguments, dict) else None
    if not isinstance(run, int) or not 0 < run < jobs.LARGEST:
        return allowed
    decision = deciding.may_apply(model.Session, user, run)
    return {"success": decision.allowed, "msg": say(decision.reason, decision.reason_en)}


def govcn_harvest_job_show(context: Context, data_dict: DataDict) -> AuthResult:
    return _of_job(context, data_dict)


def govcn_harvest_job_cancel(context: Context, data_dict: DataDict) -> AuthResult:
    return _of_job(context, data_dict)


def govcn_harvest_job_list(context: Context, data_dict: DataDict) -> AuthResult:
    """Everybody who is logged in: the list itself holds only what concerns them."""
    return {"success": True} if user_of(context) is not None else _refused()


def govcn_harvest_source_list(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever looks after the catalogue of any department; the lists hold only what concerns them."""
    owners = owners_of(context)
    return {"success": True} if owners is None or owners else _refused()


@tk.auth_sysadmins_check
def govcn_harvest_upload_create(context: Context, data_dict: DataDict) -> AuthResult:
    """Workbooks hold what nobody outside the department gets: its own clerks alone, administrators not by that role."""
    user, department = user_of(context), str(data_dict.get("department") or "")
    if user is not None and department and CAPACITIES & capacities(user, [department]):
        return {"success": True}
    said = say("只有本部门的编目人员可以上传和下载工作簿", "Workbooks are for the department's own editors")
    return {"success": False, "msg": said}


@tk.auth_sysadmins_check
def govcn_harvest_template_create(context: Context, data_dict: DataDict) -> AuthResult:
    return govcn_harvest_upload_create(context, data_dict)


@tk.auth_sysadmins_check
def govcn_harvest_upload_delete(context: Context, data_dict: DataDict) -> AuthResult:
    """As for uploading, by the department whose job (`id`) it is."""
    job = jobs.find(model.Session, data_dict.get("id"))
    _known, owner = jobs.owner_of(model.Session, job["source"] if job else "")
    return govcn_harvest_upload_create(context, {"department": owner or ""})


def govcn_harvest_run_list(context: Context, data_dict: DataDict) -> AuthResult:
    return govcn_harvest_source_list(context, data_dict)


@tk.auth_sysadmins_check
def govcn_harvest_record_show(context: Context, data_dict: DataDict) -> AuthResult:
    """Members of the owner; neither the bureau nor an administrator by that role alone."""
    return source_record.may_see(context, data_dict)
