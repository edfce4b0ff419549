"""Files: stored once by content, delivered under their own names, asked for at every download."""

from __future__ import annotations

import io
from urllib.parse import quote

import access_canary as canary
import pytest

pytestmark = pytest.mark.access

CONTENT = "名称,车位\n人民广场,120\n".encode("gb18030")


@pytest.fixture
def desk(clean):
    """An editor and a published open dataset."""
    from ckan.tests import factories
    from ckan.tests.helpers import call_action

    admin, editor = factories.SysadminWithToken(), factories.UserWithToken()
    owner = canary.organization(admin["name"], "owner", "示例市交通运输局", {editor["name"]: "editor"}, confirmed=True)
    dataset = call_action(
        "package_create", context=canary.internal(admin["name"]), title="停车场", owner_org=owner,
        notes="为检验而造的数据集，不含任何真实数据", open_type="unconditional", access_mode="anonymous",
        catalog_status="published",
    )  # fmt: skip
    return {"admin": admin, "editor": editor, "dataset": dataset}


def _upload(app, desk, filename, content=CONTENT, **fields):
    body = {"package_id": desk["dataset"]["id"], "name": "数据", "upload": (io.BytesIO(content), filename), **fields}
    headers = {"Authorization": desk["editor"]["token"]}
    action = "resource_update" if "id" in fields else "resource_create"
    answer = app.post(f"/api/3/action/{action}", data=body, headers=headers, content_type="multipart/form-data")
    assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
    return answer.get_json()["result"]


def _get(app, url, **headers):
    return app.get(url, headers=headers, follow_redirects=False)


def test_a_chinese_file_comes_back_under_its_own_name(app, desk):
    resource = _upload(app, desk, "全市停车场.csv")
    assert resource["url"].endswith(quote("全市停车场.csv"))
    answer = _get(app, resource["url"])
    assert answer.status_code == 200
    assert answer.get_data() == CONTENT
    assert f"filename*=UTF-8''{quote('全市停车场.csv')}" in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert resource["size"] == len(CONTENT)


def test_a_part_is_sent_when_asked_for(app, desk):
    url = _upload(app, desk, "数据.csv")["url"]
    part = _get(app, url, Range="bytes=2-5")
    assert part.status_code == 206
    assert part.get_data() == CONTENT[2:6]
    assert part.headers["Content-Range"] == f"bytes 2-5/{len(CONTENT)}"
    assert _get(app, url, Range="bytes=999999-").status_code == 416


def test_an_unchanged_file_is_not_sent_again(app, desk):
    url = _upload(app, desk, "数据.csv")["url"]
    etag = _get(app, url).headers["ETag"]
    assert _get(app, url, **{"If-None-Match": etag}).status_code == 304


def test_what_a_browser_would_run_is_sent_as_bytes(app, desk):
    url = _upload(app, desk, "页面.html", b"<script>alert(1)</script>")["url"]
    answer = _get(app, url)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_one_content_is_stored_once_and_a_new_one_overwrites_nothing(app, desk):
    from ckanext.govcn.access import files

    first = _upload(app, desk, "一.csv")
    second = _upload(app, desk, "二.csv")
    kept, name = files.delivered_by(first["id"])
    assert (kept.path, name) == (files.delivered_by(second["id"])[0].path, "一.csv")
    _upload(app, desk, "新.csv", b"new", id=first["id"])
    assert files.delivered_by(first["id"])[0].sha256 != kept.sha256
    assert kept.path.read_bytes() == CONTENT


def test_too_much_is_refused_and_nothing_is_kept(clean):
    from ckanext.govcn.access import files
    from ckanext.govcn.access.exceptions import FileTooLarge

    with pytest.raises(FileTooLarge):
        files.store(io.BytesIO(b"x" * 11), 10)
    assert not list((files.folder() / "incoming").iterdir())


