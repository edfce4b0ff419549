"""Plugin `govcn_access`: levels enforced on every surface (wiring only)."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.common import CKANConfig
from flask import Blueprint

from ckanext.govcn.access import action, auth, cli, files, helpers, labels, model, vault, views

__all__ = ["GovcnAccessPlugin", "model"]


class GovcnAccessPlugin(labels.LevelLabels, p.SingletonPlugin):
    """Levels: labels, guards, vault, files and the download route."""

    p.implements(p.IConfigurer)
    p.implements(p.IPermissionLabels)
    p.implements(p.IAuthFunctions)
    p.implements(p.IActions)
    p.implements(p.IBlueprint)
    p.implements(p.IResourceController, inherit=True)
    p.implements(p.IPackageController, inherit=True)
    p.implements(p.IUploader, inherit=True)
    p.implements(p.ITemplateHelpers)
    p.implements(p.IClick)

    def update_config(self, config: CKANConfig) -> None:
        vault.install()
        tk.add_template_directory(config, "templates")

    def get_auth_functions(self) -> dict[str, Any]:
        return auth.functions()

    def get_actions(self) -> dict[str, Any]:
        return action.functions()

    def get_blueprint(self) -> list[Blueprint]:
        return [views.blueprint]

    def before_resource_show(self, resource_dict: dict[str, Any]) -> dict[str, Any]:
        action.show_own_route(resource_dict)
        return resource_dict

    def after_dataset_show(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        action.show_source_page(context, pkg_dict)

    def before_dataset_index(self, pkg_dict: dict[str, Any]) -> dict[str, Any]:
        return vault.without_source_page(pkg_dict)

    def get_resource_uploader(self, resource: dict[str, Any]) -> files.ResourceUploader:
        return files.ResourceUploader(resource)

    def get_helpers(self) -> dict[str, Any]:
        return helpers.functions()

    def get_commands(self) -> list[Any]:
        return [cli.access]
