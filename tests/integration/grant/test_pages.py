"""The pages: give with chosen columns, my keys and usage, and who uses what."""

from __future__ import annotations

from typing import Any

import pytest
from integration.grant.test_columns import CANARY, FIELDS, ROWS, deliver, written
from integration.grant.test_grants import UNTIL, Desk
from integration.grant.test_interface import rows

pytestmark = pytest.mark.access


@pytest.fixture
def desk(clean, app):
    from ckan.tests.helpers import call_action

    made = Desk(app)
    deliver(made, written(ROWS))
    items = [{"name": name} for name in (*ROWS[0], "收费标准")]
    call_action("package_patch", context=made.context, id=made.dataset["id"], items=items)
    return made


def page(desk: Desk, who: str, path: str, **form: Any) -> Any:
    headers = {"Authorization": desk.people[who]["token"]}
    if form:
        return desk.app.post(path, data=form, headers=headers, follow_redirects=False)
    return desk.app.get(path, headers=headers)


def test_the_department_chooses_the_columns_and_nothing_else_comes_out_by_any_way(desk):
    path = f"/govcn/grants/new?dataset={desk.dataset['name']}"
    shown = page(desk, "editor", path).get_data(as_text=True)
    for name in ROWS[0]:
        assert f'value="{name}"' in shown
    assert "文件中没有这一列" in shown
    assert "链接" in shown
    assert CANARY not in shown
    form = {"user": desk.people["grantee"]["name"], "purpose": "停车诱导服务", "reason": "符合条件", "until": UNTIL,
            "columns": "some", "deliveries": ["download", "interface"]}  # fmt: skip
    refused = page(desk, "editor", path, **form)
    assert refused.status_code == 200
    assert "信息项名称" in refused.get_data(as_text=True), "no column named is not all of them"
    assert page(desk, "editor", path, **form, fields=FIELDS).status_code == 302
    [grant] = desk.ask("grantee", "govcn_grant_list")["results"]
    assert (grant["fields"], grant["deliveries"]) == (FIELDS, ["download", "interface"])
    key = desk.ask("grantee", "govcn_grant_key_create", id=grant["id"])["key"]
    home = f"/dataset/{desk.dataset['name']}"
    resource = f"{home}/resource/{desk.file['id']}"
    ways = [desk.get("grantee"), desk.get(key=key), rows(desk, who="grantee"), rows(desk, key=key),
            *(page(desk, "grantee", where) for where in (home, resource, "/govcn/grants", "/govcn/grants/usage")),
            page(desk, "grantee", f"/govcn/grants/{grant['id']}/receipt")]  # fmt: skip
    assert [answer.status_code for answer in ways] == [200] * len(ways)
    for answer in ways:
        assert CANARY not in str(answer.headers) + answer.get_data(as_text=True)
    for who in ("grantee", "stranger", "outsider", "admin"):
        assert page(desk, who, path).status_code == 403


def test_the_applicant_sees_keys_and_usage_and_the_department_who_uses_what(desk):
    grant = desk.give(quota=5, deliveries=["interface"])
    key = desk.ask("grantee", "govcn_grant_key_create", id=grant["id"])
    assert [rows(desk, key=key["key"]).status_code for _ in range(2)] == [200, 200]
    assert rows(desk, who="grantee").status_code == 200
    [used] = desk.ask("grantee", "govcn_grant_usage_list")["results"]
    assert (used["uses"], len(used["by_day"])) == (3, 1)
    assert {each["prefix"]: each["uses"] for each in used["by_key"]} == {key["prefix"]: 2, "": 1}
    shown = page(desk, "grantee", "/govcn/grants/usage").get_data(as_text=True)
    assert f"govcn-key-{key['prefix']}" in shown
    assert "剩余 2 次" in shown
    assert key["key"] not in shown
    assert page(desk, "grantee", f"/govcn/grants/{key['id']}/key_revoke", of="used").status_code == 302
    [dataset] = desk.ask("editor", "govcn_grant_dataset_list")["results"]
    assert (dataset["grants"], dataset["undelivered"], dataset["lacking"]) == (
        {"in_force": 1}, ["链接"], ["contact_phone", "sample"],
    )  # fmt: skip
    [user] = dataset["users"]
    assert (user["user"], user["uses"], user["deliveries"]) == (desk.people["grantee"]["name"], 3, ["interface"])
    assert desk.people["grantee"]["name"] in page(desk, "editor", "/govcn/grants/datasets").get_data(as_text=True)
    assert desk.ask("bureau", "govcn_grant_dataset_list")["count"] == 1
    assert desk.ask("outsider", "govcn_grant_dataset_list")["count"] == 0
    for who in ("grantee", "stranger"):
        desk.ask(who, "govcn_grant_dataset_list", 403)
