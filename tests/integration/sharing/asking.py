"""Two departments, the bureau, and entries to ask for. Names and codes are made up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ckan.tests import factories
from ckan.tests.helpers import call_action
from integration.making import COMPLETE, acting, call, create, department, internal, member, publish

ANSWERS = {
    "basis": "《示例条例》第三条使用依据金丝雀", "scenario": "窗口核验", "scope": "本部门窗口", "method": "api", "use_until": "2031-12-31",
}  # fmt: skip
REFUSAL = {"reason": "依法不予共享", "reason_class": "not_shared", "basis": "《示例法》第五条"}


class Made(dict[str, dict[str, Any]]):
    """What is made when it is first asked for."""

    def __init__(self, make: Callable[[str], dict[str, Any]]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, name: str) -> dict[str, Any]:
        self[name] = self._make(name)
        return self[name]


@dataclass
class World:
    """Everybody, each with one part; `conditional` is 有条件共享."""

    people: Made
    departments: Made
    conditional: dict[str, Any]

    @property
    def closed(self) -> dict[str, Any]:
        """An entry that is 不予共享."""
        change = {"title": "示例不予共享数据", "share_type": "3", "share_basis": "《示例法》第五条"}
        return entry(self.departments["providing"], **change)

    def as_(self, who: str, action: str, **data: Any) -> Any:
        context = acting(self.people[who]) if who != "anonymous" else {"user": "", "ignore_auth": False}
        return call_action(action, context, **data)

    def ask(self, who: str = "asking", **change: Any) -> dict[str, Any]:
        return self.as_(who, "govcn_sharing_create", **{"dataset_id": self.conditional["id"], **ANSWERS, **change})

    def in_words(self) -> dict[str, Any]:
        words = {"dataset_id": "", "title": "目录外的数据", "provider": self.departments["providing"]["name"]}
        return self.act("asking", self.ask(**words), "submit")

    def act(self, who: str, request: dict[str, Any], event: str, **given: Any) -> dict[str, Any]:
        return self.as_(who, "govcn_sharing_act", id=request["id"], event=event, **given)

    def show(self, who: str, request: dict[str, Any]) -> dict[str, Any]:
        return self.as_(who, "govcn_sharing_show", id=request["id"])

    def token(self, who: str) -> dict[str, str]:
        return {"Authorization": call("api_token_create", user=self.people[who]["name"], name="t")["token"]}


def entry(provider: dict[str, Any], **change: Any) -> dict[str, Any]:
    """A published entry that is not open."""
    owned = COMPLETE | {"owner_org": provider["id"], "open_type": "none", "open_basis": "《示例法》第五条"}
    return publish(create(internal(), **owned | change), "none")


def world_of_sharing() -> World:
    """Departments that the bureau confirmed, but for one; a clerk of each, by its name; and the others."""

    def organization(name: str) -> dict[str, Any]:
        made = department(**({"name": "data-bureau", "title": "示例数据局"} if name == "bureau" else {}))
        if name != "unconfirmed":
            call("govcn_department_confirm", id=made["id"])
        return made

    def person(name: str) -> dict[str, Any]:
        if name == "sysadmin":
            return factories.Sysadmin()
        if name == "stranger":
            return factories.User()
        if name == "viewer":
            return member(departments["providing"], "member")
        if name == "both":
            both = member(departments["asking"])
            providing = departments["providing"]["id"]
            call("organization_member_create", id=providing, username=both["name"], role="admin")
            return both
        return member(departments[name])

    departments = Made(organization)
    return World(Made(person), departments, entry(departments["providing"], share_type="2", share_condition="窗口核验"))
