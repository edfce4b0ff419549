"""Pages of the portal's own, and what is done around every response: security headers and counting."""

from __future__ import annotations

import datetime
from typing import Any

import ckan.plugins.toolkit as tk
import flask
from ckan.lib.search.common import SearchError, SolrConnectionError
from ckan.views import api as core_api

from . import missed, model, numbers, security, usage
from .batch import is_bot

MOST_WANTED = 20  # texts of one browser on one day
blueprint = flask.Blueprint("govcn_portal", __name__)


@blueprint.route("/")
def home() -> str:
    """首页."""
    return tk.render(
        "home/index.html",
        {"overview": numbers.overview(), "newest": numbers.newest(), "most_used": numbers.most_used()},
    )


@blueprint.route("/developer")
def developer() -> str:
    """开发者: the API with examples that run against this very portal."""
    return tk.render("govcn/developer.html", {"example": numbers.example()})


@blueprint.route("/govcn/missed-queries")
def missed_queries() -> Any:
    """未检索到: what visitors look for and the catalogue does not have. For the bureau."""
    try:
        rows = tk.get_action("govcn_missed_query_list")({}, {"limit": 1000})
    except tk.NotAuthorized as refusal:
        return tk.abort(403, refusal.message or "")
    return tk.render("govcn/missed_queries.html", {"rows": rows})


@blueprint.route("/govcn/wanted", methods=["POST"])
def want_data() -> Any:
    """希望开放: the data that a search did not find are wanted. Anybody may say so, once a day and text and browser."""
    text = missed.masked(tk.request.form.get("q", "")[: 10 * missed.LONGEST])
    said = _wanted_today()
    if text and text not in said and len(said) < MOST_WANTED and not is_bot(tk.request.headers.get("User-Agent")):
        model.add_wanted(text)
        flask.session["govcn_wanted"] = [datetime.date.today().isoformat(), *said, text]  # noqa: DTZ011
    if text:
        tk.h.flash_success(tk._("已记下。数据主管部门安排开放计划时会看到这项需求。"))
    return tk.redirect_to("dataset.search", q=tk.request.form.get("q", "")[: 10 * missed.LONGEST])


def _wanted_today() -> list[str]:
    day, *texts = flask.session.get("govcn_wanted") or [""]
    return texts if day == datetime.date.today().isoformat() else []  # noqa: DTZ011


@blueprint.route("/govcn/search-explained")
def search_explained() -> Any:
    """排序说明: why the results of a text stand in this order. For sysadmins."""
    text = tk.request.args.get("q", "")
    try:
        tk.check_access("govcn_search_explain", {}, {})
        explained = tk.get_action("govcn_search_explain")({}, {"q": text, "rows": 20}) if text.strip() else None
    except tk.NotAuthorized as refusal:
        return tk.abort(403, refusal.message or "")
    except (SearchError, SolrConnectionError):
        return tk.abort(503, "检索服务暂不可用，请稍后再试 (the search does not answer; please try again later)")
    return tk.render("govcn/search_explained.html", {"q": text, "explained": explained})


@blueprint.route("/govcn/custom.css")
def custom_css() -> flask.Response:
    """The administrator's own CSS as a file, since a strict policy allows no `<style>` in a page."""
    response = flask.make_response(tk.config.get("ckan.site_custom_css") or "")
    response.content_type = "text/css; charset=utf-8"
    return response


@blueprint.route("/api/i18n/zh_CN")
def javascript_texts() -> flask.Response:
    """Chinese texts of CKAN's scripts, which ask by the page's language tag (zh-CN) and not by CKAN's locale name.

    With CKAN's own tag zh-Hans-CN they ask for `zh_Hans-CN`, which does not exist, and stay English.
    """
    return flask.make_response(core_api.i18n_js_translations("zh_Hans_CN"))


@blueprint.after_app_request
def finish(response: flask.Response) -> flask.Response:
    """Runs after every request of the application."""
    if response.status_code == 200 and tk.request.endpoint == "dataset.read" and tk.request.method == "GET":
        dataset: dict[str, Any] | None = getattr(flask.g, "pkg_dict", None)
        if dataset:
            usage.count_view(dataset["id"])
    for name, value in security.HEADERS.items():
        response.headers.setdefault(name, value)
    return response
