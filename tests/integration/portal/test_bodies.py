"""Every body has a limit of the application's own, whatever stands in front of it; the larger ones are for accounts."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

SMALL, UPLOAD = 4_000, 3 << 20
pytestmark = [
    pytest.mark.usefixtures("clean"),
    pytest.mark.ckan_config("ckanext.govcn.portal.body_size", SMALL),
    pytest.mark.ckan_config("ckanext.govcn.harvest.upload_size", UPLOAD),
    pytest.mark.ckan_config("ckan.max_resource_size", 8),
]


def send(app: Any, path: str, size: int, token: str = "", **more: Any) -> Any:
    file = (io.BytesIO(b"x" * size), "a.csv")
    headers = {"Authorization": token} if token else {}
    return app.post(path, data={"upload": file, **more}, headers=headers, status=None, follow_redirects=False)


@pytest.fixture
def editor() -> dict[str, Any]:
    from ckan.tests import factories

    user = factories.UserWithToken()
    owner = factories.Organization(users=[{"name": user["name"], "capacity": "editor"}])
    return {"token": user["token"], "department": owner["name"]}


def test_what_holds_no_file(app: Any, editor: dict[str, Any]) -> None:
    path = "/api/3/action/package_search"
    headers = {"Authorization": editor["token"], "Content-Type": "application/json"}
    small = app.post(path, data=json.dumps({"q": "x"}), headers=headers)
    assert small.status_code == 200
    large = app.post(path, data=json.dumps({"q": "x" * SMALL}), headers=headers, status=None)
    assert large.status_code == 413
    assert "上限" in json.loads(large.body)["error"]["message"]


def test_nobody_without_an_account_sends_files(app: Any) -> None:
    for path in ("/api/3/action/govcn_harvest_upload_create", "/dataset/new", "/user/login"):
        assert send(app, path, 2 * SMALL).status_code == 413, path


def test_a_workbook_and_a_resource_have_their_own(app: Any, editor: dict[str, Any]) -> None:
    token, department = editor["token"], editor["department"]
    action, page = "/api/3/action/govcn_harvest_upload_create", f"/harvest/upload/{department}"
    for path in (action, page):
        assert send(app, path, UPLOAD // 2, token, department=department).status_code in (200, 302), path
        assert send(app, path, UPLOAD + (2 << 20), token, department=department).status_code == 413, path
    resource = "/api/3/action/resource_create"
    assert send(app, resource, UPLOAD + (2 << 20), token, package_id="none").status_code == 404
    assert send(app, resource, 10 << 20, token, package_id="none").status_code == 413


def test_a_body_of_unknown_length_ends_at_the_limit(app: Any) -> None:
    """Sent in chunks, there is no Content-Length to look at."""
    boundary = "b"
    part = f'--{boundary}\r\nContent-Disposition: form-data; name="upload"; filename="a.csv"\r\n\r\n'
    body = part.encode() + b"x" * (4 * SMALL) + f"\r\n--{boundary}--\r\n".encode()
    answer = app.post(
        "/user/login",
        input_stream=io.BytesIO(body),
        content_type=f"multipart/form-data; boundary={boundary}",
        environ_overrides={"wsgi.input_terminated": True},
        status=None,
    )
    assert answer.status_code == 413
