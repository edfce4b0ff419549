"""Plugin `govcn`: the catalogue's schema, departments and editorial work. Wiring only."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
from ckan.plugins import toolkit as tk

from ckanext.govcn.dataset import helpers, validators
from ckanext.govcn.dataset import model as register
from ckanext.govcn.dataset.language import say
from ckanext.govcn.department import validators as department_validators

_VALIDATORS = (
    "govcn_text", "govcn_title", "govcn_name", "govcn_date", "govcn_count", "govcn_link",
    "govcn_code", "govcn_code_list", "govcn_list", "govcn_format", "govcn_format_list", "govcn_items",
    "govcn_platform", "govcn_platform_list", "govcn_before", "govcn_after",
    "govcn_list_output", "govcn_items_output", "govcn_flag_output", "govcn_count_output",
    # replacing CKAN's own, which refuse Chinese keywords
    "tag_string_convert", "tag_length_validator", "tag_name_validator",
)  # fmt: skip

_DEPARTMENT_VALIDATORS = ("govcn_department_title", "govcn_department_name", "govcn_uscc", "govcn_successor")

# What resource validators depend on: without this, closing a dataset would not look at its unchanged resources again.
RESOURCE_DEPENDS_ON = ("open_type", "access_mode", "catalog_status", "private", "owner_org", "state")


@tk.blanket.helpers(helpers)
@tk.blanket.config_declarations
class GovcnPlugin(p.SingletonPlugin):
    """公共数据目录: schema, codes, departments, editorial states."""

    p.implements(p.IConfigurer)
    p.implements(p.IConfigurable)
    p.implements(p.IValidators)
    p.implements(p.IPackageController, inherit=True)

    def update_config(self, config: Any) -> None:
        tk.add_template_directory(config, "templates")
        tk.add_resource("assets", "govcn")

    def configure(self, config: Any) -> None:
        from ckanext.scheming.plugins import SchemingDatasetsPlugin

        # CKAN asks the plugin of the dataset type, which is scheming's; scheming does not declare any dependency.
        SchemingDatasetsPlugin.resource_validation_dependencies = staticmethod(_resource_validation_dependencies)

    def get_validators(self) -> dict[str, Any]:
        return {name: getattr(validators, name) for name in _VALIDATORS} | {
            name: getattr(department_validators, name) for name in _DEPARTMENT_VALIDATORS
        }

    def after_dataset_create(self, context: Any, data: dict[str, Any]) -> None:
        _claim_codes(context, data)

    def after_dataset_update(self, context: Any, data: dict[str, Any]) -> None:
        _claim_codes(context, data)


def _resource_validation_dependencies(package_type: str) -> list[str]:
    return list(RESOURCE_DEPENDS_ON)


def _claim_codes(context: Any, data: dict[str, Any]) -> None:
    """Bind the dataset's codes to it, in the transaction that saves it."""
    from ckan import model

    from ckanext.govcn.dataset import fields

    codes = next((fields.read_list(e["value"]) for e in data.get("extras", []) if e["key"] == "codes"), [])
    taken = register.claim(model.Session, data["id"], codes) if codes else []
    if taken:
        model.Session.rollback()
        message = say(f"信息资源代码已被使用：{taken[0]}", f"The resource code is taken: {taken[0]}")
        raise tk.ValidationError({"codes": [message]})
