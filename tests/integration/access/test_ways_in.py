"""A real address goes to the vault on every way in, and closing a dataset takes effect at once everywhere."""

from __future__ import annotations

import json

import access_canary as canary
import pytest
import sqlalchemy as sa

pytestmark = pytest.mark.access

SECRET = "https://data.example/canaryway/export.csv"


@pytest.fixture
def desk(clean):
    """An editor of a confirmed department, and a published conditional dataset of it without resources."""
    from ckan.tests import factories
    from ckan.tests.helpers import call_action

    admin, editor = factories.SysadminWithToken(), factories.UserWithToken()
    owner = canary.organization(admin["name"], "owner", "示例市交通运输局", {editor["name"]: "editor"}, confirmed=True)
    fields = {"title": "停车场", "notes": "为检验而造的数据集，不含任何真实数据", "owner_org": owner}
    level = {"open_type": "conditional", "open_condition": "说明用途", "catalog_status": "published", "share_type": "1"}
    dataset = call_action("package_create", context=canary.internal(admin["name"]), **fields, **level)
    return {"admin": admin, "editor": editor, "owner": owner, "dataset": dataset, "fields": fields}


def _create(app, desk, call):
    call("package_create", {**desk["fields"], "title": "另一个停车场", "open_type": "conditional",
                            "resources": [{"name": "数据", "url": SECRET, "format": "CSV"}]})  # fmt: skip


def _update(app, desk, call):
    shown = call("package_show", {"id": desk["dataset"]["id"]})
    call("package_update", {**shown, "resources": [{"name": "数据", "url": SECRET, "format": "CSV"}]})


def _patch(app, desk, call):
    call("package_patch", {"id": desk["dataset"]["id"], "resources": [{"name": "数据", "url": SECRET, "format": "CSV"}]})


def _revise(app, desk, call):
    call("package_revise", {"match": {"id": desk["dataset"]["id"]},
                            "update__resources__extend": [{"name": "数据", "url": SECRET, "format": "CSV"}]})  # fmt: skip


def _resource_create(app, desk, call):
    call("resource_create", {"package_id": desk["dataset"]["id"], "name": "数据", "url": SECRET, "format": "CSV"})


def _resource(desk, call, url="https://data.example/first.csv"):
    body = {"package_id": desk["dataset"]["id"], "name": "数据", "url": url, "format": "CSV"}
    return call("resource_create", body)["id"]


def _resource_update(app, desk, call):
    call("resource_update", {"id": _resource(desk, call), "name": "数据", "url": SECRET, "format": "CSV"})


def _resource_patch(app, desk, call):
    call("resource_patch", {"id": _resource(desk, call), "url": SECRET})


def _source_update(app, desk, call):
    call("govcn_resource_source_update", {"id": _resource(desk, call), "url": SECRET})


def _other_fields(app, desk, call):
    call("resource_create", {"package_id": desk["dataset"]["id"], "name": f"见 {SECRET}", "url": SECRET, "format": "CSV",
                             "description": f"下载：{SECRET}", "cache_url": SECRET, "remote_id": SECRET})  # fmt: skip


def _claims_to_be_a_file(app, desk, call):
    call("resource_create", {"package_id": desk["dataset"]["id"], "name": "数据", "url": SECRET, "url_type": "file"})


def _deferred(app, desk, call):
    from ckan import model
    from ckan.tests.helpers import call_action

    context = {**canary.internal(desk["admin"]["name"]), "defer_commit": True, "return_id_only": True}
    call_action("package_create", context=context, **{**desk["fields"], "title": "归集的停车场"},
                open_type="conditional", resources=[{"name": "数据", "url": SECRET, "format": "CSV"}])  # fmt: skip
    model.Session.commit()


def _model(app, desk, call):
    from ckan import model

    model.Session.add(model.Resource(package_id=desk["dataset"]["id"], url=SECRET, name="数据"))
    model.Session.commit()


WAYS = [_create, _update, _patch, _revise, _resource_create, _resource_update, _resource_patch, _source_update,
        _other_fields, _claims_to_be_a_file, _deferred, _model]  # fmt: skip


def _caller(app, person):
    def call(action, body):
        answer = app.post(f"/api/3/action/{action}", json=body, headers={"Authorization": person["token"]})
        assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
        return answer.get_json()["result"]

    return call


def _stored_text() -> str:
    """Everything the database holds beside the vault, and everything the index holds."""
    from ckan import model
    from ckan.lib.search.common import make_connection

    texts = []
    for table in ("package", "resource", "activity", "resource_view", "task_status"):
        rows = model.Session.execute(sa.text(f'SELECT row_to_json(t)::text FROM "{table}" t'))  # noqa: S608 - fixed names
        texts.extend(row[0] for row in rows)
    texts.extend(json.dumps(dict(found), default=str) for found in make_connection().search("*:*", rows=1000, fl="*"))
    return "\n".join(texts)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.strip("_"))
def test_the_address_is_in_the_vault_and_nowhere_else(app, desk, way):
    from ckan import model
    from ckanext.govcn.access.model import Vault

    way(app, desk, _caller(app, desk["editor"]))
    assert SECRET in set(model.Session.scalars(sa.select(Vault.url)))
    assert "canaryway" not in _stored_text()


