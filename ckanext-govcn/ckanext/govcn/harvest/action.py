"""Actions on jobs (归集作业). What a job does is the worker's; here it is asked for, looked at and cancelled."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict

from ckanext.govcn.access.exceptions import FileTooLarge
from ckanext.govcn.dataset.api import plain, whole_number
from ckanext.govcn.dataset.language import say
from ckanext.govcn.department.bureau import user_of
from ckanext.govcn.harvest import auth, jobs, rules, uploads

LONGEST_LIST = 200
LONGEST_ARGUMENTS = 200_000
CHOICES = ("theirs", "new")
_GONE = ("工作簿已删除或已过保存期限，请重新上传", "The workbook is no longer kept; please upload it again")
_RUN = {"run": int}
_UPLOAD = {"upload": str, "filename": str}
_ARGUMENTS: dict[str, dict[str, type]] = {
    "run": {"plan_only": bool} | _UPLOAD,
    "apply": _RUN | {"keep": str, "fields": list, "only": list},
    "reject": _RUN | {"reason": str},
    "undo": _RUN,
    "redo": _RUN,
    "preview": {"entries": bool, "template": bool} | _UPLOAD,
}


def govcn_harvest_job_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Ask for a job: `kind`, `source`, `arguments`. The same job asked for again while it waits is the same job.

    Arguments: run {plan_only}, apply {run, keep, fields, only}, reject {run, reason}, undo and redo {run}, preview
    {entries}. On a source of uploads, run takes `upload` (SHA-256) and `filename` of the workbook to take in. Conflicts
    are decided by `keep` ("theirs" or "new") for all of them, or by `fields`: [[remote id, field,
    "theirs" or "new"], …]. `only` names the records to carry out, the others wait on.
    """
    kind, source = tk.get_or_bust(data_dict, ["kind", "source"])
    tk.check_access("govcn_harvest_job_create", context, data_dict)
    arguments = _arguments(str(kind), data_dict.get("arguments", {}))
    known, owner = jobs.owner_of(model.Session, str(source))
    if not known:
        raise tk.ValidationError({"source": [say("没有这个归集来源", "There is no such source")]})
    if kind in ("run", "preview"):
        _ask_for_workbook(context, str(source), arguments, owner or "")
    if "run" in arguments and jobs.source_of_run(model.Session, arguments["run"]) != source:
        raise tk.ValidationError({"run": [say("该来源没有这次归集任务", "The source has no such run")]})
    user = user_of(context)
    wanted_by = user.name if user else ""
    job = jobs.create(
        model.Session, jobs.Wanted(str(kind), str(source), arguments, wanted_by, "person" if user else "command")
    )
    model.repo.commit()
    return plain(jobs.get(model.Session, job) or {})


def _ask_for_workbook(context: Context, source: str, arguments: dict[str, Any], owner: str) -> None:
    """Sources of uploads, and no others, run and preview workbooks: kept ones, for the department's own clerks."""
    if not rules.takes_uploads(source):
        if {"upload", "template"} & arguments.keys():
            raise tk.ValidationError({"upload": [say("该来源不接收工作簿", "The source takes no workbooks")]})
        return
    tk.check_access("govcn_harvest_upload_create", context, {"department": owner})
    kept = uploads.find(source, arguments.get("upload", ""), arguments.get("filename", ""))
    if kept is None and "template" not in arguments:
        raise tk.ValidationError({"upload": [say(*_GONE)]})


def govcn_harvest_upload_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Upload a workbook (`upload`, multipart) of a `department` (id or name): the job that checks it.

    The job's result: `report` with the keys of `harvest run --json` (what taking it in would do; nothing is written),
    `changes`, `clean`, `notes`, `workbook` (the marked one), and `upload`, with which `govcn_harvest_job_create` takes
    it in (kind run, arguments upload and filename).
    """
    department = tk.get_or_bust(data_dict, "department")
    tk.check_access("govcn_harvest_upload_create", context, {"department": department})
    given = data_dict.get("upload")
    filename = str(getattr(given, "filename", None) or "")
    if given is None or not filename:
        raise tk.ValidationError({"upload": [say("请选择文件", "Please choose a file")]})
    if not filename.lower().endswith(uploads.TYPES):
        kinds = "、".join(uploads.TYPES)
        raise tk.ValidationError({"upload": [say(f"只能上传 {kinds} 文件", f"Only {kinds} files can be uploaded")]})
    source = _source_of_department(str(department))
    try:
        kept = uploads.store(source, filename, given.stream)
    except FileTooLarge as error:
        raise tk.ValidationError({"upload": [say(error.message, error.message_en)]}) from error
    arguments = {"upload": kept.sha256, "filename": kept.filename}
    return govcn_harvest_job_create(context, {"kind": "preview", "source": source, "arguments": arguments})


def govcn_harvest_template_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Ask for the workbook of a `department` (id or name) with its current entries: the job that makes it."""
    department = tk.get_or_bust(data_dict, "department")
    tk.check_access("govcn_harvest_template_create", context, {"department": department})
    source = _source_of_department(str(department))
    return govcn_harvest_job_create(context, {"kind": "preview", "source": source, "arguments": {"template": True}})


