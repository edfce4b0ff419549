"""What an attacker tried: whether an entry exists, where it comes from, what departments' admins and editors may undo."""

from __future__ import annotations

import json

import access_canary as canary
import pytest

pytestmark = pytest.mark.access

PAGE = "https://data.example/canarypage/view?id=AB1234567"
NUL = {"title": "停\x00车场"}, {"notes": "半个字\ud800"}, {"items": [{"name": "a\x00", "data_type": "C"}]}


def _call(app, token, action, body):
    answer = app.post(f"/api/3/action/{action}", json=body, headers={"Authorization": token} if token else {})
    return answer.status_code, json.loads(answer.body)


HIDDEN_FROM = ("anonymous", "stranger", "department")
ASKED = [
    ("package_show", "id"), ("package_patch", "id"), ("package_update", "id"), ("package_delete", "id"),
    ("resource_create", "package_id"), ("dataset_follower_count", "id"), ("package_activity_list", "id"),
    ("govcn_dataset_check", "id"), ("govcn_code_assign", "id"), ("govcn_submit", "id"), ("govcn_approve", "id"),
    ("govcn_editorial_log", "id"), ("package_resource_reorder", "id"),
]  # fmt: skip


@pytest.mark.with_plugins("text_view")
def test_a_hidden_entry_answers_as_one_that_does_not_exist(world, app):
    hidden = next(d for d in world.datasets if d.level == "none")
    more = {"categories": ["209"], "order": [], "url": "https://data.example/x"}
    told = {}
    for person in HIDDEN_FROM:
        for action, key in ASKED:
            token = world.tokens.get(person)
            asked = _call(app, token, action, {key: hidden.name, **more})
            unknown = _call(app, token, action, {key: "r-30799999999999-000001", **more})
            if asked != unknown or hidden.id in str(asked):
                told[person, action] = (asked, unknown)
    assert not told
    for part in ("", "activity/", "followers/", "resources/", "delete/", "edit/"):
        assert app.get(f"/dataset/{part}{hidden.name}").status_code == 404, part
    assert app.get(f"/dataset/{hidden.name}/resource/new").status_code == 404
    assert app.get("/dataset/nothing/resource/new").status_code == 404


@pytest.mark.with_plugins("text_view")
def test_what_a_stranger_follows_and_whom_he_knows(world, app):
    """Core shows followed datasets from the tables, and every account to everybody who is logged in."""
    from ckan import model

    closed = next(d for d in world.datasets if d.level == "closed")
    opened = next(d for d in world.datasets if d.level == "open")
    name, stranger = world.users["stranger"], world.tokens["stranger"]
    for dataset in (closed, opened):
        model.Session.add(model.UserFollowingDataset(model.User.get(name).id, dataset.id))
    model.Session.commit()
    status, answer = _call(app, stranger, "dataset_followee_list", {"id": name})
    assert (status, [d["id"] for d in answer["result"]]) == (200, [opened.id])
    for action, body in (("user_list", {}), ("user_autocomplete", {"q": "test"}), ("user_show", {"id": "nobody"}),
                         ("user_show", {"id": world.users["editor"]})):  # fmt: skip
        assert _call(app, stranger, action, body)[0] == 403
    assert _call(app, stranger, "user_show", {"id": name})[0] == 200


@pytest.fixture
def desk(clean):
    """A department with an editor and an admin, another one with an editor, and a published dataset of the first."""
    from ckan.tests import factories
    from ckan.tests.helpers import call_action

    people = {name: factories.UserWithToken() for name in ("editor", "admin", "other")}
    site = factories.SysadminWithToken()
    users = {people["editor"]["name"]: "editor", people["admin"]["name"]: "admin"}
    owner = canary.organization(site["name"], "owner", "示例市交通运输局", users, confirmed=True)
    other = {people["other"]["name"]: "admin"}
    other = canary.organization(site["name"], "other", "示例市统计局", other, confirmed=True)
    dataset = call_action(
        "package_create", context=canary.internal(site["name"]), title="停车场", notes="为检验而造的数据集", url=PAGE,
        owner_org=owner, open_type="conditional", open_condition="说明用途", catalog_status="published", share_type="1",
    )  # fmt: skip
    tokens = {name: person["token"] for name, person in people.items()} | {"site": site["token"], "anonymous": ""}
    return {"dataset": dataset["id"], "owner": owner, "other": other, "tokens": tokens, "site": site["name"]}


def _source_page(app, desk, person):
    return _call(app, desk["tokens"][person], "package_show", {"id": desk["dataset"]})[1]["result"]["url"]


