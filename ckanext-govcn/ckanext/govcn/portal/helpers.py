"""Template helpers of the portal. All of them only read, and only what the visitor may see."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk
from ckan.lib import helpers as core

from ckanext.govcn.catalog import codes

from . import levels, model, numbers, sections, theme_icons

_ = tk._


def _english() -> bool:
    return tk.h.lang() == "en"


# --- the frame of every page -----------------------------------------------------------------------------------------


def govcn_site_title() -> str:
    """Title of the site: `ckan.site_title`, else 公共数据开放平台 in the visitor's language."""
    title = tk.config.get("ckan.site_title") or ""
    return _("公共数据开放平台") if title in ("", "CKAN") else title


def govcn_notice() -> str:
    """The one-line notice above every page."""
    return tk.config.get("ckanext.govcn.portal.notice") or ""


def govcn_footer() -> dict[str, str]:
    """What the configuration says about who runs the site."""
    names = ("sponsor", "operator", "contact", "site_code", "icp", "police")
    return {name: tk.config.get(f"ckanext.govcn.footer.{name}") or "" for name in names}


def _link(label: str, endpoint: str, blueprints: Iterable[str] = (), **arguments: Any) -> dict[str, Any]:
    here = tk.request.endpoint or ""
    active = here == endpoint or here.split(".")[0] in blueprints
    return {"label": label, "url": tk.h.url_for(endpoint, **arguments), "active": active}


def govcn_navigation() -> list[dict[str, Any]]:
    """Links of the main navigation."""
    return [
        {**_link(_("首页"), "home.index"), "active": tk.request.endpoint == "govcn_portal.home"},
        _link(_("数据目录"), "dataset.search", ("dataset", "dataset_resource")),
        _link(_("部门"), "organization.index", ("organization",)),
        _link(_("开发者"), "govcn_portal.developer"),
        _link(_("关于"), "home.about"),
    ]


def govcn_account_links() -> list[dict[str, Any]]:
    """Links for somebody who is logged in."""
    user = tk.current_user
    links = [
        _link(_("工作台"), "dashboard.datasets", ("dashboard",)),
        _link(user.display_name, "user.read", id=user.name),
    ]
    if user.sysadmin:
        links.append(_link(_("系统管理"), "admin.index", ("admin",)))
    return links


def govcn_languages() -> list[dict[str, str]]:
    """The other language(s) this page can be read in."""
    texts = {"zh_Hans_CN": "中文", "en": "English"}
    current = tk.h.lang()
    here = tk.h.current_url()
    return [
        {
            "label": text,
            "lang": locale.replace("_", "-"),
            "url": tk.h.url_for(here, locale="default" if locale == tk.config.get("ckan.locale_default") else locale),
        }
        for locale, text in texts.items()
        if locale != current
    ]


# --- codes, levels, facts --------------------------------------------------------------------------------------------


def govcn_level(dataset: Mapping[str, Any]) -> levels.Badge:
    """The level badge of a dataset."""
    return levels.badge_of(dataset)


def govcn_code_label(table: str, code: str) -> str:
    """Word for a code in the visitor's language; the code itself when it is unknown."""
    found = codes.table(table)
    return found.label_en(code) if _english() else found.label(code)


def govcn_theme_icon(code: str) -> str:
    """Style class of a theme's picture."""
    return theme_icons.icon_of(code)


def govcn_as_list(value: Any) -> list[Any]:
    """A value that may be missing, single or a list, as a list."""
    if value in (None, "", []):
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def govcn_sections() -> tuple[sections.Section, ...]:
    """The sections of a dataset page."""
    return sections.SECTIONS


def govcn_field_label(name: str, fallback: str) -> str:
    """Label of a field: the scheming schema's, else `fallback`."""
    schema = (
        tk.h.scheming_get_dataset_schema("dataset") if "scheming_get_dataset_schema" in core.helper_functions else None
    )
    for field in (schema or {}).get("dataset_fields", ()):
        if field["field_name"] == name and field.get("label"):
            return str(tk.h.scheming_language_text(field["label"]))
    return _(fallback)


def govcn_title(dataset: Mapping[str, Any]) -> str:
    """Title in the visitor's language, the Chinese one when there is no other."""
    return (dataset.get("title_en") if _english() else "") or dataset.get("title") or dataset.get("name") or ""


def govcn_date(value: Any) -> str:
    """CCYY-MM-DD of a date or time stamp, "" when it is none."""
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.strftime("%Y-%m-%d")
    text = str(value or "")[:10]
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        return str(value or "")


def govcn_number(value: Any) -> str:
    """12,345 for 12345."""
    try:
        return f"{int(value):,}"
    except (TypeError, ValueError):
        return str(value or "")


