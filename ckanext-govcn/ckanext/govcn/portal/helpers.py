"""Template helpers of the portal. All of them only read, and only what the visitor may see."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk
from ckan.plugins import plugin_loaded

from ckanext.govcn.catalog import codes
from ckanext.govcn.search import answered
from ckanext.govcn.search.answered import Answered
from ckanext.govcn.search.folding import Group
from ckanext.govcn.search.highlight import marks
from ckanext.govcn.search.query import normalize
from ckanext.govcn.search.understand import understand

from . import levels, missed, model, numbers, searching, sections, theme_icons

_ = tk._


def _english() -> bool:
    return tk.h.lang() == "en"


# --- the frame of every page -----------------------------------------------------------------------------------------


def govcn_site_title() -> str:
    """Title of the site: `ckan.site_title`; the default one is 公共数据开放平台, in the visitor's language."""
    title = tk.config.get("ckan.site_title") or ""
    return _("公共数据开放平台") if title in ("", "CKAN", "公共数据开放平台") else title


def govcn_language_tag() -> str:
    """Language of the page as browsers and CKAN's scripts know it: zh-CN, en."""
    language = tk.h.lang()
    return "zh-CN" if language == "zh_Hans_CN" else tk.h.unix_locale_to_bcp47(language)


def govcn_notice() -> str:
    """The one-line notice above every page."""
    return tk.config.get("ckanext.govcn.portal.notice") or ""


def govcn_may_be_wanted(text: str) -> bool:
    """Can what a search did not find be counted as wanted? A letter or a number pasted into the box is not kept."""
    return bool(missed.masked(text))


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
    user: Any = tk.current_user
    links = [
        _link(_("工作台"), "dashboard.datasets", ("dashboard",)),
        _link(user.display_name, "user.read", id=user.name),
    ]
    if tk.h.check_access("govcn_editorial_list"):
        links.insert(0, _link(_("待审核"), "govcn_editorial.review"))
    if plugin_loaded("govcn_harvest") and tk.h.check_access("govcn_harvest_source_list"):
        links.insert(0, _link(_("目录归集"), "govcn_harvest.sources", ("govcn_harvest",)))
    if plugin_loaded("govcn_application"):
        links.insert(0, _link(_("数据申请"), "govcn_application.index", ("govcn_application",)))
    if plugin_loaded("govcn_request"):
        links.insert(0, _link(_("需求纠错"), "govcn_request.index", ("govcn_request",)))
    if plugin_loaded("govcn_sharing") and tk.h.govcn_sharing_open():
        links.insert(0, _link(tk.h.govcn_say("共享申请", "Sharing"), "govcn_sharing.index", ("govcn_sharing",)))
    if plugin_loaded("govcn_grant"):
        links.insert(0, _link(_("我的授权"), "govcn_grant.mine", ("govcn_grant",)))
    if plugin_loaded("govcn_notice"):
        links.insert(0, _link(_("消息"), "govcn_notice.inbox") | {"count": tk.h.govcn_notice_unread()})
    if plugin_loaded("govcn_audit") and tk.h.check_access("govcn_audit_list"):
        links.append(_link(_("审计日志"), "govcn_audit.listed", ("govcn_audit",)))
    if user.sysadmin:
        links.append(_link(_("系统管理"), "admin.index", ("admin",)))
    return links


def govcn_apply_url(dataset: Mapping[str, Any]) -> str:
    """Where the data of a 有条件开放 dataset is applied for; empty when that is not done here."""
    if not plugin_loaded("govcn_application"):
        return ""
    return tk.h.url_for("govcn_application.new", dataset=dataset["name"])


def govcn_demand_url(text: str = "") -> str:
    """Where somebody asks for data that are not there; empty when that is not done here."""
    if not plugin_loaded("govcn_request"):
        return ""
    return tk.h.url_for("govcn_request.new", q=text or None)


