"""What people see while Solr does not answer: a page that says so (503), not an error of the portal (500). ADAPTER."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.lib.search.common import SolrConnectionError
from flask import Blueprint, Response, g, has_request_context

RETRY_AFTER = "30"  # seconds; a Solr that ended is running again by then


def note() -> None:
    """Remember for this request that the index did not answer."""
    if has_request_context():
        g.govcn_search_away = True


def _page() -> str:
    said = tk._("检索服务暂时没有响应，正在自动恢复。数据集页面和已保存的内容不受影响，请稍后重试。")
    return tk.render("error_document_template.html", {"code": 503, "content": said, "name": "Service Unavailable"})


def _uncaught(_error: SolrConnectionError) -> tuple[str, int, dict[str, str]]:
    return _page(), 503, {"Retry-After": RETRY_AFTER}


def _caught(response: Response) -> Response:
    """CKAN's own views catch the failure and answer 500."""
    if response.status_code == 500 and getattr(g, "govcn_search_away", False):
        response.status_code = 503
        response.headers["Retry-After"] = RETRY_AFTER
        if response.mimetype == "text/html":
            response.set_data(_page())
    return response


def install(blueprint: Blueprint) -> None:
    """Answer for every page of the portal."""
    blueprint.app_errorhandler(SolrConnectionError)(_uncaught)
    blueprint.after_app_request(_caught)