@pytest.mark.parametrize(
    "values", [{"url": SECRET}, {"url": "", "cache_url": SECRET}, {"url": "", "extras": f'{{"mirror": "{SECRET}"}}'}]
)
def test_the_database_refuses_an_address(desk, values):
    """Statements that bypass the ORM, as a bulk load might use."""
    from ckan import model

    row = {"id": "r1", "package_id": desk["dataset"]["id"], "state": "active", "cache_url": "", "extras": "{}", **values}
    statement = (
        "INSERT INTO resource (id, package_id, url, cache_url, extras, state) VALUES "
        "(:id, :package_id, :url, :cache_url, :extras, :state)"
    )
    with pytest.raises(sa.exc.IntegrityError, match="vault"):
        model.Session.execute(sa.text(statement), row)
    model.Session.rollback()


def test_a_resource_sent_without_its_id_keeps_what_is_behind_it(app, desk):
    call = _caller(app, desk["editor"])
    _resource(desk, call, SECRET)
    shown = call("package_show", {"id": desk["dataset"]["id"]})
    for resource in shown["resources"]:
        del resource["id"]
    updated = call("package_update", shown)
    source = call("govcn_resource_source_show", {"id": updated["resources"][0]["id"]})
    assert source["url"] == SECRET


def test_the_same_address_again_changes_nothing(app, desk):
    call = _caller(app, desk["editor"])
    rid = _resource(desk, call, SECRET)
    before = call("package_show", {"id": desk["dataset"]["id"]})
    call("package_update", {**before, "resources": [{**before["resources"][0], "url": SECRET}]})
    after = call("package_show", {"id": desk["dataset"]["id"]})
    assert after["metadata_modified"] == before["metadata_modified"]
    assert [r["id"] for r in after["resources"]] == [rid]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "not an address"])
def test_what_is_no_address_is_refused(app, desk, url):
    body = {"package_id": desk["dataset"]["id"], "name": "数据", "url": url}
    headers = {"Authorization": desk["editor"]["token"]}
    answer = app.post("/api/3/action/resource_create", json=body, headers=headers)
    assert answer.status_code == 409


def test_only_who_gets_the_data_reads_the_address(app, desk):
    rid = _resource(desk, _caller(app, desk["editor"]), SECRET)
    assert _caller(app, desk["editor"])("govcn_resource_source_show", {"id": rid})["url"] == SECRET
    for headers in ({}, {"Authorization": desk["admin"]["token"]}):
        answer = app.post("/api/3/action/govcn_resource_source_show", json={"id": rid}, headers=headers)
        assert answer.status_code == 403
        assert "canaryway" not in answer.get_data(as_text=True)


def test_tables_of_closed_data_are_asked_for_like_files(app, desk):
    """The guards that stand before the datastore's own when it is switched on; SQL names its tables by an iterator."""
    from ckan import model
    from ckanext.govcn.access import auth

    rid = _resource(desk, _caller(app, desk["editor"]), SECRET)

    def allowed(name, **more):
        user = model.User.get(name) if name else None
        context = {"user": name, "auth_user_obj": user, **more}
        functions = [auth.datastore_search, auth.datastore_info]
        answers = [f(lambda *_: {"success": True}, dict(context), {"resource_id": rid}) for f in functions]
        sql = {**context, "table_names": iter([rid])}
        answers.append(auth.datastore_search_sql(lambda *_: {"success": True}, sql, {}))
        assert sql["table_names"] == [rid]
        return {answer["success"] for answer in answers}

    assert allowed(desk["editor"]["name"]) == {True}
    assert allowed("") == {False}
    assert allowed(desk["admin"]["name"]) == {False}
    nothing = auth.datastore_search_sql(lambda *_: {"success": True}, {"user": "", "auth_user_obj": None}, {})
    assert nothing["success"] is False


@pytest.mark.parametrize("action", ["bulk_update_public", "bulk_update_private"])
def test_private_is_not_set_in_bulk(app, desk, action):
    body = {"datasets": [desk["dataset"]["id"]], "org_id": desk["owner"]}
    headers = {"Authorization": desk["admin"]["token"]}
    assert app.post(f"/api/3/action/{action}", json=body, headers=headers).status_code == 409


CLOSED = {"open_type": "none", "share_type": "3", "open_basis": "依据《示例条例》第一条", "open_condition": ""}


def test_closing_takes_effect_at_once(app, desk):
    """Open, seen by the public, then 不予开放 by package_patch: gone from search, lists, activities and downloads."""
    from ckan.tests.helpers import call_action

    internal = canary.internal(desk["admin"]["name"])
    did = desk["dataset"]["id"]
    opened = {"open_type": "unconditional", "access_mode": "anonymous", "open_condition": ""}
    call_action("package_patch", context=internal, id=did, title="可以看见的停车场", **opened,
                resources=[{"name": "数据", "url": SECRET, "format": "CSV"}])  # fmt: skip
    rid = call_action("package_show", context=internal, id=did)["resources"][0]["id"]
    route = f"/dataset/{did}/resource/{rid}/download"
    assert app.get(route, follow_redirects=False).headers["Location"] == SECRET

    call_action("package_patch", context=canary.internal(desk["admin"]["name"]), id=did, **CLOSED)

    assert app.get(route, follow_redirects=False).status_code == 404
    for path in (
        f"/dataset/{did}", f"/dataset/activity/{did}", "/api/3/action/package_list",
        "/api/3/action/package_search?rows=100", "/api/3/action/resource_search?query=name:",
        "/api/3/action/recently_changed_packages_activity_list?limit=100",
        f"/api/3/action/organization_activity_list?id={desk['owner']}&limit=100",
    ):  # fmt: skip
        text = app.get(path).get_data(as_text=True)
        assert "可以看见的停车场" not in text, path
        assert rid not in text, path
