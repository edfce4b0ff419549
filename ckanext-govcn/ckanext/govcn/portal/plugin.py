"""Plugin `govcn_portal`: what a visitor sees. Wiring only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.common import config_declaration
from ckan.config.declaration.option import Flag

from . import action, auth, bodies, facets, searching, translations, usage

HERE = Path(__file__).parent


@tk.blanket.actions({"govcn_missed_query_list": action.govcn_missed_query_list})
@tk.blanket.auth_functions({"govcn_missed_query_list": auth.govcn_missed_query_list})
@tk.blanket.helpers
@tk.blanket.blueprints
@tk.blanket.config_declarations
class GovcnPortalPlugin(p.SingletonPlugin):
    """Pages, templates, assets, translations and usage counters of the portal."""

    p.implements(p.IConfigurer)
    p.implements(p.IConfigurable)
    p.implements(p.IMiddleware, inherit=True)
    p.implements(p.ITranslation)
    p.implements(p.IFacets, inherit=True)
    p.implements(p.ISignal)
    p.implements(p.IPackageController, inherit=True)

    # IConfigurer
    def update_config(self, config: Any) -> None:
        tk.add_template_directory(config, "templates")
        tk.add_public_directory(config, "public")
        tk.add_resource("assets", "govcn_portal")
        config["ckan.gravatar_default"] = "disabled"  # nothing is loaded from another host

    def update_config_schema(self, schema: Any) -> Any:
        """Let the bureau edit what config_declaration.yaml calls editable; CKAN does not read that mark itself."""
        rules = [tk.get_validator("ignore_missing"), tk.get_validator("unicode_safe")]
        ours = (key for key in config_declaration.iter_options() if str(key).startswith("ckanext.govcn."))
        return schema | {str(key): rules for key in ours if config_declaration[key].has_flag(Flag.editable)}

    # IConfigurable
    def configure(self, config: Any) -> None:
        translations.build_for_scripts()

    # IMiddleware
    def make_middleware(self, app: Any, config: Any) -> Any:
        return bodies.before_csrf(app)

    # ITranslation
    def i18n_directory(self) -> str:
        storage = tk.config.get("ckan.storage_path")
        return str(translations.compiled(HERE / "i18n", Path(storage) / "govcn-i18n" if storage else None))

    def i18n_locales(self) -> list[str]:
        return translations.locales(HERE / "i18n")

    def i18n_domain(self) -> str:
        return translations.DOMAIN

    # IFacets
    def dataset_facets(self, facets_dict: dict[str, str], package_type: str) -> dict[str, str]:
        return facets.titles()

    def organization_facets(
        self, facets_dict: dict[str, str], organization_type: str, package_type: str | None
    ) -> dict[str, str]:
        return {name: title for name, title in facets.titles().items() if name != "organization"}

    # ISignal
    def get_signal_subscriptions(self) -> dict[Any, list[Any]]:
        return {tk.signals.resource_download: [usage.downloaded]}

    # IPackageController
    def before_dataset_search(self, search_params: dict[str, Any]) -> dict[str, Any]:
        searching.prepare(search_params)
        return search_params

    def after_dataset_search(self, search_results: dict[str, Any], search_params: dict[str, Any]) -> dict[str, Any]:
        searching.count_missed(search_params)
        return search_results

    def before_dataset_index(self, pkg_dict: dict[str, Any]) -> dict[str, Any]:
        return {**pkg_dict, "views_recent": searching.used(pkg_dict["id"])}
