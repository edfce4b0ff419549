"""A conditional dataset, everybody around it, and an application on its way. Names and codes are made up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ckan.tests import factories
from ckan.tests.helpers import call_action
from integration.making import COMPLETE, acting, create, department, internal, member, publish

ANSWERS = {
    "subject_kind": "legal_entity",
    "subject_name": "示例停车科技公司",
    "subject_uscc": "1141160000593120X0",
    "scenario": "停车诱导场景金丝雀",
    "purpose": "公众查询空余泊位",
    "scope": "示例市范围内",
    "capability": "两名工程师",
    "safeguards": "加密存储，到期销毁",
}
REFUSAL = {"reason": "依法不予开放", "reason_class": "law", "basis": "示例条例第一条"}


@dataclass
class World:
    """A conditional dataset and everybody around it."""

    people: dict[str, dict[str, Any]]
    dataset: dict[str, Any]

    def as_(self, who: str, action: str, **data: Any) -> Any:
        if who == "anonymous":
            return call_action(action, {"user": "", "ignore_auth": False}, **data)
        return call_action(action, acting(self.people[who]), **data)

    def apply(self, who: str = "applicant", **change: Any) -> dict[str, Any]:
        from ckanext.govcn.application import steps

        until = (steps.today() + timedelta(days=365)).isoformat()
        data = {"dataset_id": self.dataset["id"], **ANSWERS, "use_until": until, **change}
        return self.as_(who, "govcn_application_create", **data)

    def submit(self, application: dict[str, Any], who: str = "applicant") -> dict[str, Any]:
        accepted = application["texts"]["commitment"]["sha256"]
        return self.as_(who, "govcn_application_submit", id=application["id"], commitment=accepted)

    def act(self, who: str, application: dict[str, Any], event: str, **given: Any) -> dict[str, Any]:
        return self.as_(who, "govcn_application_act", id=application["id"], event=event, **given)

    def until(self, state: str) -> dict[str, Any]:
        """An application that went the straight way to `state`."""
        application = self.submit(self.apply())
        if state == "formal_review":
            return application
        application = self.act("bureau", application, "pass")
        if state == "owner_review":
            return application
        application = self.act("owner", application, "approve")
        if state == "agreement":
            return application
        return self.act("applicant", application, "sign", agreement=application["agreement_sha256"])


def world_of_applications() -> World:
    """Everybody, each with one part, and the dataset."""
    owner, other = department(), department()
    office = department(name="data-bureau", title="示例数据局")
    people = {
        "applicant": factories.User(),
        "stranger": factories.User(),
        "owner": member(owner, "editor"),
        "second": member(owner, "admin"),
        "viewer": member(owner, "member"),
        "other": member(other, "admin"),
        "bureau": member(office, "editor"),
        "colleague": member(office, "editor"),
        "sysadmin": factories.Sysadmin(),
    }
    fields = COMPLETE | {"open_type": "conditional", "open_condition": "说明用途", "owner_org": owner["id"]}
    return World(people, publish(create(internal(), **fields), "conditional"))
