"""What a harvest tells people, and when it keeps quiet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from harvest.test_harvest import Department, make_department, row

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def department(tmp_path: Path) -> Department:
    make_department("示例市交通运输局")
    return Department(tmp_path / "source")


def told() -> list[tuple[str, str]]:
    """(kind, title) of all notices, oldest first."""
    from ckan import model
    from sqlalchemy import text

    rows = model.Session.execute(text("SELECT kind, title_zh FROM govcn_notice ORDER BY id")).all()
    return [(kind, title) for kind, title in rows]


def test_refused_records_are_told_once_until_their_number_changes(department: Department) -> None:
    wrong = row("2", "")
    department.harvest(row("1", "停车场"), wrong)
    department.harvest(row("1", "停车场"), wrong)
    assert told() == [("harvest_refused", "“laiyuan”有 1 条记录被退回")]
    department.harvest(row("1", "停车场"), wrong, row("3", ""))
    assert told()[-1] == ("harvest_refused", "“laiyuan”有 2 条记录被退回")


def test_a_plan_that_waits_and_opens_goes_to_the_bureau_too(department: Department) -> None:
    department.harvest(row("1", "停车场", 开放类型="不予开放"))
    assert told() == []
    report: Any = department.harvest(row("1", "停车场"))
    assert report.counts.waiting == 1
    assert [kind for kind, _ in told()] == ["harvest_plan_waiting", "harvest_more_open"]


@pytest.mark.ckan_config("ckanext.govcn.bureau", "the-bureau")
def test_the_bureau_is_told_what_a_department_without_clerks_cannot_read(tmp_path: Path) -> None:
    from ckan.tests import factories
    from ckan.tests.helpers import call_action

    officer, clerk = factories.User(), factories.User()
    factories.Organization(name="the-bureau", users=[{"name": officer["name"], "capacity": "editor"}])
    owner = make_department("示例市交通运输局")
    department = Department(tmp_path / "source")

    def received() -> list[int]:
        asked = [{"user": each["name"], "ignore_auth": False} for each in (officer, clerk)]
        return [call_action("govcn_notice_list", context)["count"] for context in asked]

    department.harvest(row("1", "停车场"), row("2", ""))
    assert received() == [1, 0]
    call_action("organization_member_create", id=owner, username=clerk["name"], role="editor")
    department.harvest(row("1", "停车场"), row("2", ""), row("3", ""))
    assert received() == [1, 1]


def test_a_source_that_failed_three_times_is_told_once_until_it_succeeds(department: Department) -> None:
    from ckan import model

    from harvesters import registry
    from harvesters.exceptions import SourceUnreachable

    department.harvest(row("1", "停车场"))

    def fails(times: int) -> None:
        for _ in range(times):
            registry.done(department.name, SourceUnreachable("https://inside.example.gov.cn/a", "连接失败"))
            model.Session.commit()

    fails(4)
    assert told() == [("harvest_failing", "“laiyuan”已连续 3 次归集失败")]
    department.harvest(row("1", "停车场"))
    fails(3)
    assert len(told()) == 2