def _everywhere(app, desk, person):
    asked = [
        ("package_show", {"id": desk["dataset"]}),
        ("package_show", {"id": desk["dataset"], "use_default_schema": True}),
        ("package_search", {"fl": "id,validated_data_dict,data_dict,identifiers"}),
        ("package_search", {"q": "AB1234567"}),
        ("package_activity_list", {"id": desk["dataset"]}),
        ("package_activity_list", {"id": desk["dataset"], "include_data": True}),
        ("current_package_list_with_resources", {}),
    ]
    bodies = [str(_call(app, desk["tokens"][person], *each)[1]) for each in asked]
    header = {"Authorization": desk["tokens"][person]} if desk["tokens"][person] else {}
    pages = [f"/dataset/{desk['dataset']}", "/dataset/", f"/dataset/activity/{desk['dataset']}", "/feeds/dataset.atom"]
    return "".join(bodies + [app.get(page, headers=header).body for page in pages])


def test_the_source_page_of_what_is_not_open_is_the_members(desk, app):
    for person in ("anonymous", "other", "site"):
        found = _everywhere(app, desk, person)
        assert "canarypage" not in found
        assert "'count': 1" not in str(_call(app, desk["tokens"][person], "package_search", {"q": "AB1234567"})[1])
    assert _source_page(app, desk, "editor") == PAGE


def test_the_source_page_survives_the_writes_of_who_does_not_see_it(desk, app):
    for body in ({"notes": "第二版的摘要，仍然为检验"}, {"url": "", "notes": "第三版的摘要，仍然为检验"}):
        status, answer = _call(app, desk["tokens"]["site"], "package_patch", {"id": desk["dataset"], **body})
        assert status == 200, answer
        assert _source_page(app, desk, "editor") == PAGE
    _call(app, desk["tokens"]["editor"], "package_patch", {"id": desk["dataset"], "url": ""})
    assert not _source_page(app, desk, "editor")


def test_opening_shows_the_source_page_and_closing_hides_it_again(desk, app):
    import sqlalchemy as sa
    from ckan import model
    from ckan.tests.helpers import call_action

    opened = {"open_type": "unconditional", "access_mode": "anonymous"}
    call_action("package_patch", context=canary.internal(desk["site"]), id=desk["dataset"], **opened)
    assert _source_page(app, desk, "anonymous") == PAGE
    closed = {"open_type": "conditional", "access_mode": ""}
    call_action("package_patch", context=canary.internal(desk["site"]), id=desk["dataset"], **closed)
    assert "canarypage" not in _everywhere(app, desk, "anonymous")
    held = model.Session.scalars(sa.text("SELECT data FROM activity WHERE data LIKE '%canarypage%'")).all()
    assert held == []


def test_an_editor_does_not_make_a_published_dataset_vanish(desk, app):
    for state in ("draft", "deleted"):
        status, _ = _call(app, desk["tokens"]["editor"], "package_patch", {"id": desk["dataset"], "state": state})
        assert status == 409
    assert _call(app, "", "package_show", {"id": desk["dataset"]})[0] == 200


def test_a_departments_admin_does_not_delete_the_department(desk, app):
    status, _ = _call(app, desk["tokens"]["admin"], "organization_patch", {"id": desk["owner"], "state": "deleted"})
    assert status == 409
    status, _ = _call(app, desk["tokens"]["admin"], "organization_patch", {"id": desk["owner"], "description": "简介"})
    assert status == 200


def test_nobody_takes_another_departments_dataset_into_a_group(desk, app):
    body = {"id": desk["other"], "object": desk["dataset"], "object_type": "package", "capacity": "public"}
    for action in ("member_create", "member_delete"):
        assert _call(app, desk["tokens"]["other"], action, body)[0] == 403


def test_characters_that_cannot_be_stored_are_refused(desk, app):
    header = {"Authorization": desk["tokens"]["editor"], "Content-Type": "application/json"}
    for fields in NUL:
        body = json.dumps({"id": desk["dataset"], **fields})
        answer = app.post("/api/3/action/package_patch", data=body, headers=header)
        assert answer.status_code == 409, answer.body


def test_a_query_that_cannot_be_read_tells_nothing_of_the_inside(clean, app):
    queries = ("?organization=%22%29", "?page=999999999999", "?q=title:%5B1")
    for path in (*(f"/dataset/{q}" for q in queries), "/api/3/action/package_search?start=99999999999999"):
        body = app.get(path).body
        assert "permission_labels" not in body
        assert "SOLR" not in body


def test_tags_are_not_required(desk, app):
    for tags in ({}, {"tags": []}):
        body = {"title": "无标签的数据集", "owner_org": desk["owner"], **tags}
        assert _call(app, desk["tokens"]["editor"], "package_create", body)[0] == 200
