"""Validators of the organization schema."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.govcn.catalog import identifiers
from ckanext.govcn.dataset.language import say
from ckanext.govcn.department import model as departments
from ckanext.govcn.department import naming

MAX_NAME = 100


def govcn_department_title(key: Any, data: Any, errors: Any, context: Any) -> None:
    """部门名称: required, at most 100 characters, not the name of a role."""
    value = data.get(key)
    name = "" if value is tk.missing or value is None else naming.tidy(str(value))
    if not name:
        raise tk.Invalid(say("请填写部门名称", "Please give the department's name"))
    if len(name) > MAX_NAME:
        raise tk.Invalid(say(f"部门名称不超过 {MAX_NAME} 字", f"A department's name has at most {MAX_NAME} characters"))
    if naming.is_role(name):
        raise tk.Invalid(
            say(
                f"“{name}”是账号角色，不是部门，请填写部门全称",
                f"“{name}” is a role, not a department; give its full name",
            )
        )
    region = _raw(data, "region_code")  # validated before: fields are read in alphabetical order
    owner = departments.owner_of_name(model.Session, region, name)
    group = _stored(data, context)
    if owner is not None and (group is None or owner != group.id):
        raise tk.Invalid(
            say(
                f"这个行政区划已有“{name}”，请使用已有部门",
                f"The region has “{name}” already; please use it",
            )
        )
    data[key] = name


def govcn_department_name(key: Any, data: Any, errors: Any, context: Any) -> None:
    """URL name: kept once given; made from region and pinyin when none is given."""
    group = _stored(data, context)
    if group is not None:
        data[key] = group.name
        return
    if data.get(key) in (None, "", tk.missing):
        region, title = (_raw(data, field) for field in ("region_code", "title"))
        data[key] = naming.url_name(region, naming.tidy(title)) if title else ""


def govcn_uscc(key: Any, data: Any, errors: Any, context: Any) -> None:
    """统一社会信用代码 (GB 32100-2015): 18 characters with a right check digit, or nothing."""
    code = identifiers.compact(_given(key, data))
    if not identifiers.uscc_valid(code):
        raise tk.Invalid(
            say(
                "统一社会信用代码应为 18 位且校验位正确，请核对登记证书",
                "A unified social credit code has 18 characters and a right check digit; look at the certificate",
            )
        )
    data[key] = code


def govcn_successor(key: Any, data: Any, errors: Any, context: Any) -> None:
    """承接部门: an existing organization, by URL name or id; stored as its URL name."""
    group = model.Group.get(_given(key, data))
    if group is None or not group.is_organization or group.state != "active":
        raise tk.Invalid(
            say("没有这个部门，请填写已有部门的网址名称", "There is no such department; give its URL name")
        )
    data[key] = group.name


def _given(key: Any, data: Any) -> str:
    """The value as text; an empty one is not stored at all."""
    value = data.get(key)
    text = "" if value in (None, tk.missing) else str(value).strip()
    if not text:
        data.pop(key, None)
        raise tk.StopOnError
    return text


def _stored(data: Any, context: Any) -> model.Group | None:
    """The organization being updated; one left in the context by another call does not count."""
    group = context.get("group")
    return group if group is not None and data.get(("id",)) in (group.id, group.name) else None


def _raw(data: Any, field: str) -> str:
    value = data.get((field,))
    return "" if value in (None, tk.missing) else str(value).strip()
