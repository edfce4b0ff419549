"""样例数据: entered by the department, seen by everybody while the dataset is conditional, never taken from the data."""

from __future__ import annotations

import io

import pytest
from integration.grant.test_grants import Desk, noted

pytestmark = pytest.mark.access

SAMPLE = {"columns": ["名称", "车位"], "rows": [["示例停车场", "12"]], "kind": "made_up", "confirmed": True}


@pytest.fixture
def desk(clean, app):
    return Desk(app)


def enter(desk: Desk, who: str = "editor", status: int = 200, **changed):
    return desk.ask(who, "govcn_sample_update", status, package_id=desk.dataset["id"], **{**SAMPLE, **changed})


def test_the_department_enters_it_and_everybody_sees_it_on_the_page_and_in_the_api(desk):
    page = f"/dataset/{desk.dataset['name']}"
    assert "样例数据" not in desk.app.get(page).get_data(as_text=True)
    for who in ("grantee", "stranger", "outsider", "bureau", "admin"):
        enter(desk, who, 403)
    with noted() as events:
        enter(desk)
    assert [(e["event"], e["who"], e["subject"], e["rows"]) for e in events] == [
        ("sample.update", desk.people["editor"]["id"], desk.dataset["id"], 1)
    ]
    assert "示例停车场" not in str(events)
    shown = desk.app.get(page).get_data(as_text=True)
    assert "示例停车场" in shown
    assert "虚构" in shown
    found = desk.app.get(f"/api/3/action/govcn_sample_show?package_id={desk.dataset['id']}").get_json()["result"]
    assert (found["columns"], found["rows"], found["kind"]) == (SAMPLE["columns"], SAMPLE["rows"], "made_up")
    desk.ask("bureau", "govcn_sample_delete", package_id=desk.dataset["id"])
    assert "样例数据" not in desk.app.get(page).get_data(as_text=True)


def test_what_is_unconfirmed_personal_or_real_is_refused(desk):
    assert "confirmed" in enter(desk, status=409, confirmed="")
    assert "kind" in enter(desk, status=409, kind="real")
    assert "13812345678" not in str(enter(desk, status=409, rows=[["张三", "13812345678"]]))
    assert "数据文件中的记录" in enter(desk, status=409, rows=[["示例", "1"], ["人民广场", "120"]])["sample"][0]
    desk.app.get(f"/api/3/action/govcn_sample_show?package_id={desk.dataset['id']}", status=404)


def test_a_closed_dataset_shows_its_sample_to_nobody_else(desk):
    from ckan.tests.helpers import call_action

    enter(desk)
    path = f"/api/3/action/govcn_sample_show?package_id={desk.dataset['id']}"
    call_action("package_patch", context=desk.context, id=desk.dataset["id"], open_type="none", not_open_basis="示例")
    for who in ("stranger", "outsider"):
        assert desk.app.get(path, headers={"Authorization": desk.people[who]["token"]}).status_code == 404
    assert desk.app.get(path).status_code == 404


def test_the_form_keeps_what_was_typed_and_takes_a_file(desk):
    headers = {"Authorization": desk.people["editor"]["token"]}
    path = f"/govcn/sample/{desk.dataset['name']}"
    form = {"text": "名称,电话\n示例,13812345678\n", "kind": "masked", "confirmed": "true"}
    refused = desk.app.post(path, data=form, headers=headers)
    assert refused.status_code == 200
    assert "像是手机号码" in refused.get_data(as_text=True)
    assert "示例,13812345678" in refused.get_data(as_text=True)
    form = {**form, "text": "", "upload": (io.BytesIO("名称,车位\n示例广场,9\n".encode("gb18030")), "样例.csv")}
    saved = desk.app.post(path, data=form, headers=headers, follow_redirects=False, content_type="multipart/form-data")
    assert saved.status_code == 302
    assert "示例广场" in desk.app.get(f"/dataset/{desk.dataset['name']}").get_data(as_text=True)
    assert desk.app.get(path, headers={"Authorization": desk.people["grantee"]["token"]}).status_code == 403