def test_a_source_that_breaks_off_leaves_nothing(clean):
    from ckanext.govcn.access import files

    class Broken(io.BytesIO):
        def read(self, size=-1):
            if self.tell():
                raise OSError("connection lost")
            return super().read(4)

    with pytest.raises(OSError, match="connection lost"):
        files.store(Broken(b"12345678"), 100)
    assert not list((files.folder() / "incoming").iterdir())


def test_a_link_takes_the_place_of_a_file_and_back(app, desk):
    from ckan.tests.helpers import call_action

    resource = _upload(app, desk, "数据.csv")
    context = canary.internal(desk["admin"]["name"])
    call_action("resource_patch", context=context, id=resource["id"], url="https://data.example/new.csv")
    answer = _get(app, f"/dataset/{desk['dataset']['id']}/resource/{resource['id']}/download")
    assert answer.headers["Location"] == "https://data.example/new.csv"
    _upload(app, desk, "再次.csv", b"again", id=resource["id"])
    assert _get(app, f"/dataset/{desk['dataset']['id']}/resource/{resource['id']}/download").get_data() == b"again"


@pytest.mark.parametrize("sent", [{"url": "全市停车场.csv"}, {"url_type": "upload"}, {"url": "", "url_type": "upload"}])
def test_a_form_that_leaves_the_file_alone_keeps_it(app, desk, sent):
    resource = _upload(app, desk, "全市停车场.csv")
    body = {"id": resource["id"], "name": "改了名称", "format": "CSV", **sent}
    headers = {"Authorization": desk["editor"]["token"]}
    answer = app.post("/api/3/action/resource_update", json=body, headers=headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
    changed = answer.get_json()["result"]
    assert (changed["name"], changed["url"], changed["url_type"]) == ("改了名称", resource["url"], "file")
    assert _get(app, resource["url"]).get_data() == CONTENT


def test_a_removed_file_is_no_longer_delivered(app, desk):
    resource = _upload(app, desk, "数据.csv")
    body = {"id": resource["id"], "name": "数据", "url": "", "clear_upload": "true"}
    headers = {"Authorization": desk["editor"]["token"]}
    assert app.post("/api/3/action/resource_update", json=body, headers=headers).status_code == 200
    assert _get(app, resource["url"]).status_code == 404


def test_who_must_log_in_is_led_there(app, desk):
    from ckan.tests import factories
    from ckan.tests.helpers import call_action

    url = _upload(app, desk, "数据.csv")["url"]
    context = canary.internal(desk["admin"]["name"])
    call_action("package_patch", context=context, id=desk["dataset"]["id"], access_mode="login")
    answer = _get(app, url, Accept="text/html")
    assert answer.status_code == 302
    assert "/user/login" in answer.headers["Location"]
    assert _get(app, url).status_code == 403
    given = _get(app, url, Authorization=factories.UserWithToken()["token"])
    assert given.get_data() == CONTENT
    assert given.headers["Cache-Control"] == "private, no-store"


def test_a_conditional_link_is_never_given_by_redirect(app, desk):
    from ckan.tests.helpers import call_action

    context = canary.internal(desk["admin"]["name"])
    dataset = call_action(
        "package_patch", context=context, id=desk["dataset"]["id"], open_type="conditional", access_mode="",
        open_condition="说明用途", share_type="1",
        resources=[{"name": "链接", "url": "https://data.example/canarylink.csv", "format": "CSV"}],
    )  # fmt: skip
    url = dataset["resources"][0]["url"]
    editor = {"Authorization": desk["editor"]["token"]}
    for headers in ({}, editor, {"Authorization": desk["admin"]["token"]}):
        answer = _get(app, url, **headers)
        assert answer.status_code in (403, 404)  # 404: nobody was given a copy of it
        assert "canarylink" not in str(answer.headers) + answer.get_data(as_text=True)
    assert "平台没有存放其文件" in _get(app, url, **editor).get_data(as_text=True)


def test_another_datasets_id_does_not_open_a_resource(app, desk):
    resource = _upload(app, desk, "数据.csv")
    assert _get(app, f"/dataset/other/resource/{resource['id']}/download").status_code == 404
