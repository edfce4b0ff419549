"""The unverified may draft, not submit: by the API and on the page. Everybody is made up."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from contracts.identity_provider import IdentityProvider
from integration.application.applying import World, world_of_applications
from integration.identity.conftest import Browser

pytestmark = pytest.mark.usefixtures("clean")
NewBrowser = Callable[..., Browser]


@pytest.fixture
def world(clean: None) -> World:
    return world_of_applications()


def refusals() -> list[dict[str, Any]]:
    query = sa.text("SELECT event FROM govcn_audit WHERE event->>'outcome' = 'refused' ORDER BY number")
    found = [
        event if isinstance(event, dict) else json.loads(event) for event in model.Session.execute(query).scalars()
    ]
    model.Session.rollback()
    return found


def test_nothing_is_asked_without_a_provider(world: World, configured: Callable[[Any], None]) -> None:
    assert world.submit(world.apply())["state"] == "formal_review"


def test_the_unverified_may_draft_not_submit(world: World, provider: IdentityProvider, new_browser: NewBrowser) -> None:
    draft = world.apply()
    before = len(refusals())
    with pytest.raises(tk.ValidationError) as refused:
        world.submit(draft)
    assert "核验身份" in refused.value.error_dict["identity"][0]
    assert world.as_("applicant", "govcn_application_show", id=draft["id"])["state"] == "draft"
    assert [each["detail"]["rule"] for each in refusals()[before:]] == ["identity"]
    visitor = new_browser(world.people["applicant"])
    page = visitor.client.get(f"/govcn/applications/{draft['id']}/edit").body
    assert "/govcn/identity/oidc/bind?came_from=" in page
    answer = visitor.bind("oidc", f"/govcn/applications/{draft['id']}/edit")
    assert answer.headers["Location"].endswith("/edit")
    assert "/govcn/identity/oidc/bind" not in visitor.client.get(answer.headers["Location"]).body
    assert world.submit(draft)["state"] == "formal_review"


def test_the_level_has_to_be_reached(
    world: World,
    provider: IdentityProvider,
    new_browser: NewBrowser,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ckan_config, "ckanext.govcn.application.identity_trust", "strong")
    draft, visitor = world.apply(), new_browser(world.people["applicant"])
    for level, said in (("2", "实名核验"), ("9", "未认证")):
        provider.person |= {"auth_level": level}
        visitor.bind("oidc")
        with pytest.raises(tk.ValidationError) as refused:
            world.submit(draft)
        assert "人脸核验" in refused.value.error_dict["identity"][0]
        assert said in refused.value.error_dict["identity"][0]
    provider.person |= {"auth_level": "3"}
    visitor.bind("oidc")
    assert world.submit(draft)["state"] == "formal_review"


def test_what_the_operator_may_say(
    world: World, provider: IdentityProvider, ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch,
    configured: Callable[[Any], None],
) -> None:  # fmt: skip
    monkeypatch.setitem(ckan_config, "ckanext.govcn.application.identity", "off")
    draft = world.apply()
    assert world.submit(draft)["state"] == "formal_review"
    monkeypatch.setitem(ckan_config, "ckanext.govcn.application.identity", "required")
    configured("")
    with pytest.raises(tk.ValidationError):
        world.submit(world.apply())
    monkeypatch.setitem(ckan_config, "ckanext.govcn.application.identity", "auto")
    configured("providers: [")  # a file that cannot be read lets nobody through
    with pytest.raises(tk.ValidationError):
        world.submit(world.as_("applicant", "govcn_application_show", id=_last_draft(world)))


def _last_draft(world: World) -> str:
    return world.as_("applicant", "govcn_application_list", which="mine", state="draft")["results"][0]["id"]


def test_the_page_says_what_to_do(world: World, provider: IdentityProvider, new_browser: NewBrowser) -> None:
    visitor = new_browser(world.people["applicant"])
    page = visitor.client.get(f"/govcn/applications/new?dataset={world.dataset['name']}")
    assert page.status_code == 200
    assert "核验身份" in page.body
    english = visitor.client.get(f"/en/govcn/applications/new?dataset={world.dataset['name']}").body
    assert "Verify your identity" in english
    assert "示例省认证 (en)" in english
