"""样例数据 as actions."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict

from ckanext.govcn.access import people, rules
from ckanext.govcn.audit import log
from ckanext.govcn.audit.acting import actor
from ckanext.govcn.audit.chain import Event
from ckanext.govcn.dataset.language import say
from ckanext.govcn.grant import persons
from ckanext.govcn.grant.exceptions import RowsBusy
from ckanext.govcn.grant.states import Role
from ckanext.govcn.sample import comparing, content
from ckanext.govcn.sample import model as samples
from ckanext.govcn.sample.content import Sample
from ckanext.govcn.sample.exceptions import SampleRefused
from ckanext.govcn.sample.model import StoredSample


@tk.side_effect_free
def govcn_sample_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """The sample of the dataset `package_id` (id or name): `columns`, `rows` (lists of texts), `kind` (made_up or
    masked), `changed_at`. Whoever sees the entry sees it, while the dataset is open on conditions."""
    package = _package(data_dict)
    tk.check_access("govcn_sample_show", context, {"package_id": package.id if package else ""})
    who = people.asking(context)
    what = people.what_of(package) if package is not None else None
    stored = samples.find(package.id) if package is not None else None
    shown = what is not None and rules.may_see_entry(who, what)
    if stored is None or not shown or not (_conditional(package) or Role.PROVIDER in _roles(context, package)):
        raise tk.ObjectNotFound(say("没有样例数据", "There is no sample"))
    return _shown(stored)


def govcn_sample_update(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Enter the sample of `package_id` in the place of an older one: `columns` and `rows`, or `text` (csv, with the
    names of the columns first), or `upload` (a csv or json file); `kind`: made_up or masked; `confirmed`: true, which
    says that it is. Editors of the department that provides the dataset. Gives the sample."""
    package = _to_change(context, data_dict, "govcn_sample_update")
    if (package.extras or {}).get("open_type") != rules.CONDITIONAL:
        only = say("样例数据用于有条件开放的数据集", "Samples are for conditional data")
        raise tk.ValidationError({"package_id": [only]})
    kind = data_dict.get("kind")
    if not isinstance(kind, str) or kind not in content.KINDS:
        raise tk.ValidationError({"kind": [say("请选择虚构或脱敏", "Say whether it is made up or masked")]})
    if str(data_dict.get("confirmed", "")).lower() not in ("true", "1", "on", "yes"):
        raise tk.ValidationError({"confirmed": [say("请确认内容不是真实数据", "Please confirm that nothing is real")]})
    try:
        sample = _given(data_dict)
    except SampleRefused as refused:
        raise tk.ValidationError({refused.field: [say(refused.message, refused.message_en)]}) from refused
    try:
        real = comparing.taken(package, sample)
    except RowsBusy as busy:
        later = (
            "数据文件正在准备，暂不能与样例数据核对，请稍后再试",
            "The data is being made ready and the sample cannot be compared with it yet; please try again soon",
        )
        raise tk.ValidationError({"sample": [say(*later)]}) from busy
    if real is not None:
        same = (
            f"第 {real} 行与数据文件中的记录相同，请改为虚构或脱敏的内容",
            f"Row {real} stands in the data itself; make it up, or mask it",
        )
        raise tk.ValidationError({"sample": [say(*same)]})
    stored = samples.keep(package.id, sample, kind, _user(context).id)
    _note(context, package, "update", kind=kind, rows=len(sample.rows))
    model.repo.commit()
    return _shown(stored)


def govcn_sample_delete(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Remove the sample of `package_id`: editors of its department, and the bureau. Gives `removed`."""
    package = _to_change(context, data_dict, "govcn_sample_delete")
    removed = samples.remove(package.id)
    if removed:
        _note(context, package, "delete")
    model.repo.commit()
    return {"removed": removed}


def _given(data_dict: DataDict) -> Sample:
    upload: Any = data_dict.get("upload")
    if getattr(upload, "filename", ""):
        kind = str(upload.filename).rpartition(".")[2].lower()
        return content.read(upload.stream.read(content.LARGEST + 1), kind)
    if data_dict.get("text"):
        return content.read(str(data_dict["text"]).encode("utf-8", "replace"), "csv")
    names, rows = data_dict.get("columns"), data_dict.get("rows")
    if not isinstance(names, list) or not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise SampleRefused(said="请填写 columns 和 rows，或上传文件", said_en="Give columns and rows, or a file")
    return content.of(names, rows)


def _package(data_dict: DataDict) -> model.Package | None:
    return model.Package.get(str(tk.get_or_bust(data_dict, "package_id")))


def _to_change(context: Context, data_dict: DataDict, action: str) -> model.Package:
    package = _package(data_dict)
    if package is None or not rules.may_see_entry(people.asking(context), people.what_of(package)):
        raise tk.ObjectNotFound(say("没有这个数据集", "There is no such dataset"))
    tk.check_access(action, context, {"package_id": package.id})
    return package


def _conditional(package: model.Package | None) -> bool:
    return package is not None and rules.level_of(people.what_of(package)) == "conditional"


def _roles(context: Context, package: model.Package | None) -> frozenset[Role]:
    return persons.roles(persons.asking(context)[0], package, "")


def _user(context: Context) -> model.User:
    user = persons.asking(context)[0]
    if user is None:
        raise tk.NotAuthorized(say("请先登录", "Please log in"))
    return user


def _note(context: Context, package: model.Package, step: str, *, kind: str = "", rows: int | None = None) -> None:
    who = actor()
    log.write(
        Event(
            f"sample.{step}",
            who=_user(context).id,
            ip=who.ip,
            port=who.port,
            subject=package.id,
            rows=rows,
            detail={"kind": kind} if kind else {},
        )
    )


def _shown(stored: StoredSample) -> dict[str, Any]:
    return {
        "package_id": stored.package_id,
        "columns": list(stored.columns),
        "rows": [list(row) for row in stored.rows],
        "kind": stored.kind,
        "changed_at": stored.changed_at.isoformat(),
    }
