"""Numbers of applications: for those who decide all of them, for everybody none that tells of anybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ckan.plugins import toolkit as tk
from ckanext.govcn.application import figures
from freezegun import freeze_time
from integration.application.applying import REFUSAL, World
from integration.making import call

TRANSPARENCY, STATISTICS = "govcn_application_transparency_show", "govcn_application_statistics_show"


def test_reviewers_read_all_numbers_and_everybody_what_may_be_told(world: World, app: Any) -> None:
    figures.public.forget()
    world.until("in_use")
    assert world.as_("anonymous", TRANSPARENCY)["total"] is None
    assert "暂不公布" in app.get("/govcn/transparency").get_data(as_text=True)
    for _ in range(2):
        world.act("owner", world.until("owner_review"), "refuse", **REFUSAL)
    world.until("formal_review")
    figures.public.forget()
    found = world.as_("anonymous", TRANSPARENCY)
    assert (found["least"], found["total"]["received"], found["total"]["median_days"]) == (3, None, 0.0)
    assert [found["total"][name] for name in ("approved", "refused", "withdrawn", "waiting")] == [
        None,
        None,
        None,
        None,
    ]
    page = app.get("/govcn/transparency").get_data(as_text=True)
    assert "工作日" in page
    assert "示例停车科技公司" not in page
    assert world.as_("bureau", STATISTICS)["overdue"] == 0
    for who in ("owner", "bureau"):
        token = call("api_token_create", user=world.people[who]["name"], name="t")["token"]
        with freeze_time(datetime.now(UTC) + timedelta(days=60)):
            told = world.as_(who, STATISTICS)
            assert (told["overdue"], told["states"]) == (1, {"in_use": 1, "refused": 2, "formal_review": 1})
            [row] = told["departments"]
            assert [row[name] for name in ("received", "approved", "refused", "waiting", "overdue")] == [4, 1, 2, 1, 1]
            assert world.as_(who, "govcn_application_list", which="overdue")["count"] == 1
        for path in ("/govcn/applications/statistics", "/govcn/applications?which=overdue"):
            assert app.get(path, headers={"Authorization": token}).status_code == 200
    for who in ("applicant", "stranger", "other", "sysadmin"):
        assert world.as_(who, STATISTICS)["departments"] == []
        assert world.as_(who, "govcn_application_list", which="overdue")["count"] == 0
    with pytest.raises(tk.NotAuthorized):
        world.as_("anonymous", STATISTICS)
