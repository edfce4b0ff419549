"""Plugin `govcn_search`: the allow-listed Solr document and the Chinese dataset query. Wiring only."""

from __future__ import annotations

import threading
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.lib import search

from ckanext.govcn.catalog import codes
from ckanext.govcn.index import cli, interactive, model
from ckanext.govcn.search import action, answered, auth, fields, lexicon, views
from ckanext.govcn.search.package_query import ChinesePackageSearchQuery

__all__ = ["GovcnSearchPlugin", "model"]


class GovcnSearchPlugin(p.SingletonPlugin):
    """检索。"""

    p.implements(p.IConfigurable)
    p.implements(p.IMiddleware, inherit=True)
    p.implements(p.IBlueprint)
    p.implements(p.IClick)
    p.implements(p.IActions)
    p.implements(p.IAuthFunctions)
    p.implements(p.IPackageController, inherit=True)

    def configure(self, config: Any) -> None:
        """Put our query class where CKAN looks for it."""
        del config
        search._QUERIES["package"] = ChinesePackageSearchQuery
        interactive.install_index()

    def make_middleware(self, app: Any, config: Any) -> Any:
        """Read the lexicon while the web server starts, so that the first visitor does not wait for it."""
        del config
        threading.Thread(target=lexicon.warm_up, name="govcn-lexicon", daemon=True).start()
        return app

    def get_blueprint(self) -> Any:
        """Suggestions."""
        return views.blueprint

    def get_commands(self) -> list[Any]:
        """The indexer."""
        return [cli.index]

    def get_actions(self) -> Any:
        return {"govcn_search_explain": action.govcn_search_explain}

    def get_auth_functions(self) -> Any:
        return {"govcn_search_explain": auth.govcn_search_explain}

    def before_dataset_search(self, search_params: dict[str, Any]) -> dict[str, Any]:
        """`ext_fold` asks for near-duplicates to be folded; CKAN hands no `ext_` parameter on to its query."""
        answered.begin(fold=tk.asbool(search_params.get("extras", {}).get("ext_fold", False)))
        return search_params

    def after_dataset_search(self, search_results: dict[str, Any], search_params: dict[str, Any]) -> dict[str, Any]:
        """Say how a text was understood, beside the results."""
        del search_params
        found = answered.last()
        return search_results if found is None else {**search_results, "answered": found.to_json()}

    def before_dataset_index(self, pkg_dict: dict[str, Any]) -> dict[str, Any]:
        """Replace CKAN's document by the allow-listed one."""
        return fields.document(pkg_dict, _label)


def _label(table: str, code: str) -> str | None:
    """The Chinese label of a code; None for a code the table does not know."""
    label = codes.table(table).label(code)
    return label if label != code else None