def govcn_size(value: Any) -> str:
    """A file's size in words: 1.4 MB for 1400000; "" when unknown."""
    try:
        size = float(value)
    except (TypeError, ValueError):
        return ""
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def govcn_safe_link(url: str | None) -> str:
    """The URL if it is http(s), else "": a link that a source wrote is never run."""
    return url if url and urlsplit(url).scheme in ("http", "https") else ""


def govcn_formats(dataset: Mapping[str, Any]) -> list[str]:
    """Format labels of a dataset: its own list, else its resources'."""
    names = [govcn_code_label("format_type", code) for code in govcn_as_list(dataset.get("formats"))]
    names = names or [str(res.get("format") or "").upper() for res in dataset.get("resources") or ()]
    return list(dict.fromkeys(name for name in names if name))


def govcn_items(dataset: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """数据项 in their order."""
    return [item for item in govcn_as_list(dataset.get("items")) if isinstance(item, Mapping)]


def govcn_may_get_data(dataset: Mapping[str, Any]) -> bool:
    """Whether this visitor may download now. Without the access plugin only what is 无条件 is shown as open."""
    try:
        return bool(tk.h.check_access("govcn_resource_data", {"package_id": dataset["id"], "id": dataset["id"]}))
    except ValueError:  # no such auth function
        badge = levels.badge_of(dataset).key
        return badge == "open" or (badge == "login" and tk.current_user.is_authenticated)


def govcn_download_url(dataset: Mapping[str, Any], resource: Mapping[str, Any]) -> str:
    """Where a resource is downloaded: the portal's own route unless the data is open and a link."""
    return govcn_safe_link(resource.get("url"))


# --- numbers ---------------------------------------------------------------------------------------------------------


def govcn_usage(package_id: str) -> model.Usage:
    """Views and downloads of a dataset."""
    return numbers.usage(package_id)


def govcn_facet_label(field: str, item: Mapping[str, Any]) -> str:
    """Word for one value of a facet."""
    tables = {
        "theme": "theme",
        "open_type": "open_type",
        "formats": "format_type",
        "update_cycle": "update_cycle",
        "region_codes": "region",
    }
    if field in tables:
        return govcn_code_label(tables[field], str(item["name"]))
    return str(item.get("display_name") or item["name"])


def govcn_citation(dataset: Mapping[str, Any]) -> str:
    """How to cite a dataset, after GB/T 7714: provider. title [DS/OL]. platform, date [access date]. address."""
    organization = dataset.get("organization") or {}
    provider = organization.get("title") or ""
    address = tk.h.url_for("dataset.read", id=dataset["name"], _external=True, locale="default")
    published = govcn_date(dataset.get("data_updated") or dataset.get("pub_date") or dataset.get("metadata_modified"))
    today = datetime.date.today().isoformat()  # noqa: DTZ011  the visitor's calendar day is the server's
    return f"{provider}. {dataset.get('title')}[DS/OL]. {govcn_site_title()}, {published}[{today}]. {address}."


def govcn_api_root() -> str:
    """Absolute address of the action API."""
    return tk.h.url_for("api.get_api", ver=3, _external=True, locale="default").rstrip("/") + "/action"


# --- errors ----------------------------------------------------------------------------------------------------------


def govcn_error_text(code: Any) -> dict[str, Any]:
    """What an error page says: what happened and what to do next. CKAN passes `[500]` for its own failures."""
    number = int(code[0] if isinstance(code, list) else code)
    texts = {
        400: (_("请求无法理解"), _("地址或提交的内容有误，请检查后重试。")),
        401: (_("需要登录"), _("请先登录，再打开这个页面。")),
        403: (_("没有查看权限"), _("当前账户没有这个页面的权限。如果您认为应当有权限，请联系本单位管理员。")),
        404: (_("页面不存在"), _("地址可能已更改，或者您没有查看权限。可以从数据目录重新查找。")),
        405: (_("不支持这种请求方式"), _("请从页面上的按钮或链接进入。")),
        413: (_("文件太大"), _("上传的内容超过限制，请拆分或压缩后再上传。")),
        429: (_("请求过于频繁"), _("请稍候再试。")),
        500: (_("服务出现故障"), _("系统处理请求时出错，已记录。请稍后重试，仍不能解决时请与我们联系。")),
        503: (_("服务暂时不可用"), _("系统正在维护，请稍后重试。")),
    }
    title, advice = texts.get(number, (_("请求未能完成"), _("请返回上一页重试，或从首页重新进入。")))
    return {"code": number, "title": title, "advice": advice}