def govcn_correction_url(dataset: Mapping[str, Any]) -> str:
    """Where an error in a dataset is reported; empty when that is not done here, or the dataset is not public."""
    if not plugin_loaded("govcn_request") or dataset.get("private") or dataset.get("catalog_status") != "published":
        return ""
    return tk.h.url_for("govcn_request.correct", dataset=dataset["name"])


def govcn_languages() -> list[dict[str, str]]:
    """The other language(s) this page can be read in."""
    texts = {"zh_Hans_CN": "中文", "en": "English"}
    current = tk.h.lang()
    here = tk.h.current_url()
    return [
        {
            "label": text,
            "lang": "zh-CN" if locale == "zh_Hans_CN" else locale,
            "url": tk.h.url_for(here, locale="default" if locale == tk.config.get("ckan.locale_default") else locale),
        }
        for locale, text in texts.items()
        if locale != current
    ]


# --- codes, levels, facts --------------------------------------------------------------------------------------------


def govcn_level(dataset: Mapping[str, Any]) -> levels.Badge:
    """The level badge of a dataset."""
    return levels.badge_of(dataset)


def govcn_badges() -> tuple[levels.Badge, ...]:
    """The badges a visitor can meet, for their explanation."""
    return tuple(levels.BADGES[key] for key in ("open", "login", "conditional"))


def _code_label(table: str, code: str) -> str:
    return str(tk.h.govcn_code_label(table, code))


def govcn_theme_icon(code: str) -> str:
    """Style class of a theme's picture."""
    return theme_icons.icon_of(code)


def govcn_as_list(value: Any) -> list[Any]:
    """A value that may be missing, single or a list, as a list."""
    if value in (None, "", []):
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def govcn_fact_sections() -> tuple[sections.Section, ...]:
    """The sections of a dataset page."""
    return sections.sections_of(_dataset_schema())


def _dataset_schema() -> Mapping[str, Any]:
    schema: Mapping[str, Any] | None = tk.h.scheming_get_dataset_schema("dataset")
    return schema or {}


def govcn_field_label(name: str) -> str:
    """Label of a dataset field in the visitor's language."""
    for field in _dataset_schema().get("dataset_fields", ()):
        if field["field_name"] == name:
            return str(tk.h.scheming_language_text(field.get("label") or name))
    return name


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


def govcn_moment(value: str | datetime.datetime | None) -> str:
    """A time as `2026-11-24 16:40` in the portal's time zone; "" for none. ISO 8601 with its zone, or a datetime."""
    if not value:
        return ""
    moment = datetime.datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone(tk.h.get_display_timezone()).strftime("%Y-%m-%d %H:%M")


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
    names = [_code_label("format_type", code) for code in govcn_as_list(dataset.get("formats"))]
    names = names or [str(res.get("format") or "").upper() for res in dataset.get("resources") or ()]
    return list(dict.fromkeys(name for name in names if name))