def govcn_harvest_upload_delete(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Delete what was uploaded for a job (`id`), and what it gave back; a check that waits or runs is cancelled."""
    tk.check_access("govcn_harvest_upload_delete", context, data_dict)
    job = _found(data_dict)
    jobs.cancel(model.Session, job["id"])
    model.repo.commit()
    result = job["result"] or {}
    named = [{"sha256": job["arguments"].get("upload", ""), "filename": job["arguments"].get("filename", "")}]
    for each in [*named, *(result[part] for part in ("upload", "workbook") if part in result)]:
        kept = uploads.find(job["source"], each["sha256"], each["filename"])
        if kept:
            uploads.remove(kept)
    return plain(_found(data_dict))


def _source_of_department(given: str) -> str:
    """The source that takes the department's workbooks; made when it is first needed."""
    group = model.Group.get(given)
    if group is None or not group.is_organization:
        raise tk.ObjectNotFound(say("没有这个部门", "There is no such department"))
    name = rules.source_of_uploads(group.id)
    jobs.enter_source(model.Session, name, f"{group.title}目录工作簿", group.id)
    return name


def _arguments(kind: str, given: Any) -> dict[str, Any]:
    """The arguments of a kind of job, each of its type and nothing else."""
    if kind not in _ARGUMENTS:
        allowed = "、".join(_ARGUMENTS)
        raise tk.ValidationError({"kind": [say(f"应为 {allowed} 之一", f"Must be one of {allowed}")]})
    types = _ARGUMENTS[kind]
    if not isinstance(given, dict) or any(name not in types or type(v) is not types[name] for name, v in given.items()):
        allowed = "、".join(f"{name}（{kind_.__name__}）" for name, kind_ in types.items())
        raise tk.ValidationError({"arguments": [say(f"只接受 {allowed}", f"Only {allowed} are taken")]})
    if "run" in types and not 0 < given.get("run", 0) < jobs.LARGEST:
        raise tk.ValidationError({"arguments": [say("请写明 run：归集任务编号", "Say which run")]})
    if given.get("keep", "new") not in CHOICES or not all(_is_choice(each) for each in given.get("fields", [])):
        sentence = say("请写明 theirs（保留部门的）或 new（采用来源的）", 'Say "theirs" or "new"')
        raise tk.ValidationError({"arguments": [sentence]})
    only = given.get("only")
    if only is not None and not (only and all(isinstance(each, str) for each in only)):
        raise tk.ValidationError({"arguments": [say("请至少选择一项变更", "Please choose at least one change")]})
    if len(str(given)) > LONGEST_ARGUMENTS:
        raise tk.ValidationError({"arguments": [say("选择的变更太多，请分次执行", "Too many at once; take fewer")]})
    return {name: value for name, value in given.items() if value is not False}


def _is_choice(given: Any) -> bool:
    """[remote id, field, theirs or new]"""
    return (
        isinstance(given, list) and len(given) == 3 and all(isinstance(v, str) for v in given) and given[2] in CHOICES
    )


@tk.side_effect_free
def govcn_harvest_job_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """One job (`id`): state, progress, result, error; times in ISO 8601.

    What the check of an uploaded workbook found is for whoever may upload it; for others `result` is null.
    """
    tk.check_access("govcn_harvest_job_show", context, data_dict)
    job = _found(data_dict)
    if job["kind"] == "preview" and rules.takes_uploads(job["source"]) and not context.get("ignore_auth"):
        _known, owner = jobs.owner_of(model.Session, job["source"])
        asked = tk.fresh_context(context)
        try:
            tk.check_access("govcn_harvest_upload_create", asked, {"department": owner or ""})
        except tk.NotAuthorized:
            job["result"] = None
    return plain(job)


@tk.side_effect_free
def govcn_harvest_job_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """Jobs, newest first, of the sources one looks after.

    `source`, `state`, `kind`, `limit` (50, at most 200), `offset`. Results are left out: ask for one job.
    """
    tk.check_access("govcn_harvest_job_list", context, data_dict)
    owners = auth.owners_of(context)
    only = {name: data_dict.get(name) or None for name in ("source", "state", "kind")}
    limit = min(whole_number(data_dict, "limit", 50), LONGEST_LIST)
    rows = jobs.listed(model.Session, only, owners, limit, whole_number(data_dict, "offset", 0))
    return [plain({name: value for name, value in row.items() if name != "result"}) for row in rows]


def govcn_harvest_job_cancel(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Cancel a job (`id`) that waits or runs; a running one stops before it writes again, what it wrote stays."""
    tk.check_access("govcn_harvest_job_cancel", context, data_dict)
    job = _found(data_dict)
    if not jobs.cancel(model.Session, job["id"]):
        raise tk.ValidationError({"id": [say("该作业已经结束", "The job has already ended")]})
    model.repo.commit()
    return plain(_found(data_dict))


def _found(data_dict: DataDict) -> dict[str, Any]:
    job = jobs.find(model.Session, tk.get_or_bust(data_dict, "id"))
    if job is None:
        raise tk.ObjectNotFound(say("没有这个归集作业", "There is no such job"))
    return job
