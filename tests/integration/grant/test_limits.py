"""额度 and 频次 on the real portal: exact whoever asks at once, told in headers, and never a way to more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from .test_grants import CONTENT, Desk, noted

pytestmark = pytest.mark.access


@pytest.fixture
def desk(clean, app):
    return Desk(app)


def test_a_quota_is_told_kept_and_over(desk):
    desk.give(quota=2)
    with noted() as events:
        answers = [desk.get("grantee") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert answers[2].headers["Retry-After"] == answers[2].headers["RateLimit-Reset"]
    assert answers[2].headers["Cache-Control"] == "private, no-store"
    assert CONTENT not in answers[2].get_data()
    assert "2" in answers[2].get_data(as_text=True)
    assert [event["outcome"] for event in events] == ["granted", "granted", "quota"]
    assert [event["bytes"] for event in events] == [len(CONTENT), len(CONTENT), 0]
    shown = desk.ask("grantee", "govcn_grant_list")["results"][0]
    assert (shown["quota"], shown["usage"]["downloads"], shown["usage"]["remaining"]) == (2, 2, 0)


def test_parts_count_and_what_carries_no_data_does_not(desk):
    desk.give(quota=2)
    etag = desk.get("grantee", method="HEAD").headers["ETag"]
    path = f"/dataset/{desk.dataset['id']}/resource/{desk.file['id']}/download"
    headers = {"Authorization": desk.people["grantee"]["token"]}
    assert desk.app.client.get(path, headers=headers | {"If-None-Match": etag}).status_code == 304
    for first, status in ((0, 206), (5, 206), (10, 429)):
        assert desk.app.client.get(path, headers=headers | {"Range": f"bytes={first}-"}).status_code == status


def test_keys_and_the_account_share_a_limit(desk):
    grant = desk.give(quota=2)
    keys = [desk.ask("grantee", "govcn_grant_key_create", id=grant["id"])["key"] for _ in range(2)]
    assert [desk.get(key=key).status_code for key in keys] == [200, 200]
    assert desk.get("grantee").status_code == 429
    assert desk.get("editor").status_code == 200, "the department's own people have no grant and no limit"


def test_a_rate_is_over_after_a_minute(desk):
    from ckan import model
    from ckanext.govcn.grant.model import GrantUse

    desk.give(rate=1)
    assert desk.get("grantee").status_code == 200
    refused = desk.get("grantee")
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    model.Session.execute(sa.update(GrantUse).values(at=GrantUse.at - timedelta(seconds=61)))
    model.Session.commit()
    assert desk.get("grantee").status_code == 200


def test_another_grant_serves_when_one_is_used_up(desk):
    desk.give(quota=1)
    desk.give(quota=1)
    assert [desk.get("grantee").status_code for _ in range(3)] == [200, 200, 429]


def test_a_closed_dataset_is_refused_before_anything_is_counted(desk):
    from ckan.tests.helpers import call_action

    desk.give(quota=1)
    call_action("package_patch", context=desk.context, id=desk.dataset["id"], open_type="none", not_open_basis="示例")
    assert desk.get("grantee").status_code in (403, 404)
    call_action("package_patch", context=desk.context, id=desk.dataset["id"], open_type="conditional")
    assert desk.get("grantee").status_code == 200


@pytest.mark.parametrize(("limit", "of"), [("quota", 40), ("rate", 40)])
def test_fifty_at_once_get_exactly_what_is_allowed(desk, limit, of):
    from ckanext.govcn.grant import usage

    grant = desk.give(**{limit: of})
    with ThreadPoolExecutor(50) as clients:
        verdicts = list(clients.map(lambda _: usage.take(grant["id"], desk.file["id"], desk.sha256), range(200)))
    assert sum(verdict.allowed for verdict in verdicts) == of
    assert {verdict.code for verdict in verdicts} == {"allowed", limit}


@pytest.mark.parametrize(("field", "value"), [("quota", 0), ("rate", "x"), ("quota_period", "week")])
def test_what_a_grant_cannot_say(desk, field, value):
    assert field in desk.give(status=409, **{field: value})