def govcn_items(dataset: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """数据项 in their order."""
    return [item for item in govcn_as_list(dataset.get("items")) if isinstance(item, Mapping)]


def govcn_has_facts(dataset: Mapping[str, Any], section: sections.Section) -> bool:
    """Whether a section has anything to show for this dataset."""
    return any(
        fact.kind in ("level", "provider") or govcn_as_list(dataset.get("tags" if fact.kind == "tags" else fact.name))
        for fact in section.facts
    )


def govcn_may_get_data(dataset: Mapping[str, Any]) -> bool:
    """Whether this visitor may download now: what the access plugin decides, else only what is open to everybody."""
    if "govcn_data_decision" in tk.h:
        return bool(tk.h.govcn_data_decision(dataset)["allowed"])
    return levels.badge_of(dataset).key == "open"


def govcn_download_url(dataset: Mapping[str, Any], resource: Mapping[str, Any]) -> str:
    """Where a resource is downloaded: the portal's own route unless the data is open and a link."""
    return govcn_safe_link(resource.get("url"))


# --- numbers ---------------------------------------------------------------------------------------------------------


def govcn_themes_with_data() -> list[numbers.Entrance]:
    """The 领域 that have public datasets, the fullest first."""
    return sorted((theme for theme in numbers.overview().themes if theme.count), key=lambda theme: -theme.count)


def govcn_usage(package_id: str) -> model.Usage:
    """Views and downloads of a dataset."""
    return numbers.usage(package_id)


def govcn_facets(titles: Mapping[str, str], search_facets: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Filters of a result list: title, values with count and the address that adds or removes each."""
    return [
        {"name": name, "title": title, "values": values, "active": any(value["active"] for value in values)}
        for name, title in titles.items()
        if (values := _facet_values(name, search_facets))
    ]


def _facet_values(name: str, search_facets: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "label": govcn_facet_label(name, item),
            "count": item["count"],
            "active": item["active"],
            "url": tk.h.remove_url_param(name, item["name"])
            if item["active"]
            else tk.h.add_url_param(new_params={name: item["name"]}),
        }
        for item in tk.h.get_facet_items_dict(name, search_facets, limit=0)  # 0: all; CKAN would cut at ten
    ]


def govcn_active_filters(titles: Mapping[str, str], fields: Mapping[str, list[str]]) -> list[dict[str, str]]:
    """The filters in use, each with the address that removes it; also those that find nothing."""
    return [
        {
            "title": titles.get(field, field),
            "label": govcn_facet_label(field, {"name": value}),
            "url": tk.h.remove_url_param(field, value),
        }
        for field, values in fields.items()
        for value in values
    ]


def govcn_department_title(organization: str | Mapping[str, Any]) -> str:
    """Title of a department, by its URL name or dict; with the region where the title alone is ambiguous."""
    name = organization if isinstance(organization, str) else organization.get("name", "")
    title = "" if isinstance(organization, str) else organization.get("title", "")
    return numbers.department_labels().get(name) or title or name


def govcn_folded(packages: Sequence[Mapping[str, Any]], query: str) -> list[Group]:
    """The results of a page, near-duplicates folded below the best of them."""
    return searching.groups(packages, query)


def govcn_answered() -> Answered | None:
    """How the text of this result page was answered; None for a list without one."""
    return answered.last()


def govcn_marked(text: str, query: str) -> list[tuple[str, bool]]:
    """`text` in pieces, each with whether it answers the visitor's query."""
    return marks(text, query) if query else [(text, False)]


def govcn_probably_meant(text: str) -> str:
    """The query with slips of known words mended (同音, one wrong character); "" when there is nothing to mend."""
    meant = normalize(text)
    for written, word in understand(meant).corrections:
        meant = meant.replace(written, word)
    return meant if meant != normalize(text) else ""


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
        return _code_label(tables[field], str(item["name"]))
    if field == "organization":
        return govcn_department_title(str(item["name"]))
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


def govcn_code_table(name: str) -> list[tuple[str, str]]:
    """(code, word) of a code table, in its order."""
    return [(code, _code_label(name, code)) for code in codes.table(name).codes]


def govcn_example_word(dataset: Mapping[str, Any] | None) -> str:
    """A word that finds something here: the first keyword of a dataset, else the beginning of its title."""
    if not dataset:
        return "公交"
    tags = dataset.get("tags") or ()
    return str(tags[0]["name"] if tags else (dataset.get("title") or "")[:4])


def govcn_python_example(api: str, name: str) -> str:
    """The Python example of the developer page: runs as it is, with the standard library only."""
    return f"""import json, pathlib, urllib.request
from urllib.parse import quote, unquote, urlsplit

with urllib.request.urlopen("{api}/package_show?id={name}") as answer:
    dataset = json.load(answer)["result"]

for resource in dataset["resources"]:
    parts = urlsplit(resource["url"])
    address = parts._replace(path=quote(unquote(parts.path))).geturl()
    file = pathlib.Path(unquote(parts.path)).name or resource["id"]
    with urllib.request.urlopen(address) as answer:
        pathlib.Path(file).write_bytes(answer.read())
    print(file)"""


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
