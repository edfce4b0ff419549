"""Plugin `govcn`: the catalogue's schema, departments and editorial work. Wiring only."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.govcn.dataset import action, auth, cli, fields, helpers, validators
from ckanext.govcn.dataset import model as register
from ckanext.govcn.dataset.language import say
from ckanext.govcn.department import action as department_action
from ckanext.govcn.department import auth as department_auth
from ckanext.govcn.department import model as departments
from ckanext.govcn.department import validators as department_validators
from ckanext.govcn.department import views as department_views
from ckanext.govcn.department.bureau import user_of
from ckanext.govcn.editorial import action as editorial_action
from ckanext.govcn.editorial import auth as editorial_auth
from ckanext.govcn.editorial import model as records
from ckanext.govcn.editorial import views as editorial_views

_VALIDATORS = (
    "govcn_text", "govcn_title", "govcn_name", "govcn_date", "govcn_count", "govcn_link",
    "govcn_code", "govcn_code_list", "govcn_list", "govcn_format", "govcn_format_list", "govcn_items",
    "govcn_platform", "govcn_platform_list", "govcn_before", "govcn_after",
    "govcn_list_output", "govcn_items_output", "govcn_flag_output", "govcn_count_output",
    # replacing CKAN's own, which refuse Chinese keywords
    "tag_string_convert", "tag_length_validator", "tag_name_validator",
)  # fmt: skip

_DEPARTMENT_VALIDATORS = ("govcn_department_title", "govcn_department_name", "govcn_uscc", "govcn_successor")

_ACTIONS = {
    action: (
        "govcn_dataset_check", "govcn_code_assign", "govcn_code_table", "govcn_code_lookup",
        "bulk_update_private", "bulk_update_public", "package_create", "package_delete", "package_owner_org_update",
    ),
    department_action: (
        "govcn_department_list", "govcn_department_confirm",
        "govcn_provider_proposal_list", "govcn_provider_proposal_decide", "organization_update",
    ),
    editorial_action: (
        "govcn_submit", "govcn_approve", "govcn_return", "govcn_withdraw", "govcn_restore",
        "govcn_editorial_list", "govcn_editorial_log",
    ),
}  # fmt: skip
_AUTH_MODULES = (auth, department_auth, editorial_auth)

# What resource validators depend on: without this, closing a dataset would not look at its unchanged resources again.
RESOURCE_DEPENDS_ON = ("open_type", "access_mode", "catalog_status", "private", "owner_org", "state")


@tk.blanket.helpers(helpers)
@tk.blanket.config_declarations
class GovcnPlugin(p.SingletonPlugin):
    """公共数据目录: schema, codes, departments, editorial states."""

    p.implements(p.IConfigurer)
    p.implements(p.IConfigurable)
    p.implements(p.IValidators)
    p.implements(p.IActions)
    p.implements(p.IAuthFunctions)
    p.implements(p.IBlueprint)
    p.implements(p.IClick)
    p.implements(p.IPackageController, inherit=True)
    p.implements(p.IOrganizationController, inherit=True)

    def update_config(self, config: Any) -> None:
        tk.add_template_directory(config, "templates")
        tk.add_resource("assets", "govcn")

    def configure(self, config: Any) -> None:
        from ckanext.scheming.plugins import SchemingDatasetsPlugin  # pyright: ignore[reportMissingImports]

        # CKAN asks the plugin of the dataset type, which is scheming's; scheming does not declare any dependency.
        SchemingDatasetsPlugin.resource_validation_dependencies = staticmethod(_resource_validation_dependencies)

    def get_validators(self) -> dict[str, Any]:
        return {name: getattr(validators, name) for name in _VALIDATORS} | {
            name: getattr(department_validators, name) for name in _DEPARTMENT_VALIDATORS
        }

    def get_actions(self) -> dict[str, Any]:
        return {name: getattr(module, name) for module, names in _ACTIONS.items() for name in names}

    def get_auth_functions(self) -> dict[str, Any]:
        return {
            n: f
            for module in _AUTH_MODULES
            for n, f in vars(module).items()
            if n.startswith(("govcn_", "organization_"))
        }

    def get_blueprint(self) -> list[Any]:
        return [editorial_views.editorial, department_views.department]

    def get_commands(self) -> list[Any]:
        return [cli.govcn]

    def create(self, entity: Any) -> None:
        _sync_department(entity)

    def edit(self, entity: Any) -> None:
        _sync_department(entity)

    def after_dataset_create(self, context: Any, data: dict[str, Any]) -> None:
        _claim_codes(context, data)
        _note_writer(context, data)

    def after_dataset_update(self, context: Any, data: dict[str, Any]) -> None:
        _claim_codes(context, data)
        _note_writer(context, data)


def _resource_validation_dependencies(package_type: str) -> list[str]:
    return list(RESOURCE_DEPENDS_ON)


def _sync_department(entity: Any) -> None:
    """CKAN calls `create` and `edit` for datasets and for organizations alike."""
    if isinstance(entity, model.Group) and entity.is_organization:
        departments.sync(model.Session, entity)


def _note_writer(context: Any, data: dict[str, Any]) -> None:
    """Who wrote an entry does not approve it; the platform's own writes are nobody's."""
    user = None if context.get("govcn_internal") else user_of(context)
    if user is not None:
        records.log_edit(model.Session, data["id"], user.id)


def _claim_codes(context: Any, data: dict[str, Any]) -> None:
    """Bind the dataset's codes to it, in the transaction that saves it. A bulk write has bound those of its batch."""
    if context.get("govcn_codes_bound"):
        return
    codes = next((fields.read_list(e["value"]) for e in data.get("extras", []) if e["key"] == "codes"), [])
    taken = register.claim(model.Session, data["id"], codes) if codes else []
    if taken:
        model.Session.rollback()
        message = say(f"信息资源代码已被使用：{taken[0]}", f"The resource code is taken: {taken[0]}")
        raise tk.ValidationError({"codes": [message]})
