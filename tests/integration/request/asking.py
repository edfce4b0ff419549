"""Public, conditional and closed datasets, everybody around them, and a demand on its way. Names are made up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ckan.tests import factories
from ckan.tests.helpers import call_action
from integration.making import COMPLETE, acting, create, department, internal, member, publish

DEMAND = {
    "title": "公共厕所金丝雀",
    "scenario": "便民地图场景金丝雀",
    "items": "名称、地址、开放时间",
    "update_cycle": "7",
}
ERROR = {"error_kind": "data", "text": "第 12 行泊位数金丝雀有误"}
PUBLIC_TITLE = "公共厕所位置和开放时间"
REFUSAL = {"reason": "说明金丝雀", "reason_class": "law", "basis": "示例条例第一条"}


@dataclass
class World:
    """The datasets by level, the departments, and the people."""

    people: dict[str, dict[str, Any]]
    datasets: dict[str, dict[str, Any]]
    owner: dict[str, Any]
    other: dict[str, Any]

    def as_(self, who: str, action: str, **data: Any) -> Any:
        if who == "anonymous":
            return call_action(action, {"user": "", "ignore_auth": False}, **data)
        return call_action(action, acting(self.people[who]), **data)

    def act(self, who: str, request: dict[str, Any], event: str, **given: Any) -> dict[str, Any]:
        return self.as_(who, "govcn_request_act", id=request["id"], event=event, **given)

    def draft(self, who: str = "asker", **change: Any) -> dict[str, Any]:
        return self.as_(who, "govcn_request_create", kind="demand", **{**DEMAND, **change})

    def report(self, who: str = "asker", dataset: str = "unconditional", **change: Any) -> dict[str, Any]:
        chosen = self.datasets[dataset]["id"]
        return self.as_(who, "govcn_request_create", kind="correction", dataset_id=chosen, **{**ERROR, **change})

    def demand(self, state: str = "received") -> dict[str, Any]:
        """A demand that went the straight way to `state`."""
        request = self.draft()
        request = self.act("asker", request, "submit")
        if state == "received":
            return request
        request = self.act("bureau", request, "assign", department=self.owner["id"], public_title=PUBLIC_TITLE)
        return request if state == "assigned" else self.act("owner", request, "refuse", **REFUSAL)


def world_of_requests() -> World:
    """Everybody, each with one part."""
    owner, other = department(), department()
    office = department(name="data-bureau", title="示例数据局")
    people = {
        "asker": factories.User(),
        "stranger": factories.User(),
        "owner": member(owner, "editor"),
        "viewer": member(owner, "member"),
        "other": member(other, "admin"),
        "bureau": member(office, "editor"),
        "sysadmin": factories.Sysadmin(),
    }
    datasets = {
        level: publish(
            create(
                internal(), **COMPLETE | {"open_type": level, "open_condition": "说明用途", "owner_org": owner["id"]}
            ),
            level,
        )
        for level in ("unconditional", "conditional")
    }
    closed = COMPLETE | {
        "open_type": "none",
        "none_reason": "依法不予开放",
        "owner_org": owner["id"],
        "title": "不予开放金丝雀",
    }
    datasets["none"] = publish(create(internal(), **closed), "none")
    return World(people, datasets, owner, other)
